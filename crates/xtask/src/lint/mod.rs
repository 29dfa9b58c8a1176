//! Lints and documentation as part of the build: what `cargo xtask test` does in place of `cargo clippy` and
//! `cargo doc`.
//!
//! Those two check every dependency a second time before they see a crate of ours (Bevy: many minutes on a fresh
//! machine). Here cargo builds as usual with [`wrapper`] around the compiler of the workspace's crates; it runs clippy
//! and rustdoc on each crate with the dependencies that were just built. Cargo stores the findings with the compiled
//! crate and repeats them while the crate stays as it is.

pub(crate) mod wrapper;

use crate::command::{cargo, shown, target_folder};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Findings of clippy and rustdoc, as they were printed.
#[derive(Default)]
pub(crate) struct Lints {
    findings: BTreeSet<String>,
}

impl Lints {
    /// Runs a build of [`linting`]; prints and keeps its findings.
    ///
    /// # Errors
    /// When the build fails; findings alone are no failure.
    pub(crate) fn collect(&mut self, command: &mut Command) -> Result<()> {
        command.arg("--message-format=json-diagnostic-rendered-ansi");
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", shown(command)))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                self.take(&line?);
            }
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}", shown(command));
        }
        Ok(())
    }

    /// Takes one line of cargo's messages.
    fn take(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let is_finding = message["reason"] == "compiler-message"
            && ["warning", "error"].contains(&message["message"]["level"].as_str().unwrap_or(""));
        let Some(text) = message["message"]["rendered"]
            .as_str()
            .filter(|_| is_finding)
        else {
            return;
        };
        // A library and its tests are linted separately.
        if self.findings.insert(text.to_owned()) {
            eprint!("{text}");
        }
    }

    /// # Errors
    /// When there was any finding.
    pub(crate) fn verdict(&self) -> Result<()> {
        match self.findings.len() {
            0 => Ok(()),
            count => bail!("{count} findings of clippy and rustdoc, see above"),
        }
    }
}

/// `cargo ARGS` with the wrapper around the compiler of the workspace's crates.
///
/// # Errors
/// When the wrapper cannot be put in its place.
pub(crate) fn linting<const N: usize>(args: [&str; N]) -> Result<Command> {
    let mut command = cargo(args);
    command
        .env("RUSTC_WORKSPACE_WRAPPER", install()?)
        .env(wrapper::SWITCH, "1");
    Ok(command)
}

/// Copies this program to where builds do not replace it. Always the same path: cargo tells compiled crates apart by the
/// path of the wrapper.
fn install() -> Result<PathBuf> {
    let folder = target_folder().join("tools");
    let place = folder.join(format!("lint-wrapper{}", env::consts::EXE_SUFFIX));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Renamed into its place, so that a wrapper that runs is not overwritten.
    let new = folder.join(format!("lint-wrapper-{}", std::process::id()));
    let program = env::current_exe().context("cannot find this program")?;
    fs::copy(&program, &new)
        .and_then(|_| fs::rename(&new, &place))
        .with_context(|| format!("cannot make {}", place.display()))?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(level: &str, text: &str) -> String {
        serde_json::json!({
            "reason": "compiler-message",
            "message": { "level": level, "rendered": text },
        })
        .to_string()
    }

    #[test]
    fn each_finding_counts_once() {
        let mut lints = Lints::default();
        assert!(lints.verdict().is_ok());
        for line in [
            message("warning", "warning: unused\n"),
            message("warning", "warning: unused\n"),
            message("failure-note", "note\n"),
            r#"{"reason":"compiler-artifact"}"#.to_owned(),
            "not JSON".to_owned(),
        ] {
            lints.take(&line);
        }
        let text = lints.verdict().map_err(|error| error.to_string());
        assert!(text.is_err_and(|text| text.starts_with("1 findings")));
    }
}
