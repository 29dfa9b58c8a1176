//! `cargo xtask soak`: lets displays run for long and says what of them grows.
//!
//! Data (the table of values) goes to the file that is named; words to stderr.

#![allow(clippy::print_stderr, reason = "a program of the command line")]

use soundfall_tests::options::Options;
use soundfall_tests::soak::{CSV_HEAD, Curve, Sample, Soak, curves, table};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: cargo xtask soak [--minutes N] [--csv FILE] [--page yes|no]   (default: 60, soak.csv, yes)";

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1), &["--minutes", "--csv", "--page"]) {
        Ok(options) => options,
        Err(error) => return wrong(&error),
    };
    let minutes = match options.minutes(60.0) {
        Ok(minutes) => minutes,
        Err(error) => return wrong(&error),
    };
    // `cargo xtask soak` builds the page, unless it is not asked for.
    let page = match options.get("--page") {
        None | Some("yes") => Some(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../web/bench/soak.mjs"
        )),
        Some("no") => None,
        Some(other) => return wrong(&format!("--page {other}: give yes or no")),
    };
    let path = options.get("--csv").unwrap_or("soak.csv");
    let mut file = match File::create(path).and_then(|mut file| {
        writeln!(file, "{CSV_HEAD}")?;
        Ok(file)
    }) {
        Ok(file) => file,
        Err(error) => return failed(&format!("cannot write {path}: {error}")),
    };
    let soak = Soak {
        seconds: minutes * 60.0,
        every: Duration::from_secs(5),
        page: page.map(Path::new),
    };
    let mut unwritten = None;
    let samples = soak.run(|sample: &Sample| {
        let values = sample.figures.0.iter();
        let words: Vec<String> = values
            .map(|(name, value)| format!("{name} {value:.2}"))
            .collect();
        eprintln!(
            "{:6.0} s  {:<5} {}",
            sample.secs,
            sample.display,
            words.join("  ")
        );
        if let Err(error) = file.write_all(sample.csv().as_bytes()) {
            unwritten = Some(error);
        }
    });
    let samples = match samples {
        Ok(samples) => samples,
        Err(error) => return failed(&error),
    };
    if let Some(error) = unwritten {
        return failed(&format!("cannot write {path}: {error}"));
    }
    let curves = curves(&samples);
    if curves.is_empty() {
        return failed("growth is judged from three minutes on; this was only a look");
    }
    eprint!("{}", table(&curves));
    let displays = if curves.iter().any(|curve| curve.display == "live") {
        ""
    } else {
        " (no display of a device: no PulseAudio, see cargo xtask setup)"
    };
    eprintln!("the values are in {path}{displays}");
    ExitCode::from(u8::from(curves.iter().any(Curve::grows)))
}

fn wrong(error: &str) -> ExitCode {
    eprintln!("soak: {error}\n{USAGE}");
    ExitCode::from(2)
}

fn failed(error: &str) -> ExitCode {
    eprintln!("soak: {error}");
    ExitCode::FAILURE
}
