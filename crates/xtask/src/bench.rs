//! `cargo xtask bench`: the benchmarks of the `benches` package.
//!
//! Never asserts on times: numbers are for reading.

use crate::command::{cargo, succeed};
use crate::setup::{self, Goal};
use anyhow::Result;
use std::process::ExitCode;

/// Sets up and runs the benchmarks; `args` go to `cargo bench`.
pub(crate) fn bench(args: &[String]) -> Result<ExitCode> {
    setup::ensure(Goal::Run)?;
    succeed(cargo(["bench", "--package", "soundfall-benches"]).args(args))?;
    Ok(ExitCode::SUCCESS)
}
