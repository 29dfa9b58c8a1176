//! `cargo xtask docs`: writes the files that are made from the table of settings.
//!
//! The tests that compare these files with the table write them when they are asked to; this
//! command asks.

use crate::command::{cargo, succeed};
use anyhow::Result;
use std::process::ExitCode;

/// Writes them.
pub(crate) fn docs() -> Result<ExitCode> {
    let mut command = cargo([
        "test",
        "--quiet",
        "--package",
        "soundfall-settings",
        "--test",
        "generated",
    ]);
    succeed(command.env("SOUNDFALL_BLESS", "1"))?;
    Ok(ExitCode::SUCCESS)
}
