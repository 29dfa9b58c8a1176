//! `cargo xtask test`: everything that must hold, and the sums at the end.
//!
//! The last line is `N passed, N failed, N skipped`. Never stops at the first failure, except
//! that nothing is tested when the program, or the page, does not build.

use crate::check;
use crate::command::{cargo, shown, target_folder};
use crate::lint::{Lints, linting};
use crate::setup::{self, Goal};
use crate::steps::Steps;
use crate::tally::Tally;
use crate::web::{self, Kind, browser};
use anyhow::{Context, Result, bail};
use std::io::{self, BufReader};
use std::process::{Command, ExitCode, Stdio};

/// Sets up, checks, builds and tests; `args` go to `cargo test`, or after `--web` choose
/// test files of the page.
pub(crate) fn test(args: &[String]) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let mut tally = Tally::default();
    steps.step("setup", || setup::ensure(Goal::Test));
    match args {
        [only, files @ ..] if only == "--web" => the_page(&mut steps, files, &mut tally),
        [] => {
            the_workspace(&mut steps, &[], &mut tally);
            the_page(&mut steps, &[], &mut tally);
        }
        _ => the_workspace(&mut steps, args, &mut tally),
    }
    eprint!("{}", steps.summary());
    if !args.is_empty() {
        eprintln!("only what the arguments choose: native tests, or with --web the page's");
    }
    for line in &tally.skipped {
        eprintln!("{line}");
    }
    println!("{tally}");
    Ok(steps.exit_code())
}

/// The checks and the native tests.
fn the_workspace(steps: &mut Steps, args: &[String], tally: &mut Tally) {
    check::sources(steps);
    let mut lints = Lints::default();
    // The process tests start the program, which `cargo test` alone would not build.
    let built = steps.step("build", || {
        lints.collect(&mut linting(["build", "--package", "soundfall"])?)
    });
    let built = built
        && steps.step("build tests", || {
            lints.collect(&mut linting([
                "test",
                "--workspace",
                "--all-targets",
                "--no-run",
            ])?)
        });
    steps.step("lints", || lints.verdict());
    if built {
        steps.step("test", || run_tests(args, tally));
    }
    if args.is_empty() {
        steps.step("loom", || counted(&mut loom(), tally));
        steps.step("fuzz", || counted(&mut fuzz(), tally));
    }
}

/// Every execution of small models of the ring's protocol, and that each order of memory in it is
/// needed.
fn loom() -> Command {
    let mut command = cargo(["test", "--package", "soundfall-ring", "--test", "loom"]);
    command
        .arg("--target-dir")
        .arg(target_folder().join("loom"))
        .env("RUSTFLAGS", "--cfg loom");
    command
}

/// The stored inputs of the fuzz targets and mutations of them, without a fuzzer.
fn fuzz() -> Command {
    let mut command = cargo(["test", "--manifest-path", "fuzz/Cargo.toml"]);
    command.arg("--target-dir").arg(target_folder());
    command
}

/// The page and its tests in a browser.
fn the_page(steps: &mut Steps, files: &[String], tally: &mut Tally) {
    if steps.step("web build", || web::build(Kind::Quick)) {
        steps.step("web tests", || browser::test(files, tally));
    }
}

/// Unit, integration and documentation tests of the whole workspace.
fn run_tests(args: &[String], tally: &mut Tally) -> Result<()> {
    let mut command = linting(["test", "--workspace", "--no-fail-fast"])?;
    counted(command.args(args), tally)
}

/// Runs tests and counts them.
fn counted(command: &mut Command, tally: &mut Tally) -> Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    if let Some(stdout) = child.stdout.take() {
        tally.pass_through(BufReader::new(stdout), io::stdout().lock())?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}
