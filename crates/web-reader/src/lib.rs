#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod ear;
mod lab;
mod view;

pub use lab::Lab;
pub use view::{ViewError, spectrogram, waveform};

#[cfg(target_arch = "wasm32")]
mod analyst;
#[cfg(target_arch = "wasm32")]
mod copied;
#[cfg(target_arch = "wasm32")]
mod feeder;
#[cfg(target_arch = "wasm32")]
mod reader;
