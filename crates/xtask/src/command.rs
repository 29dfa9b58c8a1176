//! Starting other programs: the workspace root, `cargo` with a clean
//! environment, and the outcome as an error that names the command.
//!
//! Never goes through a shell.

use crate::cache;
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Root folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(&here).to_path_buf()
}

/// `cargo ARGS` in the root, with the target folder of [`cache`] and without the
/// variables that describe xtask itself.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = cargo_of(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(args);
    command
}

/// The same, of another toolchain.
pub(crate) fn cargo_of(program: OsString) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in env::vars_os() {
        if describes_xtask(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    if let Some(cache) = cache::folder() {
        command.env("SOUNDFALL_CACHE", &cache);
        if env::var_os("CARGO_TARGET_DIR").is_none() {
            command.env("CARGO_TARGET_DIR", cache.join("target"));
        }
    }
    command
}

/// Where [`cargo`] puts what it builds.
pub(crate) fn target_folder() -> PathBuf {
    target_folder_of(&cargo([]), env::var_os("CARGO_TARGET_DIR"))
}

fn target_folder_of(cargo: &Command, inherited: Option<OsString>) -> PathBuf {
    let redirected = cargo
        .get_envs()
        .find(|(name, _)| *name == "CARGO_TARGET_DIR")
        .map_or(inherited, |(_, folder)| folder.map(OsString::from))
        .filter(|folder| !folder.is_empty())
        // As cargo, which runs in the root, reads it.
        .map(|folder| root().join(folder));
    // Unless redirected, cargo built us (TARGET/debug/xtask) and the program into one folder.
    redirected
        .or_else(|| {
            env::current_exe()
                .ok()
                .and_then(|exe| exe.ancestors().nth(2).map(PathBuf::from))
        })
        .unwrap_or_else(|| root().join("target"))
}

/// Whether cargo set this variable only to describe the package it runs.
fn describes_xtask(name: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Runs to the end with our own standard streams; an error unless it succeeds.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Standard output of a command that must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}: {}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a quiet command can be started and succeeds.
pub(crate) fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a program of that name is on the path.
pub(crate) fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    command
        .get_args()
        .fold(name, |line, arg| line + " " + &arg.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_holds_the_workspace() {
        assert!(root().join("Cargo.toml").is_file());
        assert!(root().join("crates/xtask").is_dir());
    }

    #[test]
    fn a_redirected_target_folder_is_followed() {
        let mut command = Command::new("cargo");
        assert_eq!(
            target_folder_of(&command, Some("/mine".into())),
            PathBuf::from("/mine")
        );
        assert_eq!(
            target_folder_of(&command, Some("mine".into())),
            root().join("mine")
        );
        command.env("CARGO_TARGET_DIR", "/c/target");
        assert_eq!(
            target_folder_of(&command, Some("/mine".into())),
            PathBuf::from("/c/target")
        );
    }

    #[test]
    fn otherwise_the_program_lies_beside_xtask() {
        let exe = env::current_exe().unwrap_or_default();
        assert!(exe.starts_with(target_folder_of(&Command::new("cargo"), None)));
    }

    #[test]
    fn shows_program_without_folder() {
        assert_eq!(
            shown(Command::new("/usr/bin/git").args(["status", "-s"])),
            "git status -s"
        );
    }

    #[test]
    fn only_descriptions_of_xtask_are_removed() {
        assert!(describes_xtask("CARGO_PKG_NAME"));
        assert!(!describes_xtask("CARGO_TARGET_DIR"));
        assert!(!describes_xtask("CARGO_HOME"));
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = output(cargo(["no-such-command"]).arg("x")).map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.starts_with("cargo no-such-command x ended with")));
    }
}
