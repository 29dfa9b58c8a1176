//! Exit codes, and messages on stderr: one line for a failure. Nothing in them steers the terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::advice;
use crate::held_back;
use crate::printable::printable;

/// The command line asks for something impossible: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Starts logging to stderr: our own warnings by default, more with `-v`. `RUST_LOG` overrides.
pub fn log(verbose: u8) {
    let default = match verbose {
        // Warnings of the renderer are for developers.
        0 => {
            "off,soundfall=warn,soundfall_capture=warn,soundfall_ring_file=warn,soundfall_systems=warn"
        }
        1 => {
            "warn,soundfall=info,soundfall_capture=info,soundfall_ring_file=info,soundfall_systems=info"
        }
        _ => {
            "info,soundfall=debug,soundfall_capture=debug,soundfall_systems=debug,soundfall_plugins=debug"
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // Fails only where a subscriber is set already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Stderr)
        .with_ansi(io::stderr().is_terminal())
        // A closed stderr must not become a panic.
        .log_internal_errors(false)
        .without_time()
        .with_target(verbose > 1)
        .try_init();
}

/// Prints a message for the user to stderr: one line, whatever names are in it.
pub fn say(message: impl fmt::Display) {
    let line = format!("soundfall: {message}");
    let mut line = printable(&line).replace('\n', "\\n");
    line.push('\n');
    // A closed stderr is no reason to stop.
    let _ = Stderr.write_all(line.as_bytes());
}

/// Stderr for our own words, which are never held back.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match held_back::stderr() {
            Some(mut kept) => kept.write(bytes),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a failure in one line, with the options it concerns. Exit code 2 where the command line is wrong, 1
/// otherwise.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // Causes are appended; their line breaks become spaces.
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // Transparent wrappers repeat the text of their cause.
        if line.contains(text.as_str()) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    if let Some(option) = advice::option(error) {
        line.insert_str(0, &format!("{option}: "));
    }
    if let Some(remedy) = advice::remedy(error) {
        line.push_str(&format!(" ({remedy})"));
    }
    say(line.split_whitespace().collect::<Vec<_>>().join(" "));
    let usage = error.is::<Usage>()
        || error
            .downcast_ref::<soundfall_capture::CaptureError>()
            .is_some_and(soundfall_capture::CaptureError::is_usage);
    ExitCode::from(if usage { 2 } else { 1 })
}
