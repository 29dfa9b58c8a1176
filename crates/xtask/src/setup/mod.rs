//! `cargo xtask setup`: what a fresh machine lacks, for running or for testing.
//!
//! Quick and silent when nothing is missing. Otherwise says what it will install, and asks on a
//! terminal. Never removes a package, never installs anything on a system other than Debian and
//! its relatives, and never asks for a password.

mod apt;
mod consent;
mod elsewhere;
mod packages;
mod plan;
mod pulse;

pub(crate) use consent::YES;

use crate::web::toolchain;
use anyhow::{Context, Result, bail};
use std::process::ExitCode;

/// What the machine is to be made ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Building and running the program.
    Run,
    /// Building the web page.
    Web,
    /// Everything the tests use, the web page's included.
    Test,
}

/// `cargo xtask setup [run|test|web]`.
pub(crate) fn command(args: &[String]) -> Result<ExitCode> {
    let goal = match args {
        [] => Goal::Test,
        [goal] if goal == "test" => Goal::Test,
        [goal] if goal == "run" => Goal::Run,
        [goal] if goal == "web" => Goal::Web,
        _ => bail!("usage: cargo xtask setup [run|test|web]"),
    };
    ensure(goal)?;
    eprintln!("setup: nothing is missing");
    Ok(ExitCode::SUCCESS)
}

/// Installs what is missing for `goal`, or says what to install.
pub(crate) fn ensure(goal: Goal) -> Result<()> {
    if !apt::is_here() {
        return elsewhere::advise(goal);
    }
    let lacks = packages::Lacks::look(goal);
    apt::ensure(&packages::debian(goal, lacks))?;
    if goal == Goal::Test {
        pulse::ensure()?;
    }
    apt::ensure(packages::compiler(lacks)).with_context(|| {
        format!(
            "no Rust for the browser; `rustup target add {}` does as well",
            toolchain::TARGET
        )
    })
}
