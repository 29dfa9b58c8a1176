//! `cargo xtask bench`: the benchmarks of the `benches` package, the table against its peers, and
//! the page beside the program.
//!
//! Never asserts on times: numbers are for reading.

use crate::command::{cargo, cargo_of, root, shown, succeed, works};
use crate::setup::{self, Goal};
use crate::web::{self, browser};
use anyhow::{Context, Result, bail};
use std::process::{Command, ExitCode};

/// Sets up and runs the benchmarks; `args` go to `cargo bench`, after `peers` to the script, after
/// `web` they choose the build.
pub(crate) fn bench(args: &[String]) -> Result<ExitCode> {
    match args.split_first() {
        Some((first, rest)) if first == "peers" => {
            setup::ensure(Goal::Run)?;
            return peers(rest);
        }
        Some((first, rest)) if first == "web" => return the_page(rest),
        _ => setup::ensure(Goal::Run)?,
    }
    succeed(cargo(["bench", "--package", "soundfall-benches"]).args(args))?;
    Ok(ExitCode::SUCCESS)
}

/// What a column costs in the page's worker, beside the program on the same machine in the same run.
fn the_page(args: &[String]) -> Result<ExitCode> {
    let kind = web::kind(args)?;
    setup::ensure(Goal::Test)?;
    web::build(kind)?;
    succeed(&mut crate::run::build())?;
    browser::bench(kind)?;
    Ok(ExitCode::SUCCESS)
}

/// The STFT beside scipy, librosa and torch, in a Python environment that the script makes.
fn peers(args: &[String]) -> Result<ExitCode> {
    if !works("python3", &["-I", "-c", "import ensurepip, venv"]) {
        bail!("the peers need Python 3 with venv: install python3 and python3-venv");
    }
    let mut command = script(args);
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(&command)))?;
    // The script has said what is wrong; 2 is wrong usage with it too.
    let code = status.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn script(args: &[String]) -> Command {
    // It runs cargo, so it gets the same environment.
    let mut command = cargo_of("python3".into());
    command
        .arg("-B")
        .arg(root().join("benches/peers/stft_peers.py"));
    command.args(args);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_go_to_a_script_that_is_there() {
        let command = script(&["--torch".to_owned()]);
        let args: Vec<_> = command.get_args().collect();
        assert_eq!(args.len(), 3);
        assert!(std::path::Path::new(args[1]).is_file(), "{args:?}");
        assert_eq!(args[2], "--torch");
    }
}
