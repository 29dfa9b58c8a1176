//! `cargo xtask check`: format, tidy, clippy and rustdoc. The developer's quick check: nothing is linked or run, and
//! once warm it takes seconds. `test` lints in its own way, see [`crate::lint`].
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
    sources(&mut steps);
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
    steps.step("doc", || {
        succeed(cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
    });
    eprint!("{}", steps.summary());
    Ok(steps.exit_code())
}

/// Adds the checks that compile nothing.
pub(crate) fn sources(steps: &mut Steps) {
    steps.step("format", || {
        succeed(&mut cargo(["fmt", "--all", "--check"]))
    });
    steps.step("tidy", tidy::tidy);
}
