#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
//!
//! # Modules
//! | module | duty |
//! |---|---|
//! | [`signal`] | the built-in signals |
//! | [`mod@file`] | decoding of audio files |
//! | [`devices`] | listing and choosing of audio devices |
//! | [`sample_queue`] | the queue behind a real-time callback: conversion to f32, lost frames |
//! | [`pace`] | real-time pacing of files and signals |
//! | [`SourceManager`] | changes the source of a running display: stops one capture, starts the next |
//! | [`record`] | recording of a capture or a ring into WAV and FLAC files, saving a span |
//!
//! In the browser (wasm32) only [`signal`] and its errors are there.
//!
//! Only [`record`] reads a ring. This crate neither analyses nor draws.
//!
//! # Glossary
//! - *frame*: one sample of every channel. *Absolute* frames are counted from the start of the ring.
//! - *block*: the frames that are written into the ring at once.
//! - *gap*: a span of lost frames; the ring holds zeros there and names it in its gap table.
//! - *overrun* (xrun): sound was lost because its receiver was too slow.

#[cfg(not(target_arch = "wasm32"))]
mod capture;
#[cfg(not(target_arch = "wasm32"))]
mod config;
#[cfg(not(target_arch = "wasm32"))]
mod convert;
#[cfg(not(target_arch = "wasm32"))]
mod device;
#[cfg(not(target_arch = "wasm32"))]
mod device_supervisor;
#[cfg(not(target_arch = "wasm32"))]
pub mod devices;
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod event;
#[cfg(not(target_arch = "wasm32"))]
pub mod file;
mod limits;
#[cfg(not(target_arch = "wasm32"))]
pub mod pace;
#[cfg(not(target_arch = "wasm32"))]
mod paced_source;
#[cfg(not(target_arch = "wasm32"))]
mod player;
#[cfg(not(target_arch = "wasm32"))]
mod prepare;
#[cfg(not(target_arch = "wasm32"))]
mod priority;
#[cfg(not(target_arch = "wasm32"))]
pub mod record;
#[cfg(not(target_arch = "wasm32"))]
mod ring_keeper;
#[cfg(not(target_arch = "wasm32"))]
pub mod sample_queue;
pub mod signal;
#[cfg(not(target_arch = "wasm32"))]
mod source_manager;
#[cfg(not(target_arch = "wasm32"))]
mod writer;

#[cfg(not(target_arch = "wasm32"))]
pub use capture::{Capture, CaptureStats, start};
#[cfg(not(target_arch = "wasm32"))]
pub use config::{CaptureConfig, SourceSpec, default_block_frames};
pub use error::CaptureError;
#[cfg(not(target_arch = "wasm32"))]
pub use event::{CaptureEvent, SourceState, WriterPriority};
pub use limits::{MAX_CHANNELS, MAX_RATE, MIN_RATE};
pub use signal::Signal;
#[cfg(not(target_arch = "wasm32"))]
pub use soundfall_ring_file::RingLoss;
#[cfg(not(target_arch = "wasm32"))]
pub use source_manager::{ManagedSource, ManagerEvent, SourceManager, SwitchError};
