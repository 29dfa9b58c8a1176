//! What is fuzzed: bytes from anywhere, given to the parsers of the ring's header, of audio files,
//! and of what travels between page and worker. Each check panics where the code under test breaks
//! its word, and never otherwise.
//!
//! The same checks run in three ways: by libFuzzer (`targets/`), over the stored corpus and random
//! mutations of it in an ordinary test (`tests/replay.rs`), and, the ring's alone, in the tests of
//! `crates/ring`.
//!
//! ```text
//! cargo test --manifest-path fuzz/Cargo.toml
//!
//! cd fuzz
//! export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
//!   -Cllvm-args=-sanitizer-coverage-trace-compares"
//! cargo +nightly build --features libfuzzer --target x86_64-unknown-linux-gnu
//! mkdir -p artifacts/header
//! target/x86_64-unknown-linux-gnu/debug/header artifacts/header corpus/header -artifact_prefix=artifacts/ -max_total_time=60
//! ```
//!
//! What is found goes into `artifacts`; an input worth keeping is copied to `corpus` by hand.

pub mod audio;
pub mod header;
pub mod message;
pub mod mutate;
