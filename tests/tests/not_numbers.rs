//! Samples that are no numbers, in a float WAV and in a ring of another program: every data command
//! says how many there are, in words and in JSON, and writes numbers only.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::{Value, json};
use soundfall_tests::npy::Array;
use soundfall_tests::outcome::Outcome;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::recording::float_wav;
use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

const RATE: u32 = 48_000;

/// Five seconds of two tones; the second channel has holes: as silence, or as no numbers.
fn sound(place: &Place, name: &str, holes: [f32; 5]) -> PathBuf {
    let tone = |hz: f64| -> Vec<f32> {
        let sine = |n: u32| (TAU * hz * f64::from(n) / f64::from(RATE)).sin();
        (0..5 * RATE).map(|n| 0.25 * sine(n) as f32).collect()
    };
    let mut channels = [tone(1000.0), tone(440.0)];
    for (place, hole) in [7, 30_001, 30_002, 100_000, 239_999].into_iter().zip(holes) {
        channels[1][place] = hole;
    }
    place.write(name, float_wav(RATE, &channels))
}

fn run(command: &str, input: &Path, options: &[&str]) -> Outcome {
    let mut run = Program::new([command, "--json"]).args(options).arg(input);
    if options.contains(&"-o") {
        run = run.args(["--overwrite"]);
    }
    run.run().expect_success()
}

/// JSON without what names the input and counts its faults.
fn measured(outcome: &Outcome) -> Value {
    let mut said = outcome.json();
    said["input"] = Value::Null;
    said["output"] = Value::Null;
    said["invalid_samples"] = Value::Null;
    for level in said["levels"].as_array_mut().into_iter().flatten() {
        level["invalid_samples"] = Value::Null;
    }
    said
}

#[test]
fn no_numbers_are_counted_and_count_as_silence() {
    let place = Place::new();
    let bad = [f32::NAN, f32::INFINITY, -f32::NAN, f32::NEG_INFINITY, 1e30];
    let (bad, silent) = (
        sound(&place, "bad.wav", bad),
        sound(&place, "silent.wav", [0.0; 5]),
    );
    let npy = place.path("array.npy");
    let out = npy.to_str().unwrap();
    for (command, options) in [
        ("measure", &["--reference", "1"][..]),
        ("stft", &["-o", out, "--hop", "2048"]),
        ("envelope", &["-o", out, "--rms", "--points", "500"]),
        ("peaks", &["--hop", "2048"]),
        ("peaks", &["--hop", "2048", "--columns"]),
    ] {
        let with = run(command, &bad, options);
        let array = options.contains(&"-o").then(|| Array::read(&npy));
        let without = run(command, &silent, options);
        let words = "bad.wav: 5 samples of channel 2 are no numbers";
        assert!(with.stderr.contains(words), "{command}: {}", with.stderr);
        assert!(!without.stderr.contains("no numbers"), "{}", without.stderr);
        assert_eq!(with.json()["invalid_samples"], json!([0, 5]), "{command}");
        assert_eq!(without.json()["invalid_samples"], json!([0, 0]));
        assert_eq!(measured(&with), measured(&without), "{command}");
        if let Some(array) = array {
            assert!(array.values.iter().all(|x| x.is_finite()), "{command}");
            assert_eq!(array, Array::read(&npy), "{command}");
        }
    }
    // What is not looked at is not counted.
    let first = run("stft", &bad, &["-o", out, "--channel", "1"]);
    assert_eq!(first.json()["invalid_samples"], json!([0]));
    let part = run("measure", &bad, &["--from", "0.1", "--to", "1"]);
    assert_eq!(part.json()["invalid_samples"], json!([0, 2]));
}

#[test]
fn a_recording_without_a_number_has_no_levels_and_says_so() {
    let place = Place::new();
    let nothing = vec![vec![f32::NAN; 4 * RATE as usize]; 2];
    let wav = place.write("nothing.wav", float_wav(RATE, &nothing));
    let outcome = run("measure", &wav, &[]);
    let words = "384000 samples of channels 1, 2 are no numbers";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    let said = outcome.json();
    for name in [
        "integrated_lufs",
        "range_lu",
        "max_momentary_lufs",
        "true_peak_dbtp",
    ] {
        assert_eq!(said["programme"][name], Value::Null, "{name}");
    }
    assert_eq!(said["levels"][0]["peak_dbfs"], Value::Null);
    assert_eq!(said["levels"][0]["dc_full_scale"], 0.0);
    // In the table too: nothing is written as if it were a level.
    let table = Program::new(["measure"]).arg(&wav).run().expect_success();
    assert!(
        !table.stdout.contains("NaN") && !table.stdout.contains("inf"),
        "{}",
        table.stdout
    );
    assert!(table.stderr.contains(words), "{}", table.stderr);
}
