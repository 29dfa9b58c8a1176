//! `soundfall peaks`: tones of known frequency and level are listed as such, in a table, as JSON
//! and as NPY; noise is not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::Value;
use soundfall_capture::signal::Signal;
use soundfall_tests::npy::read_table;
use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::recording::float_wav;
use soundfall_tests::signal_ring::signal_ring;
use std::f64::consts::TAU;
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const RATE: u32 = 48_000;

/// A sine from one second to another.
struct Sine {
    channel: usize,
    hertz: f64,
    dbfs: f64,
    secs: Range<f64>,
}

const fn sine(channel: usize, hertz: f64, dbfs: f64, secs: Range<f64>) -> Sine {
    Sine {
        channel,
        hertz,
        dbfs,
        secs,
    }
}

/// Three seconds, two channels, noise at about −90 dBFS.
fn sines(place: &Place, sines: &[Sine]) -> PathBuf {
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state >> 8) / f64::from(1 << 24) - 0.5) * 6e-5
    };
    let frames = 3 * RATE as usize;
    let channels: Vec<Vec<f32>> = (0..2)
        .map(|channel| {
            let mine = || sines.iter().filter(|sine| sine.channel == channel);
            (0..frames)
                .map(|frame| {
                    let secs = frame as f64 / f64::from(RATE);
                    let sum: f64 = mine()
                        .filter(|sine| sine.secs.contains(&secs))
                        .map(|sine| {
                            let amplitude = 10f64.powf(sine.dbfs / 20.0);
                            amplitude * (TAU * sine.hertz * secs).sin()
                        })
                        .sum();
                    (sum + noise()) as f32
                })
                .collect()
        })
        .collect();
    place.write("sines.wav", float_wav(RATE, &channels))
}

fn peaks(input: &Path, options: &[&str]) -> Value {
    Program::new(["peaks", "--json"])
        .arg(input)
        .args(options)
        .run()
        .expect_success()
        .json()
}

fn rows<'a>(said: &'a Value, name: &str) -> &'a Vec<Value> {
    said[name].as_array().expect("a list")
}

/// Half a window: a tone is in the windows that reach it.
const HALF_WINDOW: f64 = 1024.0 / RATE as f64;

const TONES: [Sine; 5] = [
    sine(0, 440.0, -6.0, 0.0..3.0),
    sine(1, 261.63, -20.0, 0.0..1.0),
    sine(0, 1000.0, -30.0, 0.5..1.5),
    sine(1, 445.1, -12.0, 1.2..2.0),
    sine(0, 6000.0, -50.0, 2.0..3.0),
];

#[test]
fn every_tone_is_one_row() {
    let place = Place::new();
    let wav = sines(&place, &TONES);
    let said = peaks(&wav, &[]);
    let tones = rows(&said, "tones");
    assert_eq!(tones.len(), TONES.len(), "{said:#}");
    for (row, sine) in tones.iter().zip(&TONES) {
        assert_eq!(row["channel"], sine.channel + 1);
        // 1 % of a bin; a tone that begins or ends is a little blurred there.
        assert!(
            (number(row, "frequency_hz") - sine.hertz).abs() < 0.25,
            "{row}"
        );
        assert!((number(row, "level_dbfs") - sine.dbfs).abs() < 0.1, "{row}");
        for (name, secs) in [("time_secs", sine.secs.start), ("end_secs", sine.secs.end)] {
            let late = number(row, name) - secs;
            assert!(late.abs() <= HALF_WINDOW + 0.011, "{name}: {row}");
        }
    }
    let names: Vec<&str> = tones
        .iter()
        .filter_map(|row| row["note"].as_str())
        .collect();
    assert_eq!(names, ["A4", "C4", "B5", "A4", "F♯8"]);
    assert!(number(&tones[0], "cents").abs() < 0.5);
    assert!((number(&tones[3], "cents") - 19.96).abs() < 1.0);
    assert_eq!(tones[1]["midi"], 60);
    for (name, value) in [("a4_hz", 440.0), ("bin_hz", 23.4375), ("to_secs", 3.0)] {
        assert_eq!(number(&said, name), value, "{name}");
    }
}

#[test]
fn the_table_says_the_same() {
    let place = Place::new();
    let wav = sines(&place, &TONES);
    let outcome = Program::new(["peaks"]).arg(&wav).run().expect_success();
    assert_eq!(outcome.stderr, "");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 1 + TONES.len(), "{}", outcome.stdout);
    let words: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        words,
        ["CHANNEL", "TIME", "END", "HZ", "DBFS", "NOTE", "CENTS"]
    );
    let said = peaks(&wav, &[]);
    for (line, row) in lines[1..].iter().zip(rows(&said, "tones")) {
        assert_eq!(
            line.chars().count(),
            lines[0].chars().count(),
            "aligned: {line}"
        );
        let words: Vec<&str> = line.split_whitespace().collect();
        let value = |index: usize| words[index].parse::<f64>().expect("a number");
        for (index, name, tolerance) in [
            (0, "channel", 0.0),
            (1, "time_secs", 0.0006),
            (2, "end_secs", 0.0006),
            (3, "frequency_hz", 0.006),
            (4, "level_dbfs", 0.006),
            (6, "cents", 0.06),
        ] {
            assert!(
                (value(index) - number(row, name)).abs() <= tolerance,
                "{line} {row}"
            );
        }
        assert_eq!(row["note"], words[5]);
    }
}

#[test]
fn every_peak_of_every_column() {
    let place = Place::new();
    let wav = sines(&place, &TONES);
    let said = peaks(
        &wav,
        &[
            "--columns",
            "--channel",
            "1",
            "--from",
            "0.6",
            "--to",
            "1.4",
        ],
    );
    let rows = rows(&said, "peaks");
    let columns = (38_400 - 2048) / 512 + 1;
    assert_eq!(rows.len(), 2 * columns);
    for (index, pair) in rows.chunks_exact(2).enumerate() {
        let secs = 0.6 + (index * 512 + 1024) as f64 / f64::from(RATE);
        for (row, sine) in pair.iter().zip([&TONES[0], &TONES[2]]) {
            assert!((number(row, "time_secs") - secs).abs() < 1e-5);
            assert!(
                (number(row, "frequency_hz") - sine.hertz).abs() < 0.2344,
                "{row}"
            );
            assert!((number(row, "level_dbfs") - sine.dbfs).abs() < 0.1, "{row}");
            assert!(row.get("end_secs").is_none());
        }
    }
    let loudest = peaks(
        &wav,
        &["--columns", "--max", "1", "--from", "0.6", "--to", "0.8"],
    );
    for row in loudest["peaks"].as_array().expect("a list") {
        let sine = &TONES[number(row, "channel") as usize - 1];
        assert!((number(row, "frequency_hz") - sine.hertz).abs() < 0.25);
    }
}

#[test]
fn thresholds_and_tuning() {
    let place = Place::new();
    let wav = sines(&place, &TONES);
    let count = |options: &[&str]| rows(&peaks(&wav, options), "tones").len();
    assert_eq!(count(&["--threshold", "-25"]), 3);
    assert_eq!(count(&["--threshold=-40"]), 4);
    assert_eq!(count(&["--min-secs", "0.95"]), 4, "one is 0.8 s long");
    // Between 440 and 1000 Hz the spectrum does not sink that far.
    let said = peaks(&wav, &["--prominence", "75"]);
    let is_middle = |row: &Value| (number(row, "frequency_hz") - 1000.0).abs() < 1.0;
    assert!(!rows(&said, "tones").iter().any(is_middle), "{said:#}");
    let said = peaks(&wav, &["--a4", "415", "--channel", "2"]);
    let tones = rows(&said, "tones");
    assert_eq!(
        (&tones[0]["note"], &tones[1]["note"]),
        (&"C♯4".into(), &"A♯4".into())
    );
}

#[test]
fn a_table_of_numbers_is_read_back() {
    let place = Place::new();
    let wav = sines(&place, &TONES);
    let npy = place.path("peaks.npy");
    for options in [&[][..], &["--columns"]] {
        let run = Program::new(["peaks", "--json", "--overwrite", "-o"]);
        let said = run.arg(&npy).arg(&wav).args(options);
        let said = said.run().expect_success().json();
        let table = read_table(&npy);
        let list = rows(&said, if options.is_empty() { "tones" } else { "peaks" });
        assert_eq!(table.len(), list.len());
        let fields = said["fields"].as_array().expect("names");
        for (numbers, row) in table.iter().zip(list) {
            assert_eq!(numbers.len(), fields.len());
            for (value, name) in numbers.iter().zip(fields) {
                let said = number(row, name.as_str().expect("a name"));
                assert!((value - said).abs() <= 0.006, "{name}: {value} {row}");
            }
        }
    }
    // Without --json nothing is printed.
    let outcome = Program::new(["peaks", "--overwrite", "-o"])
        .arg(&npy)
        .arg(&wav)
        .run();
    assert_eq!(outcome.expect_success().stdout, "");
}

#[test]
fn noise_is_no_tone_unless_asked_for() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::White, 1, RATE, 4, None);
    let said = peaks(&ring, &[]);
    let unsteady = peaks(&ring, &["--unsteady"]);
    let (few, many) = (rows(&said, "tones").len(), rows(&unsteady, "tones").len());
    assert!(few * 20 < many, "{few} of {many}");
    // A glide is no noise.
    let ring = signal_ring(&place, Signal::Chirp, 1, RATE, 4, None);
    let said = peaks(&ring, &["--min-secs", "1", "--max", "1"]);
    assert!(!rows(&said, "tones").is_empty(), "{said:#}");
}

#[test]
fn what_is_lost_is_left_out() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::Sine(440.0), 1, RATE, 4, Some(1.5..2.5));
    let outcome = Program::new(["peaks", "--json"]).arg(&ring).run();
    let outcome = outcome.expect_success();
    assert!(
        outcome.stderr.contains("1.000 s lost"),
        "{}",
        outcome.stderr
    );
    let said = outcome.json();
    let tones = rows(&said, "tones");
    assert_eq!(tones.len(), 2, "one before, one behind the gap: {said:#}");
    for (row, secs) in tones.iter().zip([0.0..1.5, 2.5..4.0]) {
        // No window touches the gap: the tone is as pure as it was.
        assert!(
            number(row, "time_secs") >= secs.start + HALF_WINDOW - 1e-5,
            "{row}"
        );
        assert!(
            number(row, "end_secs") <= secs.end - HALF_WINDOW + 1e-5,
            "{row}"
        );
        assert!((number(row, "frequency_hz") - 440.0).abs() < 0.01, "{row}");
    }
}

#[test]
fn nothing_found_is_said() {
    let place = Place::new();
    let wav = place.write("silence.wav", float_wav(RATE, &[vec![0.0; 48_000]]));
    for options in [&[][..], &["--columns"]] {
        let outcome = Program::new(["peaks"]).arg(&wav).args(options).run();
        let outcome = outcome.expect_success();
        assert_eq!(outcome.stdout.lines().count(), 1, "the head alone");
        assert!(outcome.stderr.contains("--threshold"), "{}", outcome.stderr);
    }
    assert!(rows(&peaks(&wav, &[]), "tones").is_empty());
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::White, 4, RATE, 5, None);
    for (command, options) in [
        ("peaks", &["--columns"][..]),
        ("peaks", &["--columns", "--json"]),
        ("stft", &["--json"]),
        ("envelope", &["--json"]),
        ("live", &["--help"]),
    ] {
        let mut child = std::process::Command::new(soundfall_tests::program::program_path())
            .arg(command)
            .args(options)
            .args((command != "live").then_some(&ring))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        reader.read_line(&mut line).expect("a line");
        drop(reader);
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "{command}: {}", output.status);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(words, "", "{command}");
    }
}
