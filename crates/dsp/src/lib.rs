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
//! | [`colormap`] | 256-entry colour tables |
//! | [`note`] | frequency → note name and cents |
//!
//! **Architecture invariant:** nothing here does I/O, keeps a clock, knows a ring or an engine,
//! starts a thread or uses `unsafe`. No function allocates per call unless it returns a `Vec`.
#![forbid(unsafe_code)]

pub mod colormap;
pub mod envelope;
pub mod level;
pub mod note;
pub mod pyramid;
pub mod rows;
pub mod sample;
pub mod scale;
pub mod stft;
mod vector;
pub mod window;
