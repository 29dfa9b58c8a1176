//! `cargo xtask stress`: more than a machine can bear, and what is lost or shown then.
//!
//! Words and the table go to stderr.

#![allow(clippy::print_stderr, reason = "a program of the command line")]

use soundfall_tests::options::Options;
use soundfall_tests::stress::{MOST, SCENES};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask stress [--minutes N] [--disk FOLDER]   (default: 10, the folder for temporary files)";

fn main() -> ExitCode {
    let options = Options::read(std::env::args().skip(1), &["--minutes", "--disk"])
        .and_then(|options| Ok((options.minutes(10.0)?, options)));
    let (minutes, options) = match options {
        Ok(options) => options,
        Err(error) => {
            eprintln!("stress: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let temporary = std::env::temp_dir();
    let disk = options.get("--disk").map_or(&*temporary, Path::new);
    if !disk.is_dir() {
        eprintln!("stress: --disk {}: no folder", disk.display());
        return ExitCode::from(2);
    }
    let seconds = minutes * 60.0 / SCENES.len() as f64;
    let mut good = true;
    eprintln!(
        "{:<17}{:>12}{:>9}{:>6}{:>7}{:>28}{:>20}{:>11}",
        "scene", "frames", "lost", "laps", "steps", "least quality", "columns", "full after"
    );
    for scene in SCENES {
        let result = scene.play(MOST, seconds, disk);
        eprintln!(
            "{:<17}{:>12}{:>9}{:>6}{:>7}{:>28}{:>20}{:>9.0} s",
            scene.name,
            result.frames,
            result.lost,
            result.laps,
            result.quality_steps,
            result.lowest,
            format!("{}/{}", result.columns[1], result.columns[0]),
            result.recovery_secs
        );
        for fault in &result.faults {
            eprintln!("  FAULT: {fault}");
        }
        good &= result.faults.is_empty();
    }
    ExitCode::from(u8::from(!good))
}
