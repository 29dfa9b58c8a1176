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
//!
//! This crate never reads a ring back, analyses or draws anything.

mod capture;
mod config;
mod convert;
mod device;
pub mod devices;
mod error;
mod event;
pub mod feed;
pub mod file;
pub mod pace;
mod producer;
pub mod signal;
mod writer;

pub use capture::{Capture, CaptureStats, start};
pub use config::{
    CaptureConfig, MAX_CHANNELS, MAX_RATE, MIN_RATE, SourceSpec, default_block_frames,
};
pub use error::CaptureError;
pub use event::{CaptureEvent, SourceState};
pub use signal::Signal;
