//! `cargo xtask`: the project's own commands, see `README.md`.
//!
//! Only names and dispatch live here. Nothing in this crate is part of the
//! program, and it never depends on Bevy or on the crates of the program, so it
//! builds in seconds.

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
mod docs;
mod lint;
mod long;
mod policy;
mod run;
#[cfg(test)]
mod scratch;
mod serve;
mod setup;
mod steps;
mod tally;
mod test;
mod tidy;
mod web;

use std::env;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

  run [ARGS]        install what is missing, build, run `soundfall ARGS`
  test [ARGS]       install what is missing, then check, build and test everything;
                    ARGS go to `cargo test`
  test --web [FILE] only the web build and its tests (those with FILE in their names)
  web [--quick]     the web page as a folder of files, dist/web (dist/web-quick)
  serve [--port PORT] [--dir FOLDER] [--plain]
                    that folder on http://127.0.0.1:8080/; --plain: not isolated
  check             format, tidy, clippy, rustdoc
  tidy              only the rules that no compiler checks
  docs              what is made from the table of settings: docs/settings.md, web/public/settings.js
  bench [ARGS]      the benchmarks; ARGS go to `cargo bench`
  bench peers [ARGS]
                    the STFT beside scipy and librosa (with --torch, torch too)
  bench web [--quick]
                    a column in the page's worker beside one in the program
  soak [--minutes N] [--csv FILE] [--page yes|no]
                    displays for long, while settings change and sources come and go: what grows?
  stress [--minutes N] [--disk FOLDER]
                    64 channels at 192 kHz, several viewers, busy processors, a slow disk
  setup [run|test|web]
                    only install what is missing (default: test)

Where something is missing they say what they will install, and ask on a terminal;
`cargo xtask COMMAND --yes …` agrees beforehand. Nothing is ever removed.";

fn main() -> ExitCode {
    if env::var_os(lint::wrapper::SWITCH).is_some() {
        let args: Vec<_> = env::args_os().skip(1).collect();
        return lint::wrapper::wrap(&args).unwrap_or_else(failure);
    }
    let mut args = env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let mut rest: Vec<String> = args.collect();
    if rest.first().is_some_and(|first| first == setup::YES) {
        rest.remove(0);
    }
    let outcome = match name.as_str() {
        "run" => run::run(&rest),
        "test" => test::test(&rest),
        "web" => web::command(&rest),
        "serve" => serve::command(&rest),
        "check" => check::check(),
        "tidy" => tidy::tidy().map(|()| ExitCode::SUCCESS),
        "docs" => docs::docs(),
        "bench" => bench::bench(&rest),
        "soak" | "stress" => long::long(&name, &rest),
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
    outcome.unwrap_or_else(failure)
}

fn failure(error: anyhow::Error) -> ExitCode {
    eprintln!("xtask: {error:#}");
    ExitCode::FAILURE
}
