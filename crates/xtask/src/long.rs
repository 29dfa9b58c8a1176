//! `cargo xtask soak` and `cargo xtask stress`: the long programs of `tests`, built and started.
//!
//! What they do is theirs; their arguments go to them as they are.

use crate::command::{cargo, shown, succeed, target_folder};
use crate::run;
use crate::setup::{self, Goal};
use anyhow::{Context, Result};
use std::env;
use std::process::{Command, ExitCode};

/// Sets up, builds the program and that of the tests called `name`, and runs it here.
pub(crate) fn long(name: &str, args: &[String]) -> Result<ExitCode> {
    setup::ensure(Goal::Test)?;
    succeed(&mut run::build())?;
    succeed(&mut cargo([
        "build",
        "--package",
        "soundfall-tests",
        "--bin",
        name,
    ]))?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let mut command = Command::new(target_folder().join("debug").join(file));
    command.args(args).env("SOUNDFALL_BIN", run::program());
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(&command)))?;
    let code = status.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
