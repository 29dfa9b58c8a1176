#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure of the harness is a failed test"
)]

pub mod place;
pub mod program;
pub mod pulse;
pub mod python;
pub mod skip;

mod cache;
