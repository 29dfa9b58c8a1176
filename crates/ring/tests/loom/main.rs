//! Models of the protocol: loom runs the crate's own writer and reader over every order of their
//! steps and every stale value that the memory model allows, for rings of a few frames. Never
//! picks at random: a figure is of all executions there are, or of all within the bound it states.
//! With `--ignored` those few follow that take minutes.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p soundfall-ring --test loom --target-dir target/loom -- --nocapture
//! ```
//!
//! Each model runs twice or more: as the code is, where nothing wrong may be accepted, and without
//! one order of memory (`soundfall_ring::sync::Order`), where something wrong *must* be accepted. So
//! each fence is known to be necessary, and each model to see it. What loom cannot show: loads that
//! take values from the future ("load buffering"), which no processor does across these fences.
#![cfg(loom)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod foreign;
mod gaps;
mod harness;
mod header;
mod samples;
