//! The program that cargo starts in place of the compiler for the workspace's crates: clippy, rustdoc, compiler.
//!
//! Clippy and rustdoc only report. The compiler's call is cargo's own, so the result is the same as without a wrapper.

use anyhow::{Context, Result};
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

/// The variable that makes xtask such a wrapper.
pub(crate) const SWITCH: &str = "SOUNDFALL_LINT_WRAPPER";

/// What cargo asks for in JSON. Without `artifacts`: those of clippy and rustdoc are not cargo's.
const JSON: &str = "--json=diagnostic-rendered-ansi";

/// Lints, documents and compiles one crate; `args` are the compiler and its arguments. The exit code is the compiler's.
pub(crate) fn wrap(args: &[OsString]) -> Result<ExitCode> {
    let Some((rustc, args)) = args.split_first() else {
        return Ok(ExitCode::from(2));
    };
    // Not UTF-8, or a question about the compiler: its answer alone.
    let words: Option<Vec<&str>> = args.iter().map(|arg| arg.to_str()).collect();
    let call = words.as_deref().and_then(Call::read);
    if let Some(call) = &call {
        run(beside(rustc, "clippy-driver")
            .arg(rustc)
            .args(call.clippy())
            .env("CLIPPY_ARGS", ""))?;
        if call.is_documented() {
            run(beside(rustc, "rustdoc").args(call.rustdoc()))?;
        }
    }
    let mut compiler = Command::new(rustc);
    compiler.args(args);
    if call.is_some() {
        // Clippy has reported the compiler's warnings too.
        compiler.arg("--cap-lints=allow");
    }
    let code = run(&mut compiler)?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// A program of the same toolchain: rustup's is chosen by the path, others lie beside the compiler.
fn beside(rustc: &OsStr, name: &str) -> Command {
    let sibling = Path::new(rustc).with_file_name(format!("{name}{}", env::consts::EXE_SUFFIX));
    Command::new(if sibling.is_file() {
        sibling.into_os_string()
    } else {
        name.into()
    })
}

fn run(command: &mut Command) -> Result<i32> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    Ok(status.code().unwrap_or(1))
}

/// The call of the compiler for one crate.
struct Call<'a> {
    args: &'a [&'a str],
    out_dir: &'a str,
}

impl<'a> Call<'a> {
    /// `None` where nothing of the workspace's source is compiled.
    fn read(args: &'a [&'a str]) -> Option<Self> {
        let call = Self {
            args,
            out_dir: value(args, "--out-dir")?,
        };
        let source = args.iter().any(|arg| arg.ends_with(".rs"));
        (source && value(args, "--crate-name")? != "build_script_build").then_some(call)
    }

    /// Metadata only, into a folder beside cargo's.
    fn clippy(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            match *arg {
                "--out-dir" => {
                    args.next();
                    out.extend(["--out-dir".to_owned(), format!("{}/lint", self.out_dir)]);
                }
                // The compiler's own.
                "-C" if args
                    .as_slice()
                    .first()
                    .is_some_and(|next| next.starts_with("incremental=")) =>
                {
                    args.next();
                }
                _ if arg.starts_with("--emit=") => out.push("--emit=metadata".to_owned()),
                _ if arg.starts_with("--json=") => out.push(JSON.to_owned()),
                _ => out.push((*arg).to_owned()),
            }
        }
        out
    }

    /// Libraries and programs, but not tests.
    fn is_documented(&self) -> bool {
        !self.args.contains(&"--test") && value(self.args, "--crate-type").is_some()
    }

    /// What rustdoc takes of the compiler's arguments.
    fn rustdoc(&self) -> Vec<String> {
        let mut out = vec![
            "--out-dir".to_owned(),
            format!("{}/../../doc", self.out_dir),
        ];
        if value(self.args, "--crate-type") == Some("bin") {
            out.push("--document-private-items".to_owned());
        }
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            match *arg {
                "--crate-name" | "--crate-type" | "--cfg" | "--check-cfg" | "--extern" | "-L" => {
                    out.push((*arg).to_owned());
                    out.extend(args.next().map(|value| (*value).to_owned()));
                }
                _ if arg.starts_with("--json=") => out.push(JSON.to_owned()),
                _ if arg.starts_with("--edition=") || arg.starts_with("--error-format=") => {
                    out.push((*arg).to_owned());
                }
                _ if arg.ends_with(".rs") => out.push((*arg).to_owned()),
                _ => {}
            }
        }
        out
    }
}

/// The value of `NAME VALUE`.
fn value<'a>(args: &[&'a str], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| *arg == name)?;
    args.get(at + 1).copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const LIBRARY: &[&str] = &[
        "--crate-name",
        "soundfall_dsp",
        "--edition=2024",
        "crates/dsp/src/lib.rs",
        "--error-format=json",
        "--json=diagnostic-rendered-ansi,artifacts,future-incompat",
        "--crate-type",
        "lib",
        "--emit=dep-info,metadata,link",
        "-C",
        "opt-level=3",
        "--warn=missing_docs",
        "--cfg",
        "feature=\"x\"",
        "-C",
        "metadata=1",
        "--out-dir",
        "/t/debug/deps",
        "-C",
        "incremental=/t/debug/incremental",
        "-L",
        "dependency=/t/debug/deps",
        "--extern",
        "half=/t/half.rmeta",
    ];

    #[test]
    fn clippy_makes_metadata_in_a_folder_of_its_own() {
        let line = Call::read(LIBRARY).unwrap().clippy().join(" ");
        assert!(
            line.contains("--emit=metadata -C opt-level=3 --warn=missing_docs"),
            "{line}"
        );
        assert!(line.contains("--out-dir /t/debug/deps/lint -L"), "{line}");
        assert!(
            !line.contains("incremental") && !line.contains("artifacts"),
            "{line}"
        );
    }

    #[test]
    fn rustdoc_gets_what_it_knows() {
        let call = Call::read(LIBRARY).unwrap();
        assert!(call.is_documented());
        assert_eq!(
            call.rustdoc().join(" "),
            "--out-dir /t/debug/deps/../../doc --crate-name soundfall_dsp --edition=2024 crates/dsp/src/lib.rs \
             --error-format=json --json=diagnostic-rendered-ansi --crate-type lib --cfg feature=\"x\" \
             -L dependency=/t/debug/deps --extern half=/t/half.rmeta"
        );
    }

    #[test]
    fn tests_are_not_documented_and_build_scripts_and_questions_pass_through() {
        let test = ["--crate-name", "a", "a.rs", "--out-dir", "/t", "--test"];
        assert!(!Call::read(&test).unwrap().is_documented());
        let script = [
            "--crate-name",
            "build_script_build",
            "build.rs",
            "--out-dir",
            "/t",
        ];
        assert!(Call::read(&script).is_none());
        assert!(Call::read(&["-vV"]).is_none());
        assert!(Call::read(&["-", "--crate-name", "___", "--print=cfg"]).is_none());
    }
}
