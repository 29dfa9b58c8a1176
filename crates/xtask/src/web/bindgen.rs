//! The wasm-bindgen program, of exactly the version in `Cargo.lock`, and its call.
//!
//! Installed once into `tools/` beside the compiled code; quick when it is there. Not a
//! dependency of ours: that would change the features of crates of the program.

use crate::command::{cargo, output, root, succeed, target_folder};
use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program, installed if it was not.
pub(super) fn ensure() -> Result<PathBuf> {
    let lock = root().join("Cargo.lock");
    let text =
        fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let Some(version) = version(&text) else {
        bail!("{}: wasm-bindgen is not in it", lock.display());
    };
    let tools = tools();
    let program = tools
        .join("bin")
        .join(format!("wasm-bindgen{}", env::consts::EXE_SUFFIX));
    if !is(&program, version) {
        eprintln!(
            "web: installing wasm-bindgen {version} into {}",
            tools.display()
        );
        succeed(
            // One folder for its compiled code, so that nothing is left in /tmp.
            cargo([
                "install",
                "wasm-bindgen-cli",
                "--force",
                "--version",
                version,
            ])
            .arg("--root")
            .arg(&tools)
            .env("CARGO_TARGET_DIR", tools.join("build"))
            .env_remove("CARGO_BUILD_TARGET"),
        )
        .with_context(|| format!("cannot install wasm-bindgen-cli {version}"))?;
        // A hundred megabytes that are not needed again.
        fs::remove_dir_all(tools.join("build")).ok();
    }
    Ok(program)
}

/// Beside `target`, so that a cache keeps it.
fn tools() -> PathBuf {
    crate::cache::folder()
        .unwrap_or_else(target_folder)
        .join("tools")
}

/// The version that a `Cargo.lock` names.
fn version(lock: &str) -> Option<&str> {
    let mut lines = lock.lines();
    lines.find(|line| *line == "name = \"wasm-bindgen\"")?;
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

/// Whether the program is there and of that version.
fn is(program: &Path, version: &str) -> bool {
    program.is_file()
        && output(Command::new(program).arg("--version"))
            .is_ok_and(|line| line.trim() == format!("wasm-bindgen {version}"))
}

/// A compiled module on its way into the page.
pub(super) struct Module<'a> {
    pub(super) wasm: PathBuf,
    /// First part of the names of its files.
    pub(super) name: &'a str,
    /// Whether TypeScript's declarations are wanted.
    pub(super) types: bool,
}

impl Module<'_> {
    /// Writes `NAME.js`, `NAME_bg.wasm` and the types into `folder`.
    pub(super) fn bind(&self, program: &Path, folder: &Path) -> Result<()> {
        succeed(&mut self.command(program, folder))
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg(&self.wasm)
            .args(["--target", "web", "--out-name", self.name, "--out-dir"])
            .arg(folder)
            // Names are only for stack traces and are half of the size.
            .args(["--remove-name-section", "--remove-producers-section"]);
        if !self.types {
            command.arg("--no-typescript");
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::shown;

    #[test]
    fn the_version_is_the_one_of_the_lock() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(version(lock), Some("0.2.130"));
        assert_eq!(
            version("[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\n"),
            None
        );
        let ours = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
        assert!(version(&ours).is_some_and(|version| version.starts_with("0.2.")));
    }

    #[test]
    fn another_or_no_program_is_not_it() {
        assert!(!is(Path::new("/no/such/program"), "0.2.130"));
        assert!(!is(&root().join("Cargo.toml"), "0.2.130"));
    }

    #[test]
    fn only_the_small_module_gets_types() {
        let line = |types| {
            let module = Module {
                wasm: "x.wasm".into(),
                name: "x",
                types,
            };
            shown(&module.command(Path::new("/t/wasm-bindgen"), Path::new("out")))
        };
        assert_eq!(
            line(true),
            "wasm-bindgen x.wasm --target web --out-name x --out-dir out --remove-name-section --remove-producers-section"
        );
        assert!(line(false).ends_with("--no-typescript"));
    }
}
