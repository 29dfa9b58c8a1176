//! Which Rust compiles for the browser: rustup's where it has the target, otherwise
//! Debian's, which builds the standard library along.
//!
//! Installs nothing; `setup` does.

use crate::command::{cargo, cargo_of, output, root};
use anyhow::{Result, bail};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What we compile for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's packages of a Rust that can build for the browser (made for its Firefox and
/// Chromium, so that they are recent).
pub(crate) const DEBIAN: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "rust-web-llvm",
    "lld-22",
];

/// Variables that would take the place of the flags in `.cargo/config.toml`.
const FLAGS: &[&str] = &["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];

/// A compiler for the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that built us; it has the target.
    Own,
    /// Debian's in `/usr/bin`; it brings the sources of the standard library.
    Debian,
}

/// The toolchain to use on this machine, once `setup` is through.
pub(crate) fn find() -> Result<Toolchain> {
    choose(own_has_target(), debian_is_here())
}

/// Whether the toolchain that built us has the target.
pub(crate) fn own_has_target() -> bool {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(root());
    output(rustc.args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

fn debian_is_here() -> bool {
    Path::new("/usr/bin/cargo").is_file()
        && Path::new("/usr/bin/rustc").is_file()
        && Path::new("/usr/bin/dpkg-query").is_file()
}

fn choose(own: bool, debian: bool) -> Result<Toolchain> {
    match (own, debian) {
        (true, _) => Ok(Toolchain::Own),
        (false, true) => Ok(Toolchain::Debian),
        (false, false) => {
            bail!("this Rust cannot build for the browser yet; run: rustup target add {TARGET}")
        }
    }
}

impl Toolchain {
    /// `cargo`, ready for arguments.
    pub(crate) fn cargo(self) -> Command {
        let mut command = match self {
            Self::Own => cargo([]),
            Self::Debian => debian(),
        };
        for name in FLAGS {
            if env::var_os(name).is_some_and(|value| !value.is_empty()) {
                eprintln!(
                    "web: {name} is left out here, as it would switch off SIMD; flags for the browser go into CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS"
                );
            }
            command.env_remove(name);
        }
        command
    }
}

fn debian() -> Command {
    let mut command = cargo_of("/usr/bin/cargo".into());
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(PathBuf::from("/usr/bin")).chain(env::split_paths(&path));
    command
        .env(
            "PATH",
            env::join_paths(folders).unwrap_or_else(|_| OsString::from("/usr/bin")),
        )
        .env("RUSTC", "/usr/bin/rustc")
        // Building the standard library is not a stable feature of cargo yet.
        .env("RUSTC_BOOTSTRAP", "1")
        // rustup's libraries are not this compiler's.
        .env_remove("LD_LIBRARY_PATH")
        .args(["-Z", "build-std=std,panic_abort"]);
    command
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::command::shown;
    use std::ffi::OsStr;

    #[test]
    fn the_own_toolchain_goes_first() {
        assert_eq!(choose(true, true).unwrap(), Toolchain::Own);
        assert_eq!(choose(true, false).unwrap(), Toolchain::Own);
        assert_eq!(choose(false, true).unwrap(), Toolchain::Debian);
    }

    #[test]
    fn without_any_the_error_is_the_command_to_type() {
        let error = choose(false, false).unwrap_err().to_string();
        assert!(
            error.ends_with("rustup target add wasm32-unknown-unknown"),
            "{error}"
        );
    }

    #[test]
    fn debians_builds_the_standard_library() {
        let command = Toolchain::Debian.cargo();
        assert_eq!(shown(&command), "cargo -Z build-std=std,panic_abort");
        let value = |name: &str| {
            command
                .get_envs()
                .find(|(known, _)| *known == name)
                .and_then(|(_, value)| value)
        };
        assert_eq!(value("RUSTC"), Some(OsStr::new("/usr/bin/rustc")));
        assert_eq!(value("RUSTC_BOOTSTRAP"), Some(OsStr::new("1")));
        assert!(
            value("PATH")
                .unwrap()
                .to_string_lossy()
                .starts_with("/usr/bin")
        );
    }

    #[test]
    fn flags_for_the_native_build_never_replace_ours() {
        for toolchain in [Toolchain::Own, Toolchain::Debian] {
            let command = toolchain.cargo();
            for name in FLAGS {
                assert!(
                    command
                        .get_envs()
                        .any(|(known, value)| known == *name && value.is_none()),
                    "{toolchain:?} keeps {name}"
                );
            }
        }
        let config = std::fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
        assert!(config.contains("+simd128"));
    }
}
