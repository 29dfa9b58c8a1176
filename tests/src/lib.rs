#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure of the harness is a failed test"
)]

pub mod figures;
pub mod npy;
pub mod options;
pub mod outcome;
pub mod picture;
pub mod program;
pub mod python;
pub mod recording;
pub mod scene;
pub mod signal_ring;
pub mod soak;
pub mod stress;
pub mod xvfb;

pub use soundfall_test_support::{place, pulse, skip};
