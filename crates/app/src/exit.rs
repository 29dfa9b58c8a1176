//! How the program ends, and what it says on stderr: one line for a failure, never a trace.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

/// The command line asks for something that cannot be: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Words to stderr: warnings of ours by default, more with `-v`. `RUST_LOG` overrules.
pub fn log(verbose: u8) {
    let default = match verbose {
        // The renderer's warnings are for developers; what concerns the user we say ourselves.
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
    // A second subscriber could only be set by ourselves.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // Words that nobody reads any more must not become a panic.
        .log_internal_errors(false)
        .without_time()
        .with_target(verbose > 1)
        .try_init();
}

/// Says something to the user that is no failure.
pub fn say(words: impl fmt::Display) {
    // Nobody listens any more: no reason to stop.
    let _ = writeln!(std::io::stderr(), "soundfall: {words}");
}

/// Reports a failure in one line: 2 where the command line is wrong, 1 otherwise.
pub fn report(error: &anyhow::Error) -> ExitCode {
    // Causes are appended, each line break of theirs becomes a space.
    let mut line = String::new();
    for cause in error.chain() {
        let words = cause.to_string();
        // Transparent wrappers repeat their cause word for word.
        if line.contains(words.as_str()) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&words);
    }
    say(line.split_whitespace().collect::<Vec<_>>().join(" "));
    let usage = error.is::<Usage>()
        || error
            .downcast_ref::<soundfall_capture::CaptureError>()
            .is_some_and(soundfall_capture::CaptureError::is_usage);
    ExitCode::from(if usage { 2 } else { 1 })
}
