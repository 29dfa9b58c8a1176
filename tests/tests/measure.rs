//! `soundfall measure` against definitions, against scipy, and against the synthetic signals of
//! EBU Tech 3341 and 3342, through files as a user has them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::{Value, json};
use soundfall_capture::signal::Signal;
use soundfall_tests::npy::Array;
use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::python;
use soundfall_tests::recording::{self, float_wav};
use soundfall_tests::signal_ring::signal_ring;
use soundfall_tests::skip::skip;
use std::f64::consts::TAU;
use std::path::Path;

const RATE: u32 = 48_000;

fn measure(input: &Path, options: &[&str]) -> Value {
    let run = Program::new(["measure", "--json"]).arg(input).args(options);
    run.run().expect_success().json()
}

fn measured(channels: &[Vec<f32>], options: &[&str]) -> Value {
    let place = Place::new();
    let wav = place.write("sound.wav", float_wav(RATE, channels));
    measure(&wav, options)
}

/// A 1 kHz sine through stages of level (dBFS) and length (s), as EBU has them.
fn stages(stages: &[(f64, f64)]) -> Vec<f32> {
    let mut out = Vec::new();
    for &(db, secs) in stages {
        let amplitude = 10f64.powf(db / 20.0);
        for _ in 0..(secs * f64::from(RATE)).round() as usize {
            let angle = TAU * (out.len() % 48) as f64 / 48.0;
            out.push((amplitude * angle.sin()) as f32);
        }
    }
    out
}

#[track_caller]
fn assert_near(said: &Value, name: &str, expected: f64, tolerance: f64) {
    let value = number(said, name);
    assert!(
        (value - expected).abs() <= tolerance,
        "{name}: {value}, not {expected}"
    );
}

/// There is no K-weighting below 4 kHz; everything else is measured all the same.
#[test]
fn a_rate_without_loudness_has_everything_else() {
    let place = Place::new();
    let sine: Vec<f32> = (0..8000).map(|n| 0.5 * (n as f32 * 0.7).sin()).collect();
    for (rate, has_loudness) in [(1000, false), (2000, false), (3000, false), (4000, true)] {
        let wav = place.write("slow.wav", float_wav(rate, &[sine.clone(), sine.clone()]));
        let run = Program::new(["measure", "--json"]).arg(&wav).run();
        let outcome = run.expect_success();
        let said = outcome.stderr.contains("no loudness and no true peaks");
        assert_eq!(said, !has_loudness, "{}", outcome.stderr);
        let report = outcome.json();
        assert_eq!(report["programme"].is_object(), has_loudness, "{report}");
        assert_near(&report["levels"][0], "rms_dbfs", -6.02, 0.05);
        assert_near(&report["pair"], "correlation", 1.0, 1e-6);
    }
}

#[test]
fn levels_are_their_definitions() {
    let frames = 2 * RATE as usize;
    let wave = |frame: usize, hertz: f64| (TAU * hertz * frame as f64 / f64::from(RATE)).sin();
    let sine: Vec<f32> = (0..frames).map(|n| 0.5 * wave(n, 1000.0) as f32).collect();
    let square: Vec<f32> = (0..frames)
        .map(|n| if n / 24 % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    let biased: Vec<f32> = sine.iter().map(|x| x + 0.25).collect();
    let mut spike = vec![0.0; frames];
    spike[777] = -1.5;
    spike[888] = f32::NAN;
    spike[889] = f32::INFINITY;
    let channels = [sine, square, biased, spike, vec![0.0; frames]];
    let place = Place::new();
    let wav = place.write("sound.wav", float_wav(RATE, &channels));
    let outcome = Program::new(["measure", "--json"])
        .arg(&wav)
        .run()
        .expect_success();
    assert!(
        outcome
            .stderr
            .contains("2 samples of channel 4 are no numbers"),
        "{}",
        outcome.stderr
    );
    let said = outcome.json();
    let levels = said["levels"].as_array().expect("channels");
    // Peak, RMS (a full-scale sine has 0), crest, mean, clipped, invalid.
    let three = 10.0 * 2f64.log10();
    let bias = 10.0 * (2.0 * (0.125 + 0.0625_f64)).log10();
    let once = 20.0 * 1.5f64.log10();
    let lone = 10.0 * (2.0 * 2.25 / frames as f64).log10();
    for (row, expected) in levels.iter().zip([
        [-6.0206, -6.0206, three, 0.0, 0.0, 0.0],
        [0.0, three, 0.0, 0.0, frames as f64, 0.0],
        [-2.4988, bias, -2.4988 - bias + three, 0.25, 0.0, 0.0],
        [
            once,
            lone,
            once - lone + three,
            -1.5 / frames as f64,
            1.0,
            2.0,
        ],
    ]) {
        for (name, expected) in [
            "peak_dbfs",
            "rms_dbfs",
            "crest_db",
            "dc_full_scale",
            "clipped_samples",
            "invalid_samples",
        ]
        .into_iter()
        .zip(expected)
        {
            assert_near(row, name, expected, 0.001);
        }
    }
    let silent = &levels[4];
    for name in ["peak_dbfs", "true_peak_dbtp", "rms_dbfs", "crest_db"] {
        assert_eq!(silent[name], Value::Null, "{name}");
    }
    assert_eq!(said["pair"], Value::Null, "which of five?");
    // 16-bit full scale is full scale, on both sides.
    let data: Vec<u8> = [32_767_i16, -32_768, 32_766, -32_767, 0, 1]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let wav = place.write("short.wav", recording::wav(1, &data.repeat(1000)));
    assert_near(
        &measure(&wav, &[])["levels"][0],
        "clipped_samples",
        3000.0,
        0.0,
    );
}

#[test]
fn ebu_tech_3341_integrated_loudness() {
    for program in [
        &[(-23.0, 20.0)][..],
        &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
        &[
            (-72.0, 10.0),
            (-36.0, 10.0),
            (-23.0, 60.0),
            (-36.0, 10.0),
            (-72.0, 10.0),
        ],
        &[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
    ] {
        let x = stages(program);
        let said = measured(&[x.clone(), x], &[]);
        assert_near(&said["programme"], "integrated_lufs", -23.0, 0.1);
        assert_eq!(said["programme"]["layout"], "stereo");
    }
    // Signal 2, and signal 1 on its other time scales.
    let x = stages(&[(-33.0, 20.0)]);
    let said = measured(&[x.clone(), x], &[]);
    for name in [
        "integrated_lufs",
        "max_momentary_lufs",
        "max_short_term_lufs",
    ] {
        assert_near(&said["programme"], name, -33.0, 0.1);
    }
    // Signal 6: five channels of a layout.
    let [front, centre, back] = [-28.0, -24.0, -30.0].map(|db| stages(&[(db, 20.0)]));
    let said = measured(&[front.clone(), front, centre, back.clone(), back], &[]);
    assert_near(&said["programme"], "integrated_lufs", -23.0, 0.1);
}

#[test]
fn ebu_tech_3341_maxima_wherever_they_begin() {
    for i in [0, 1, 2, 7, 13, 19] {
        // Signal 10: 3 s; signal 13: 0.4 s.
        let x = stages(&[(-200.0, f64::from(i) * 0.15), (-23.0, 3.0), (-200.0, 1.0)]);
        let said = measured(&[x.clone(), x], &[]);
        assert_near(&said["programme"], "max_short_term_lufs", -23.0, 0.1);
        let x = stages(&[(-200.0, f64::from(i) * 0.02), (-23.0, 0.4), (-200.0, 1.0)]);
        let said = measured(&[x.clone(), x], &[]);
        assert_near(&said["programme"], "max_momentary_lufs", -23.0, 0.1);
    }
}

#[test]
fn ebu_tech_3341_true_peaks_between_the_samples() {
    for (divisor, degrees, amplitude, expected) in [
        (4.0, 0.0, 0.5, -6.0),
        (4.0, 45.0, 0.5, -6.0),
        (6.0, 60.0, 0.5, -6.0),
        (8.0, 67.5, 0.5, -6.0),
        (4.0, 45.0, 1.41, 3.0),
    ] {
        let n = RATE as usize;
        let wave = |frame: usize| {
            let phase = frame as f64 / divisor * TAU + f64::to_radians(degrees);
            // A taper, so that the start is no click of its own.
            let taper = (frame.min(n - frame) as f64 / 4800.0).min(1.0);
            (amplitude * taper * phase.sin()) as f32
        };
        let said = measured(&[(0..n).map(wave).collect(), vec![0.0; n]], &[]);
        let peak = number(&said["levels"][0], "true_peak_dbtp");
        // The tolerance of Tech 3341: +0.2, −0.4 dB.
        assert!(
            (-0.4..=0.2).contains(&(peak - expected)),
            "{divisor} {degrees}: {peak}"
        );
        assert_eq!(number(&said["programme"], "true_peak_dbtp"), peak);
    }
}

#[test]
fn ebu_tech_3342_loudness_range() {
    for (program, expected) in [
        (&[(-20.0, 20.0), (-30.0, 20.0)][..], 10.0),
        (&[(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        (&[(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        (
            &[
                (-50.0, 20.0),
                (-35.0, 20.0),
                (-20.0, 20.0),
                (-35.0, 20.0),
                (-50.0, 20.0),
            ],
            15.0,
        ),
    ] {
        let x = stages(program);
        let said = measured(&[x.clone(), x], &[]);
        assert_near(&said["programme"], "range_lu", expected, 1.0);
    }
}

#[test]
fn a_pair_is_compared() {
    let frames = 4 * RATE as usize;
    let wave = |frame: usize| (TAU * 500.0 * frame as f64 / f64::from(RATE)).sin() as f32;
    let left: Vec<f32> = (0..frames).map(|n| 0.5 * wave(n)).collect();
    // The same at half the level; turned over in the third second.
    let right: Vec<f32> = (0..frames)
        .map(|n| 0.25 * wave(n) * if n / RATE as usize == 2 { -1.0 } else { 1.0 })
        .collect();
    let silent = vec![0.0; frames];
    let channels = [silent, left.clone(), right.clone()];
    let said = measured(&channels, &["--pair", "2,3"]);
    let pair = &said["pair"];
    assert_eq!(pair["channels"], json!([2, 3]));
    // Three seconds alike, one opposite.
    assert_near(pair, "correlation", 0.5, 0.001);
    assert_near(pair, "balance_db", -6.0206, 0.001);
    // A meter of 0.3 s sees e^(−1/0.3) of what was before.
    assert_near(
        pair,
        "lowest_correlation",
        -1.0 + 2.0 * (-1.0f64 / 0.3).exp(),
        0.01,
    );
    assert_near(pair, "lowest_at_secs", 3.0, 0.011);
    let turned = measured(&channels, &["--pair", "3,2"]);
    assert_near(&turned["pair"], "balance_db", 6.0206, 0.001);
    let with_silence = measured(&channels, &["--pair", "1,2"]);
    for name in ["correlation", "lowest_correlation", "balance_db"] {
        assert_eq!(with_silence["pair"][name], Value::Null, "{name}");
    }
    // Of two channels the pair is plain.
    let said = measured(&[left, right], &[]);
    assert_eq!(said["pair"]["channels"], json!([1, 2]));
    assert_near(&said["pair"], "correlation", 0.5, 0.001);
}

#[test]
fn coherence_is_that_of_scipy() {
    let place = Place::new();
    let wav = match recording::joined(&place, "four.wav", 4, 150_000) {
        Ok(wav) => wav,
        Err(reason) => return skip("coherence_is_that_of_scipy", &reason),
    };
    let npy = place.path("coherence.npy");
    for (reference, size, hop) in [(1, 2048, 512), (3, 512, 256)] {
        let texts = [reference, size, hop].map(|n: usize| n.to_string());
        let options = [
            ["--reference", texts[0].as_str()],
            ["--window-size", &texts[1]],
            ["--hop", &texts[2]],
            ["--min-hz", "200"],
            ["--max-hz", "5000"],
        ];
        let run = Program::new(["measure", "--json", "--overwrite", "-o"])
            .arg(&npy)
            .arg(&wav);
        let said = run
            .args(options.as_flattened())
            .run()
            .expect_success()
            .json();
        let script = match python::script("compare_coherence.py") {
            Ok(script) => script,
            Err(reason) => return skip("coherence_is_that_of_scipy", reason),
        };
        let mut script = script;
        let text = python::output(script.args([&wav, &npy]).args(&texts).args(["200", "5000"]));
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(theirs["dtype"], "float32");
        assert_eq!(theirs["shape"], theirs["expected_shape"]);
        assert_eq!(theirs["shape"], json!([4, size / 2 + 1]));
        assert!(number(&theirs, "worst") < 1e-6, "{theirs}");
        let ours = said["coherence"]["means"].as_array().expect("a list");
        for (mean, theirs) in ours.iter().zip(theirs["means"].as_array().expect("a list")) {
            assert_near(mean, "coherence", theirs.as_f64().expect("a number"), 1e-4);
        }
        assert_eq!(number(&ours[reference - 1], "coherence"), 1.0);
        let segments = (150_000 - size) / hop + 1;
        assert_eq!(said["coherence"]["segments"], segments);
    }
    assert_eq!(Array::read(&npy).shape, [4, 257]);
}

#[test]
fn the_table_says_it_to_people() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::SweepPair, 2, RATE, 4, None);
    let outcome = Program::new(["measure", "--reference", "1"]).arg(&ring);
    let outcome = outcome.run().expect_success();
    for words in [
        "CHANNEL  PEAK dBFS  TRUE PEAK dBTP  RMS dBFS  CREST dB",
        "LOUDNESS (EBU R128, stereo)",
        "integrated",
        "LUFS",
        "PAIR 1, 2",
        "correlation",
        "COHERENCE to channel 1",
    ] {
        assert!(
            outcome.stdout.contains(words),
            "{words}:\n{}",
            outcome.stdout
        );
    }
    // More channels than loudness is defined for: levels all the same, and a word.
    let many = Place::new();
    let ring = signal_ring(&many, Signal::Sine(440.0), 65, RATE, 1, None);
    let outcome = Program::new(["measure"]).arg(&ring).run().expect_success();
    assert_eq!(outcome.stdout.lines().count(), 66);
    assert!(outcome.stderr.contains("65 channels"), "{}", outcome.stderr);
}

#[test]
fn one_channel_of_many() {
    let x = stages(&[(-23.0, 5.0)]);
    let loud = stages(&[(-3.0, 5.0)]);
    let said = measured(&[loud, x], &["--channel", "2"]);
    assert_eq!(said["programme"]["layout"], "mono");
    assert_eq!(said["levels"][0]["channel"], 2);
    assert_near(&said["programme"], "integrated_lufs", -26.0, 0.1);
    assert_eq!(said["pair"], Value::Null);
}
