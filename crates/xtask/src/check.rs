//! `cargo xtask check`: format, tidy and clippy, the part of `test` that runs
//! nothing of the program.
//!
//! Never changes a file.

use crate::command::{cargo, succeed};
use crate::setup::{self, Goal};
use crate::steps::Steps;
use crate::tidy;
use anyhow::Result;
use std::process::ExitCode;

/// Runs the checks by themselves.
pub(crate) fn check() -> Result<ExitCode> {
    let mut steps = Steps::default();
    steps.step("setup", || setup::ensure(Goal::Run));
    all(&mut steps);
    eprint!("{}", steps.summary());
    Ok(steps.exit_code())
}

/// Adds the checks to `steps`, the quick ones first.
pub(crate) fn all(steps: &mut Steps) {
    steps.step("format", || {
        succeed(&mut cargo(["fmt", "--all", "--check"]))
    });
    steps.step("tidy", tidy::tidy);
    steps.step("clippy", || {
        succeed(&mut cargo([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    });
}
