//! `soundfall stft` and `envelope` beside their definitions: shapes, spans, channels, files and
//! rings, NPY and JSON. (The spectrum itself is compared with scipy's elsewhere.)

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::{Value, json};
use soundfall_capture::signal::Signal;
use soundfall_tests::npy::Array;
use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::recording::{self, float_wav};
use soundfall_tests::signal_ring::signal_ring;
use soundfall_tests::skip::skip;
use std::path::Path;

const RATE: u32 = 48_000;

/// Channels of a pseudo-random walk, every one its own.
fn walks(channels: usize, frames: usize) -> Vec<Vec<f32>> {
    let mut state = 99_u32;
    (0..channels)
        .map(|channel| {
            let mut at = 0.0_f32;
            (0..frames)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let step = f64::from(state >> 8) / f64::from(1 << 24) - 0.5;
                    at = (at + step as f32 * 0.1).clamp(-1.0, 1.0) * 0.999;
                    at / (channel + 1) as f32
                })
                .collect()
        })
        .collect()
}

/// Runs `soundfall COMMAND INPUT --json -o` with options: the array, and what is said of it.
fn array(command: &str, input: &Path, options: &[&str]) -> (Array, Value) {
    let place = Place::new();
    let npy = place.path("array.npy");
    let outcome = Program::new([command, "--json", "-o"])
        .arg(&npy)
        .arg(input)
        .args(options)
        .run()
        .expect_success();
    assert_eq!(outcome.stderr, "", "no words where nothing is wrong");
    (Array::read(&npy), outcome.json())
}

/// Minimum, maximum and RMS of point `p` of `points`, by the definition.
fn point(samples: &[f32], points: usize, p: usize) -> [f64; 3] {
    let n = samples.len();
    let (first, end) = (p * n / points, (p + 1) * n / points);
    // Where no frame is left for a point: the nearest one.
    let part = &samples[first..end.max(first + 1)];
    let square = |x: &f32| f64::from(*x) * f64::from(*x);
    let mean = part.iter().map(square).sum::<f64>() / part.len() as f64;
    let low = part.iter().fold(f32::INFINITY, |a, b| a.min(*b));
    let high = part.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    [low.into(), high.into(), mean.sqrt()]
}

#[test]
fn an_envelope_is_minimum_and_maximum_of_every_point() {
    let place = Place::new();
    for channels in [1, 2, 5, 8] {
        let sound = walks(channels, 10_007);
        let wav = place.write("walk.wav", float_wav(RATE, &sound));
        // Fewer points than frames, as many, more.
        for points in [1, 7, 1000, 10_007, 12_345] {
            let count = points.to_string();
            let (two, said) = array("envelope", &wav, &["--points", &count]);
            let (three, _) = array("envelope", &wav, &["--rms", "--points", &count]);
            assert_eq!(two.shape, [channels, points, 2]);
            assert_eq!(three.shape, [channels, points, 3]);
            assert_eq!(said["shape"], json!([channels, points, 2]));
            for (channel, samples) in sound.iter().enumerate() {
                for p in 0..points {
                    let [min, max, rms] = point(samples, points, p);
                    let found: Vec<f64> =
                        three.row(channel, p).iter().map(|x| (*x).into()).collect();
                    assert_eq!(found[..2], [min, max], "{channels} {points} {channel} {p}");
                    assert!((found[2] - rms).abs() < 1e-6, "{found:?} {rms}");
                    assert_eq!(three.row(channel, p)[..2], *two.row(channel, p));
                }
            }
            let maxima = said["maxima"].as_array().expect("a list");
            assert_eq!(maxima.len(), channels);
            for (maximum, samples) in maxima.iter().zip(&sound) {
                let frame = (number(maximum, "time_secs") * f64::from(RATE)).round() as usize;
                let most = samples.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
                assert_eq!(samples[frame].abs(), most, "{said:#}");
                let level = 20.0 * f64::from(most).log10();
                assert!((number(maximum, "level_dbfs") - level).abs() < 1e-3);
            }
        }
    }
}

#[test]
fn an_envelope_has_a_thousand_points_where_nothing_is_said() {
    let place = Place::new();
    let wav = place.write("walk.wav", float_wav(RATE, &walks(1, 4800)));
    let (envelope, said) = array("envelope", &wav, &[]);
    assert_eq!(envelope.shape, [1, 1000, 2]);
    assert_eq!(said["values_of_a_point"], json!(["min", "max"]));
    assert!((number(&said, "point_secs") - 1e-4).abs() < 1e-12);
    assert!((number(&said, "first_secs") - 5e-5).abs() < 1e-12);
}

#[test]
fn a_span_is_the_same_as_a_file_of_that_span() {
    let place = Place::new();
    let sound = walks(2, 96_000);
    let wav = place.write("walk.wav", float_wav(RATE, &sound));
    let part: Vec<Vec<f32>> = sound.iter().map(|c| c[12_000..60_000].to_vec()).collect();
    let cut = place.write("cut.wav", float_wav(RATE, &part));
    let span = ["--from", "0.25", "--to", "1.25"];
    for command in ["stft", "envelope"] {
        let (of_span, said) = array(command, &wav, &span);
        let (of_cut, said_of_cut) = array(command, &cut, &[]);
        assert_eq!(of_span, of_cut, "{command}");
        assert_eq!(
            [number(&said, "from_secs"), number(&said, "to_secs")],
            [0.25, 1.25]
        );
        let later = number(&said, "first_secs") - number(&said_of_cut, "first_secs");
        assert!((later - 0.25).abs() < 1e-6, "{said:#}");
        // An end behind the end is the end.
        let (to_end, said) = array(command, &wav, &["--from", "1.5", "--to", "77"]);
        assert_eq!(number(&said, "to_secs"), 2.0);
        assert_eq!(to_end, array(command, &wav, &["--from", "1.5"]).0);
    }
}

#[test]
fn columns_begin_at_the_first_frame_and_are_whole_windows() {
    let place = Place::new();
    for (frames, columns) in [(2048, 1), (2559, 1), (2560, 2), (48_000, 90)] {
        let wav = place.write("walk.wav", float_wav(RATE, &walks(1, frames)));
        let (spectrum, said) = array("stft", &wav, &[]);
        assert_eq!(spectrum.shape, [1, columns, 1025]);
        assert!((number(&said, "first_secs") - 1024.0 / 48_000.0).abs() < 1e-6);
    }
    // The second column is the first one of the sound from the hop on.
    let sound = walks(1, 4096);
    let wav = place.write("walk.wav", float_wav(RATE, &sound));
    let later = place.write("later.wav", float_wav(RATE, &[sound[0][512..].to_vec()]));
    let (all, _) = array("stft", &wav, &[]);
    let (from_hop, _) = array("stft", &later, &[]);
    assert_eq!(all.row(0, 1), from_hop.row(0, 0));
}

#[test]
fn channels_are_chosen_as_everywhere() {
    let place = Place::new();
    let sound = walks(8, 4096);
    let wav = place.write("walk.wav", float_wav(RATE, &sound));
    for command in ["stft", "envelope"] {
        let (all, _) = array(command, &wav, &[]);
        assert_eq!(all.shape[0], 8);
        for (list, expected) in [
            ("3", &[3][..]),
            ("8", &[8]),
            ("1,6-8", &[1, 6, 7, 8]),
            ("5,2,5", &[5, 2, 5]),
        ] {
            let (some, said) = array(command, &wav, &["--channel", list]);
            assert_eq!(said["channels"], json!(expected));
            assert_eq!(some.shape, [expected.len(), all.shape[1], all.shape[2]]);
            for (index, channel) in expected.iter().enumerate() {
                for row in 0..all.shape[1] {
                    assert_eq!(some.row(index, row), all.row(channel - 1, row), "{list}");
                }
            }
        }
    }
}

#[test]
fn json_without_a_file_holds_the_array() {
    let place = Place::new();
    let wav = place.write("walk.wav", float_wav(RATE, &walks(3, 6000)));
    for (command, options) in [
        ("stft", &["--window-size", "256"][..]),
        ("envelope", &["--points", "9", "--rms"]),
    ] {
        let (array, said) = array(command, &wav, options);
        assert!(said.get("values").is_none(), "the array is in its file");
        let outcome = Program::new([command, "--json"]).arg(&wav).args(options);
        let whole = outcome.run().expect_success().json();
        for (name, value) in said.as_object().expect("an object") {
            assert_eq!(whole[name], *value, "{name}");
        }
        let values: Vec<f32> = whole["values"]
            .as_array()
            .expect("channels")
            .iter()
            .flat_map(|channel| channel.as_array().expect("rows"))
            .flat_map(|row| row.as_array().expect("values"))
            .map(|value| value.as_f64().expect("a number") as f32)
            .collect();
        assert_eq!(values, array.values, "{command}: to the last bit");
    }
}

#[test]
fn silence_has_no_maximum() {
    let place = Place::new();
    let silence = vec![0.0; 4096];
    let mut tick = silence.clone();
    tick[100] = -0.5;
    let wav = place.write("tick.wav", float_wav(RATE, &[silence, tick]));
    for command in ["stft", "envelope"] {
        let (_, said) = array(command, &wav, &[]);
        assert_eq!(said["maxima"][0], Value::Null);
        assert_eq!(said["maxima"][1]["channel"], 2);
    }
}

#[test]
fn a_ring_counts_from_its_oldest_frame_and_says_what_is_lost() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::Chord, 2, RATE, 2, None);
    let (all, said) = array("stft", &ring, &[]);
    assert_eq!(all.shape, [2, (96_000 - 2048) / 512 + 1, 1025]);
    assert_eq!(said["lost"], json!([]));
    let (part, _) = array("stft", &ring, &["--from", "1.024"]);
    assert_eq!(part.row(1, 0), all.row(1, 96), "1.024 s are 96 hops");
    let (envelope, _) = array("envelope", &ring, &["--points", "50"]);
    assert_eq!(envelope.shape, [2, 50, 2]);

    let place = Place::new();
    let ring = signal_ring(&place, Signal::Chord, 1, RATE, 3, Some(1.0..1.5));
    for command in ["stft", "envelope"] {
        let npy = place.path("array.npy");
        let run = Program::new([command, "--json", "--from", "0.5", "--overwrite", "-o"]);
        let outcome = run.arg(&npy).arg(&ring).run().expect_success();
        let lost = &outcome.json()["lost"];
        assert_eq!(*lost, json!([{"from_secs": 1.0, "to_secs": 1.5}]));
        assert!(
            outcome.stderr.contains("1 gap, 0.500 s lost"),
            "{}",
            outcome.stderr
        );
    }
    let (before, said) = array("stft", &ring, &["--to", "1"]);
    assert_eq!(before.shape[0], 1);
    assert_eq!(said["lost"], json!([]));
}

#[test]
fn a_flac_file_is_its_wav_file() {
    let place = Place::new();
    let test = "a_flac_file_is_its_wav_file";
    for channels in [1, 2, 8] {
        let wav = match recording::joined(&place, "voices.wav", channels, 30_000) {
            Ok(wav) => wav,
            Err(reason) => return skip(test, &reason),
        };
        let flac = match recording::as_flac(&wav) {
            Ok(flac) => flac,
            Err(reason) => return skip(test, &reason),
        };
        for command in ["stft", "envelope"] {
            let (of_flac, said) = array(command, &flac, &["--from", "0.1", "--to", "0.5"]);
            let (of_wav, _) = array(command, &wav, &["--from", "0.1", "--to", "0.5"]);
            assert_eq!(of_flac, of_wav, "{command}, {channels} channels");
            assert_eq!(said["input"], "voices.flac");
        }
    }
}
