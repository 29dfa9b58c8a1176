//! A 440 Hz sine, played into a PulseAudio null sink and captured through it by the program:
//! its peak lies within half a bin of 440 Hz in the ring and in the STFT of the ring.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_ring::WriterState;
use soundfall_tests::npy::Array;
use soundfall_tests::outcome::number;
use soundfall_tests::picture::Picture;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::pulse::{NullSink, PulseServer};
use soundfall_tests::recording;
use soundfall_tests::scene::{ONE_ON_1080P, Scene};
use soundfall_tests::skip::{Reason, skip};
use std::f64::consts::TAU;
use std::path::Path;
use std::process::Child;

const HERTZ: f64 = 440.0;
const LEVEL: f64 = 0.5;
const BIN: f64 = recording::RATE as f64 / 2048.0;

/// A server whose default device hears the sine on both channels; ends when dropped.
struct Sounding {
    server: PulseServer,
    player: Child,
    _place: Place,
}

impl Sounding {
    fn start() -> Result<Self, Reason> {
        let server = PulseServer::start(&[NullSink::new("loop", 2, recording::RATE)])?;
        let place = Place::new();
        let data: Vec<u8> = (0..120 * u64::from(recording::RATE))
            .flat_map(|frame| {
                let sine = (TAU * HERTZ * frame as f64 / f64::from(recording::RATE)).sin();
                let sample = ((LEVEL * 32_768.0 * sine).round() as i16).to_le_bytes();
                [sample, sample].concat()
            })
            .collect();
        let wav = place.write("sine.wav", recording::wav(2, &data));
        let player = server.play(&wav, Some("loop")).expect("paplay starts");
        Ok(Self {
            server,
            player,
            _place: place,
        })
    }

    fn program(&self, args: &[&str]) -> Program {
        self.server
            .env()
            .into_iter()
            .fold(Program::new(args), |program, (name, value)| {
                program.env(name, value)
            })
    }
}

impl Drop for Sounding {
    fn drop(&mut self) {
        let _ = self.player.kill();
        let _ = self.player.wait();
    }
}

/// Frequency in Hz where the spectrum of `sound` is strongest near 440 Hz, found by the
/// definition of the Fourier transform on a fine grid, without any of our own analysis.
fn strongest(sound: &[f64]) -> f64 {
    let power = |hertz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in sound.iter().enumerate() {
            let angle = TAU * hertz * n as f64 / f64::from(recording::RATE);
            re += sample * angle.cos();
            im += sample * angle.sin();
        }
        re * re + im * im
    };
    let grid = (0..1200).map(|step| 40.0 + f64::from(step));
    grid.max_by(|a, b| power(*a).total_cmp(&power(*b)))
        .expect("a grid")
}

/// Whether the sine is in all of the ring's last three seconds.
fn sounds(ring: &Path) -> bool {
    let Ok(open) = soundfall_ring_file::open(ring, false) else {
        return false;
    };
    let mut sound = vec![0.0; 3 * recording::RATE as usize];
    let end = open.ring.written_frames();
    let Some(first) = end.checked_sub(sound.len() as u64) else {
        return false;
    };
    let read = open.ring.read_f64(0, first, &mut sound);
    read.is_ok()
        && sound.chunks(480).all(|part| {
            let loudest = part.iter().fold(0.0f64, |most, one| most.max(one.abs()));
            (loudest - LEVEL).abs() < 0.01
        })
}

/// Captures, then looks at the ring and at its STFT.
fn captured_through(test: &str, device: &[&str]) {
    let sounding = match Sounding::start() {
        Ok(sounding) => sounding,
        Err(reason) => return skip(test, &reason),
    };
    let place = Place::new();
    let ring = place.path("ring");
    let capture = sounding.program(&["capture", "--stats", "-", "--ring"]);
    let mut capture = capture.arg(&ring).args(device).start();
    // The player may have started after the recorder.
    capture.wait_until("three seconds of the sine", || sounds(&ring));
    capture.interrupt();
    let stats = capture.wait().expect_success().json();

    let open = soundfall_ring_file::open(&ring, false).expect("a ring");
    // None, unless the machine kept the device's thread waiting.
    let lost: u64 = open.ring.gaps().iter().map(|gap| gap.length_frames).sum();
    assert_eq!(number(&stats, "lost_frames"), lost as f64, "{stats:#}");
    assert_eq!(open.ring.writer_state(), WriterState::Closed);
    let format = open.ring.format();
    assert_eq!((format.sample_rate, format.channels), (recording::RATE, 2));
    let npy = place.path("spectrum.npy");
    let stft = Program::new(["stft", "-o"]).arg(&npy).arg(&ring);
    stft.run().expect_success();

    let mut sound = vec![0.0; 8192];
    for channel in 0..2 {
        open.ring
            .read_f64(channel, open.ring.written_frames() - 8192, &mut sound)
            .expect("readable");
        let found = strongest(&sound);
        assert!(
            (found - HERTZ).abs() <= BIN / 2.0,
            "channel {channel}: {found} Hz in the ring"
        );
        let loudest = sound
            .iter()
            .fold(0.0f64, |most, sample| most.max(sample.abs()));
        assert!(
            (loudest - LEVEL).abs() < 0.01,
            "channel {channel}: {loudest}, not {LEVEL}"
        );
    }

    let png = place.path("ridge.png");
    let render = Program::new([
        "render",
        "--channel",
        "1",
        "--span",
        "3",
        "--size",
        "1920x1080",
    ]);
    let render = render.args(["--colormap", "grey", "--db-max", "0", "-o"]);
    render.arg(&png).arg(&ring).run().expect_success();
    let picture = Picture::read(&png);
    let scene = Scene::new(ONE_ON_1080P, f64::from(recording::RATE));
    // The crest of a sine at half scale, over -90 to 0 dBFS.
    let crest = (20.0 * (LEVEL as f32).log10() + 90.0) / 90.0;
    for age in [0.1, 0.3] {
        let found = scene.ridge(&picture, 0, HERTZ, age, crest);
        assert!(
            (found - HERTZ).abs() <= BIN / 2.0,
            "{found} Hz in the picture at age {age}"
        );
    }

    let spectrum = Array::read(&npy);
    assert_eq!((spectrum.shape[0], spectrum.shape[2]), (2, 1025));
    for channel in 0..2 {
        // Columns of the last second.
        for column in spectrum.shape[1].saturating_sub(80)..spectrum.shape[1] {
            let row = spectrum.row(channel, column);
            let peak = (0..row.len())
                .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                .expect("bins");
            let found = interpolated(row, peak) * BIN;
            assert!(
                (found - HERTZ).abs() <= BIN / 2.0,
                "channel {channel}, column {column}: {found} Hz"
            );
        }
    }
}

/// Bin of the peak, refined by a parabola through the neighbours in dB.
fn interpolated(row: &[f32], peak: usize) -> f64 {
    let [a, b, c] = [row[peak - 1], row[peak], row[peak + 1]].map(f64::from);
    peak as f64 + 0.5 * (a - c) / (a - 2.0 * b + c)
}

#[test]
fn a_sine_through_the_default_device() {
    captured_through("a_sine_through_the_default_device", &[]);
}

#[test]
fn a_sine_through_a_device_by_name() {
    let device = ["--device", "loop.monitor"];
    captured_through("a_sine_through_a_device_by_name", &device);
}

#[test]
fn the_device_is_listed() {
    let sounding = match Sounding::start() {
        Ok(sounding) => sounding,
        Err(reason) => return skip("the_device_is_listed", &reason),
    };
    let devices = sounding
        .program(&["devices", "--json"])
        .run()
        .expect_success()
        .json();
    let ours = devices
        .as_array()
        .into_iter()
        .flatten()
        .find(|device| {
            device["id"]
                .as_str()
                .is_some_and(|id| id.contains("loop.monitor"))
        })
        .unwrap_or_else(|| panic!("no loop.monitor in {devices:#}"));
    assert!(
        ours["name"].is_string() && ours["kind"].is_string(),
        "{ours:#}"
    );
}
