#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod backend;
pub mod annotate;
pub mod camera;
pub mod clock;
pub mod instruments;
pub mod diagnostics;
pub mod source;
pub mod spectrum;
pub mod view;
pub mod waterfall;
pub mod waveform;
