#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod listen;
pub mod mirror;
pub mod request;

#[cfg(target_arch = "wasm32")]
pub mod create;
#[cfg(target_arch = "wasm32")]
pub mod desk;
#[cfg(target_arch = "wasm32")]
pub mod words;
