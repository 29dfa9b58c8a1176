//! `cargo xtask`: the project's own commands, see `README.md`.
//!
//! Only names and dispatch live here. Nothing in this crate is part of the
//! program, and it never depends on Bevy or on our other crates, so it builds in
//! seconds.

#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of the command line"
)]

mod bench;
mod cache;
mod check;
mod command;
mod run;
mod setup;
mod steps;
mod tally;
mod test;
mod tidy;

use std::env;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

  run [ARGS]        install what is missing, build, run `soundfall ARGS`
  test [ARGS]       install what is missing, then check, build and test everything;
                    ARGS go to `cargo test`
  check             format, tidy, clippy
  tidy              only the rules that no compiler checks
  bench [ARGS]      the benchmarks; ARGS go to `cargo bench`
  setup [run|test]  only install what is missing (default: test)";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match name.as_str() {
        "run" => run::run(&rest),
        "test" => test::test(&rest),
        "check" => check::check(),
        "tidy" => tidy::tidy().map(|()| ExitCode::SUCCESS),
        "bench" => bench::bench(&rest),
        "setup" => setup::command(&rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
