#![doc = include_str!("../README.md")]
#![cfg(target_arch = "wasm32")]
#![forbid(unsafe_code)]

mod copied;
mod create;
mod error;
mod feeder;
mod reader;
mod worker;
