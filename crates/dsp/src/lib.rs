#![doc = include_str!("../README.md")]
//! # Code map
//!
//! | module | duty |
//! |---|---|
//! | [`window`] | the nine windows, periodic |
//! | [`stft`] | samples → columns of dBFS: fast `f32` engine, `f64` reference |
//! | [`level`] | power ↔ decibel, one value or a whole slice |
//! | [`scale`] | frequency ↔ place on an axis, bins → columns of a picture |
//! | [`envelope`] | samples → minimum, maximum, mean square |
//! | [`pyramid`] | both of these at powers of two over time, kept up incrementally |
//! | [`peaks`] | tones between the bins, tracked over time |
//! | [`average`] | exponential averages and held maxima of columns |
//! | [`stereo`] | phase correlation and goniometer points of a pair |
//! | [`coherence`] | what channels have in common with a reference, frequency by frequency |
//! | [`meter`] | peak, RMS, loudness and true peak |
//! | [`instruments`] | all of these that listen to the newest sound, in one engine |
//! | [`colormap`] | 256-entry colour tables |
//! | [`named`] | lists of windows, scales, colormaps, instruments: names and help |
//! | [`note`] | frequency → note name and cents |
//!
//! **Architecture invariant:** nothing here does I/O, keeps a clock, knows a ring or an engine,
//! starts a thread or uses `unsafe`. No function allocates per call unless it returns a `Vec`.
#![forbid(unsafe_code)]

pub mod average;
mod checked;
pub mod coherence;
pub mod colormap;
pub mod envelope;
pub mod instruments;
pub mod level;
pub mod meter;
pub mod named;
pub mod note;
pub mod peaks;
pub mod pyramid;
pub mod rows;
pub mod sample;
pub mod scale;
pub mod stereo;
pub mod stft;
mod vector;
pub mod window;
