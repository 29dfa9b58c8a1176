#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
//!
//! # Modules
//! | module | duty |
//! |---|---|
//! | [`signal`] | the built-in signals |
//! | [`file`] | decoding of audio files |
//! | [`devices`] | listing and choosing of audio devices |
//! | [`feed`] | the real-time side: conversion, queue, lost frames |
//! | [`pace`] | real-time pacing of files and signals |
//! | [`record`] | recording from a ring into WAV and FLAC files, saving a span |
//!
//! In the browser (wasm32) only [`signal`] and its errors are there.
//!
//! Only [`record`] reads a ring. This crate never analyses or draws anything.

#[cfg(not(target_arch = "wasm32"))]
mod capture;
#[cfg(not(target_arch = "wasm32"))]
mod config;
#[cfg(not(target_arch = "wasm32"))]
mod convert;
#[cfg(not(target_arch = "wasm32"))]
mod device;
#[cfg(not(target_arch = "wasm32"))]
pub mod devices;
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod event;
#[cfg(not(target_arch = "wasm32"))]
pub mod feed;
#[cfg(not(target_arch = "wasm32"))]
pub mod file;
#[cfg(not(target_arch = "wasm32"))]
mod keeper;
mod limits;
#[cfg(not(target_arch = "wasm32"))]
pub mod pace;
#[cfg(not(target_arch = "wasm32"))]
mod player;
#[cfg(not(target_arch = "wasm32"))]
mod prepare;
#[cfg(not(target_arch = "wasm32"))]
mod priority;
#[cfg(not(target_arch = "wasm32"))]
mod producer;
#[cfg(not(target_arch = "wasm32"))]
pub mod record;
pub mod signal;
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
