//! `cargo xtask run`: set up, build, and become the program.
//!
//! Builds exactly what `test` builds first, so neither compiles Bevy again for
//! the other. Writes nothing to standard output itself.

use crate::command::{cargo, root, succeed};
use crate::setup::{self, Goal};
use anyhow::{Context, Result};
use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The build of the program, shared with `test`.
pub(crate) fn build() -> Command {
    cargo(["build", "--package", "soundfall"])
}

/// Sets up, builds, and runs the program with `args`.
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    setup::ensure(Goal::Run)?;
    let mut build = build();
    succeed(&mut build)?;
    let program = target_folder(&build)
        .join("debug")
        .join(format!("soundfall{}", env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    if env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa's device chooser would ask Wayland, which complains about that on stderr.
        command.env("NODEVICE_SELECT", "1");
    }
    become_it(command.args(args)).with_context(|| format!("cannot start {}", program.display()))
}

/// Where that cargo command puts what it builds.
fn target_folder(cargo: &Command) -> PathBuf {
    let redirected = cargo
        .get_envs()
        .find(|(name, _)| *name == "CARGO_TARGET_DIR")
        .and_then(|(_, folder)| folder.map(PathBuf::from));
    // Unless redirected, cargo built us (TARGET/debug/xtask) and the program into one folder.
    redirected
        .or_else(|| {
            env::current_exe()
                .ok()
                .and_then(|exe| exe.ancestors().nth(2).map(PathBuf::from))
        })
        .unwrap_or_else(|| root().join("target"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirected_target_folder_is_followed() {
        let mut command = Command::new("cargo");
        command.env("CARGO_TARGET_DIR", "/c/target");
        assert_eq!(target_folder(&command), PathBuf::from("/c/target"));
    }

    #[test]
    fn otherwise_the_program_lies_beside_xtask() {
        let exe = env::current_exe().unwrap_or_default();
        assert!(exe.starts_with(target_folder(&Command::new("cargo"))));
    }
}
