#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure of the harness is a failed test"
)]

pub mod npy;
pub mod outcome;
pub mod picture;
pub mod place;
pub mod program;
pub mod pulse;
pub mod python;
pub mod recording;
pub mod scene;
pub mod signal_ring;
pub mod skip;
pub mod xvfb;
