//! The `soundfall` program: reads the command line, chooses back ends, runs one command. Holds no
//! logic of sound or picture.
#![forbid(unsafe_code)]

mod cli;
mod commands;
mod exit;
mod input;
mod npy;
mod show;
mod stats;
mod stop;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command_line = match cli::parse() {
        Ok(command_line) => command_line,
        Err(code) => return code,
    };
    exit::log(command_line.verbose);
    match commands::run(command_line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
