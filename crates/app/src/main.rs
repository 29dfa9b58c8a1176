//! The `soundfall` program: natively it reads the command line, chooses back ends and runs one
//! command; in the browser it offers the page what it needs. Contains no logic of sound or picture.
#![forbid(unsafe_code)]

#[cfg(not(target_arch = "wasm32"))]
mod advice;
mod changes;
mod figures;
mod report;

#[cfg(not(target_arch = "wasm32"))]
mod cli;
#[cfg(not(target_arch = "wasm32"))]
mod commands;
#[cfg(not(target_arch = "wasm32"))]
mod exit;
#[cfg(not(target_arch = "wasm32"))]
mod held_back;
#[cfg(not(target_arch = "wasm32"))]
mod input;
#[cfg(not(target_arch = "wasm32"))]
mod npy;
#[cfg(not(target_arch = "wasm32"))]
mod output;
#[cfg(not(target_arch = "wasm32"))]
mod printable;
#[cfg(not(target_arch = "wasm32"))]
mod show;
#[cfg(not(target_arch = "wasm32"))]
mod stats;
#[cfg(not(target_arch = "wasm32"))]
mod stdout;
#[cfg(not(target_arch = "wasm32"))]
mod stop;
#[cfg(not(target_arch = "wasm32"))]
mod values;

#[cfg(any(test, target_arch = "wasm32"))]
mod web;

#[cfg(test)]
mod same_everywhere;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    let command_line = match cli::parse() {
        Ok(command_line) => command_line,
        Err(code) => return code,
    };
    exit::log(command_line.verbose);
    stop::outlive_file_limits();
    match commands::run(command_line) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

/// The page calls `web`'s functions when it needs them.
#[cfg(target_arch = "wasm32")]
fn main() {}
