//! `cargo xtask run`: set up, build, and become the program.
//!
//! Builds exactly what `test` builds first, so neither compiles Bevy again for
//! the other. Writes nothing to standard output itself.

use crate::command::{cargo, succeed, target_folder};
use crate::setup::{self, Goal};
use anyhow::{Context, Result};
use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The build of the program, shared with `test`.
pub(crate) fn build() -> Command {
    cargo(["build", "--package", "soundfall"])
}

/// Where [`build`] puts the program.
pub(crate) fn program() -> PathBuf {
    target_folder()
        .join("debug")
        .join(format!("soundfall{}", env::consts::EXE_SUFFIX))
}

/// Sets up, builds, and runs the program with `args`.
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    setup::ensure(Goal::Run)?;
    succeed(&mut build())?;
    let program = program();
    become_it(Command::new(&program).args(args))
        .with_context(|| format!("cannot start {}", program.display()))
}

#[cfg(unix)]
fn become_it(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
