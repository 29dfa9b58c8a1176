//! A ring that another program writes, in the base format and in Python: two viewers show
//! it at the same time, `ring info` describes it, `stft` finds its tones.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::Value;
use soundfall_tests::npy::Array;
use soundfall_tests::outcome::{Outcome, number};
use soundfall_tests::picture::Picture;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::python;
use soundfall_tests::skip::{Reason, skip};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

const RATE: usize = 44_100;
const CHANNELS: usize = 2;
/// Not a multiple of the block, so blocks straddle the end. Long enough for a slow renderer.
const CAPACITY: usize = 10 * RATE;
const BLOCK: usize = 1024;
const HERTZ: f64 = 1000.0;

/// The running Python program; ended when dropped.
struct Writer {
    process: Child,
    _place: Place,
    ring: PathBuf,
}

impl Writer {
    fn start() -> Result<Self, &'static Reason> {
        let place = Place::new();
        let ring = place.path("foreign");
        let mut script = python::script("base_ring_writer.py")?;
        let numbers = [RATE, CHANNELS, CAPACITY, BLOCK].map(|number| number.to_string());
        script
            .arg(&ring)
            .args(numbers)
            .args([HERTZ.to_string(), "120".to_owned()]);
        let mut process = script
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its output");
        let writer = Self {
            process,
            _place: place,
            ring,
        };
        assert_eq!(line.trim(), "ready");
        Ok(writer)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn view(ring: &Path, seconds: &str) -> Program {
    Program::new([
        "view",
        "--headless",
        "--seconds",
        seconds,
        "--stats",
        "-",
        "--ring",
    ])
    .arg(ring)
}

fn expect_shown(outcome: &Outcome) {
    let stats: Value = outcome.json();
    assert_eq!(number(&stats, "channels"), CHANNELS as f64);
    assert_eq!(number(&stats, "rate"), RATE as f64);
    assert!(number(&stats, "frames") > 0.0, "{stats:#}");
    assert!(number(&stats, "columns_analysed") > 0.0, "{stats:#}");
    assert!(number(&stats, "bytes_uploaded") > 0.0, "{stats:#}");
    for name in ["lost_frames", "laps", "gaps"] {
        assert_eq!(number(&stats, name), 0.0, "{name} in {stats:#}");
    }
}

#[test]
fn two_viewers_show_one_foreign_ring() {
    let writer = match Writer::start() {
        Ok(writer) => writer,
        Err(reason) => return skip("two_viewers_show_one_foreign_ring", reason),
    };
    let place = Place::new();
    let png = place.path("view.png");
    let first = view(&writer.ring, "3").arg("--snapshot").arg(&png).start();
    let second = view(&writer.ring, "2").start();

    let info = Program::new(["ring", "info", "--json"])
        .arg(&writer.ring)
        .run()
        .expect_success()
        .json();
    assert_eq!(number(&info, "sample_rate"), RATE as f64);
    assert_eq!(number(&info, "channels"), CHANNELS as f64);
    assert_eq!(number(&info, "capacity_frames"), CAPACITY as f64);
    assert_eq!(number(&info, "block_frames"), BLOCK as f64);
    assert_eq!(info["extended"], false);

    expect_shown(&second.wait().expect_success());
    expect_shown(&first.wait().expect_success());
    let picture = Picture::read(&png);
    assert!(
        picture.colours() > 50,
        "a landscape, not {} colours",
        picture.colours()
    );
}

#[test]
fn the_library_reads_it_sample_by_sample() {
    let writer = match Writer::start() {
        Ok(writer) => writer,
        Err(reason) => return skip("the_library_reads_it_sample_by_sample", reason),
    };
    let open = soundfall_ring_file::open(&writer.ring, false).expect("a ring");
    assert!(open.ring.extension().is_none());
    let newest = open.ring.written_frames();
    assert_eq!(newest % BLOCK as u64, 0);
    assert!(newest > CAPACITY as u64, "it has gone round");
    // Everything but the oldest second, which is being overwritten: round the end of the file.
    let start = newest - (CAPACITY - RATE) as u64;
    let mut sound = vec![0.0f64; CAPACITY - RATE];
    for channel in 0..CHANNELS {
        open.ring
            .read_f64(u32::try_from(channel).expect("few"), start, &mut sound)
            .expect("not lapped");
        for (n, sample) in sound.iter().enumerate() {
            let turns = HERTZ * (channel + 1) as f64 * (start as f64 + n as f64) / RATE as f64;
            let expected = 0.25 * (std::f64::consts::TAU * turns).sin();
            assert!(
                (sample - expected).abs() < 1e-9,
                "channel {channel}, frame {n}"
            );
        }
    }
}

#[test]
fn its_tones_are_where_they_were_put() {
    let writer = match Writer::start() {
        Ok(writer) => writer,
        Err(reason) => return skip("its_tones_are_where_they_were_put", reason),
    };
    let place = Place::new();
    let npy = place.path("spectrum.npy");
    // Times count from the oldest frame, which is being overwritten: keep away from it.
    Program::new(["stft", "--from", "3", "--to", "3.5", "-o"])
        .arg(&npy)
        .arg(&writer.ring)
        .run()
        .expect_success();
    let spectrum = Array::read(&npy);
    assert_eq!((spectrum.shape[0], spectrum.shape[2]), (CHANNELS, 1025));
    assert!(
        spectrum.shape[1] > 10,
        "half a second of columns: {:?}",
        spectrum.shape
    );
    for channel in 0..CHANNELS {
        let expected = HERTZ * (channel + 1) as f64 / (RATE as f64 / 2048.0);
        for column in 0..spectrum.shape[1] {
            let row = spectrum.row(channel, column);
            let peak = (0..row.len())
                .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                .expect("bins");
            assert!(
                (peak as f64 - expected).abs() <= 1.0,
                "channel {channel}, column {column}: bin {peak}, not {expected}"
            );
            // A quarter of full scale, less at most the scalloping of the window.
            assert!((-13.6..=-11.9).contains(&row[peak]), "{} dBFS", row[peak]);
        }
    }
}
