//! What `scipy.signal.decimate` loses of a recording with clicks, and what our reductions keep.
//!
//! Decimation is right for sound that goes on as sound. A picture needs the extremes.

#![allow(clippy::print_stdout, reason = "prints what it compares")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::Value;
use soundfall_dsp::pyramid::{BASE_FRAMES, EnvelopePyramid, MaxRows};
use soundfall_tests::npy::Array;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::python;
use soundfall_tests::recording::{self, float_wav};
use soundfall_tests::skip::skip;

const HOP: usize = 128;
const WINDOW: usize = 512;
/// Columns of a row, as a power of two.
const LEVEL: usize = 4;
/// Height of the clicks: one sample each.
const CLICK: f32 = 0.9;

/// A number of the script's lists, as dB below `CLICK`.
fn lost_db(left: &Value) -> f64 {
    20.0 * (f64::from(CLICK) / left.as_f64().expect("a number")).log10()
}

#[test]
fn clicks_survive_our_reductions_and_not_decimation() {
    let name = "clicks_survive_our_reductions_and_not_decimation";
    let quiet = match recording::voice_samples() {
        Ok(samples) => samples,
        Err(reason) => return skip(name, &reason),
    };
    // At every phase of the reductions, upwards and downwards.
    let clicks: Vec<usize> = (0..10).map(|n| 5_000 + n * 5_003).collect();
    let mut loud = quiet.clone();
    for (n, click) in clicks.iter().enumerate() {
        loud[*click] = if n % 2 == 0 { CLICK } else { -CLICK };
    }
    let place = Place::new();
    let with = place.write("with.wav", float_wav(recording::RATE, &[loud.clone()]));
    let without = place.write("without.wav", float_wav(recording::RATE, &[quiet]));
    let npy = place.path("columns.npy");
    let sizes = [WINDOW, HOP, 1 << LEVEL].map(|n: usize| n.to_string());
    Program::new(["stft", "--window-size", &sizes[0], "--hop", &sizes[1], "-o"])
        .arg(&npy)
        .arg(&with)
        .run()
        .expect_success();
    let mut script = match python::script("compare_decimate.py") {
        Ok(script) => script,
        Err(reason) => return skip(name, reason),
    };
    script.args([&with, &without, &npy]).args(&sizes[1..]);
    script.args(clicks.iter().map(ToString::to_string));
    let theirs: Value = serde_json::from_str(&python::output(&mut script)).expect("JSON");

    // Waveform: each click is wholly in its entry of every level.
    let mut pyramid = EnvelopePyramid::new(loud.len() as u64, 0);
    pyramid.push(&loud);
    for level in 0..pyramid.levels() {
        let frames = pyramid.entry_frames(level);
        for (n, click) in clicks.iter().enumerate() {
            let entry = pyramid.entry(level, *click as u64 / frames);
            let kept = if n % 2 == 0 { entry.max } else { -entry.min };
            assert!(kept >= CLICK, "level {level}: {kept}");
        }
    }
    // Decimated, a click is lower the more is left out: by about as much as the factor says.
    for (factor, least_db) in [("16", 20.0), ("64", 32.0), ("256", 44.0)] {
        for kind in ["iir", "fir"] {
            for left in theirs["samples"][factor][kind].as_array().expect("a list") {
                assert!(lost_db(left) > least_db, "{factor} {kind}: {left}");
            }
        }
    }
    assert_eq!(BASE_FRAMES, 64, "the same reduction as the middle one");

    // Rows: the one of a click is as high as the highest of its columns, in every bin.
    let columns = Array::read(&npy);
    let bins = columns.shape[2];
    let mut rows = MaxRows::new(bins, LEVEL + 1, 0);
    let mut reduced = Vec::new();
    for column in 0..columns.shape[1] {
        rows.push(columns.row(0, column), |row| {
            if row.level == LEVEL {
                reduced.push(row.row.to_vec());
            }
        });
    }
    for (index, row) in reduced.iter().enumerate() {
        for column in index << LEVEL..(index + 1) << LEVEL {
            let levels = columns.row(0, column);
            assert!(row.iter().zip(levels).all(|(row, level)| row >= level));
        }
    }
    // A row stands for 16 columns, 43 ms; a click is in 4 of them.
    let mean = |row: &[f32]| row.iter().map(|x| f64::from(*x)).sum::<f64>() / bins as f64;
    for (n, click) in clicks.iter().enumerate() {
        let index = (click / HOP) >> LEVEL;
        let near = index.saturating_sub(1)..(index + 2).min(reduced.len());
        let kept = reduced[near]
            .iter()
            .map(|row| mean(row))
            .fold(f64::MIN, f64::max);
        for kind in ["iir", "fir"] {
            for (of, least_db) in [("levels_dbfs", 6.0), ("power_dbfs", 3.0)] {
                let left = theirs["rows"][kind][of][n].as_f64().expect("a number");
                assert!(kept - left > least_db, "{kind} {of}: {kept} beside {left}");
            }
        }
    }
    // Its filters ring: they make power below nothing, which has no level.
    assert!(
        theirs["rows"]["iir"]["negative_powers"].as_u64() > Some(0),
        "{theirs}"
    );
    println!("{theirs:#}");
}
