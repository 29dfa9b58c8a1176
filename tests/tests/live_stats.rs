//! The whole live way without a window loses nothing, analyses every column that is due, and
//! uploads new rows only: with a generated chord and with a real FLAC recording.
//!
//! The numbers are the program's own (`--stats`); no test measures time itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::Value;
use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::recording;
use soundfall_tests::skip::skip;
use std::path::Path;
use std::sync::Mutex;

const SECONDS: f64 = 10.0;
const CHANNELS: usize = 8;

/// One live run at a time: they are to keep up with real time.
static TURN: Mutex<()> = Mutex::new(());

fn live(ring: &Path, source: &[&str]) -> Value {
    let _turn = TURN.lock();
    let seconds = SECONDS.to_string();
    let program = Program::new([
        "live",
        "--headless",
        "--seconds",
        &seconds,
        // The display may take long to begin.
        "--history",
        "60",
        "--stats",
        "-",
        "--ring",
    ]);
    program.arg(ring).args(source).run().expect_success().json()
}

/// Columns of all channels in so many frames of sound: windows of 2048 that fit, 512 apart.
fn columns(frames: f64) -> f64 {
    CHANNELS as f64 * (((frames - 2048.0) / 512.0).floor() + 1.0)
}

fn expect_nothing_lost(stats: &Value, ring: &Path) {
    for name in ["lost_frames", "laps", "gaps", "columns_dropped"] {
        assert_eq!(number(stats, name), 0.0, "{name} in {stats:#}");
    }
    assert_eq!(number(stats, "channels"), CHANNELS as f64, "{stats:#}");
    let rate = number(stats, "rate");
    assert_eq!(rate, f64::from(recording::RATE), "{stats:#}");

    // All of the seconds that were shown, of all channels; and none twice, however long the ring
    // had been there before and the end took.
    let due = number(stats, "columns_due");
    let written = soundfall_ring_file::open(ring, false)
        .expect("the ring stays")
        .ring
        .written_frames();
    // The source may be late by two seconds before that is a loss.
    let least = columns((SECONDS - 2.0) * rate);
    let most = columns(written as f64);
    assert!(
        (least..=most).contains(&due),
        "{least} to {most}: {stats:#}"
    );
    assert_eq!(number(stats, "columns_analysed"), due, "{stats:#}");

    let (uploaded, new) = (
        number(stats, "bytes_uploaded"),
        number(stats, "bytes_of_new_rows"),
    );
    assert!(new > 0.0, "{stats:#}");
    assert!(
        uploaded <= 1.1 * new,
        "{uploaded} bytes uploaded for {new} bytes of new rows"
    );
    assert!(
        uploaded >= 0.9 * new,
        "only {uploaded} of {new} bytes of new rows uploaded"
    );
}

#[test]
fn a_chord_on_eight_channels() {
    let place = Place::new();
    let ring = place.path("ring");
    let stats = live(&ring, &["--signal", "chord", "--channels", "8"]);
    expect_nothing_lost(&stats, &ring);
}

#[test]
fn a_flac_recording_of_eight_channels() {
    let place = Place::new();
    let frames = (SECONDS + 4.0) as usize * recording::RATE as usize;
    let flac = recording::joined(&place, "voices.wav", CHANNELS, frames)
        .and_then(|wav| recording::as_flac(&wav));
    let flac = match flac {
        Ok(flac) => flac.display().to_string(),
        Err(reason) => return skip("a_flac_recording_of_eight_channels", &reason),
    };
    let ring = place.path("ring");
    let stats = live(&ring, &["--file", &flac]);
    expect_nothing_lost(&stats, &ring);
}

/// 2048 → 8192 → 512 while eight channels stream: no frame is lost, every column is accounted for,
/// and the figures say how long each change took.
#[test]
fn windows_change_while_eight_channels_stream() {
    let place = Place::new();
    let stats = live(
        &place.path("ring"),
        &[
            "--signal",
            "chord",
            "--channels",
            "8",
            "--change",
            "4:window-size=8192",
            "--change",
            "7:window-size=512",
        ],
    );
    for name in ["lost_frames", "laps", "gaps"] {
        assert_eq!(number(&stats, name), 0.0, "{name} in {stats:#}");
    }
    let columns = |name: &str| number(&stats, &format!("columns_{name}"));
    assert_eq!(columns("due"), columns("analysed") + columns("dropped"));
    let reanalysis = &stats["reanalysis"];
    assert_eq!(number(reanalysis, "count"), 2.0, "{stats:#}");
    let (first, whole) = (&reanalysis["first_ms"], &reanalysis["finished_ms"]);
    assert!(number(first, "max") > 0.0, "{stats:#}");
    assert!(number(first, "max") <= number(whole, "max"), "{stats:#}");
    assert!(number(&stats, "quality_steps") >= 0.0 && stats["quality"]["now"].is_string());
    assert!(number(&stats["job_ms"], "p99") > 0.0);
    assert!(number(&stats, "us_per_column") > 0.0);
    let (uploaded, new) = (
        number(&stats, "bytes_uploaded"),
        number(&stats, "bytes_of_new_rows"),
    );
    assert!(uploaded <= 1.1 * new, "{uploaded} for {new}");
}
