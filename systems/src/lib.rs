#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod analysis;
pub mod annotate;
pub mod backend;
pub mod bare;
pub mod diagnostics;
pub mod explore;
mod histogram;
pub mod instruments;
pub mod layout;
pub mod stream;
pub mod texels;
pub mod view;
pub mod waterfall;
pub mod waveform;
