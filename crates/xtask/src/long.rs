//! `cargo xtask soak` and `cargo xtask stress`: the long programs of `tests`, built and started.
//!
//! What they do is theirs; their arguments go to them as they are.

use crate::command::{cargo, shown, succeed, target_folder};
use crate::run;
use crate::setup::{self, Goal};
use crate::web::{self, Kind, browser};
use anyhow::{Context, Result};
use std::env;
use std::process::{Command, ExitCode};

/// Sets up, builds the program, the page where `soak` wants it, and the program of the tests called
/// `name`, and runs it here.
pub(crate) fn long(name: &str, args: &[String]) -> Result<ExitCode> {
    setup::ensure(Goal::Test)?;
    succeed(&mut run::build())?;
    let mut environment = vec![("SOUNDFALL_BIN", run::program().into_os_string())];
    if name == "soak" && !args.windows(2).any(|pair| pair == ["--page", "no"]) {
        web::build(Kind::Quick)?;
        environment = browser::environment(Kind::Quick)?;
    }
    succeed(&mut cargo([
        "build",
        "--package",
        "soundfall-tests",
        "--bin",
        name,
    ]))?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let mut command = Command::new(target_folder().join("debug").join(file));
    command.args(args).envs(environment);
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(&command)))?;
    let code = status.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
