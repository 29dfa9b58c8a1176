//! Golden pictures of built-in signals, drawn by the program on the software renderer, and the
//! right place of a ridge in them.
//!
//! Somebody has looked at every expected picture.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::signal::{Generator, Signal};
use soundfall_tests::picture::{Picture, Tolerance, expect_picture};
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::scene::{ONE_ON_1080P, Scene};
use soundfall_tests::signal_ring::signal_ring;
use std::ops::Range;
use std::sync::Mutex;

/// One renderer at a time: two would only slow each other down.
static TURN: Mutex<()> = Mutex::new(());

fn render(signal: Signal, channels: u32, seconds: u32, options: &[&str]) -> Picture {
    render_with(signal, channels, seconds, None, options)
}

fn render_with(
    signal: Signal,
    channels: u32,
    seconds: u32,
    lost: Option<Range<f64>>,
    options: &[&str],
) -> Picture {
    let _turn = TURN.lock();
    let place = Place::new();
    let ring = signal_ring(&place, signal, channels, 48_000, seconds, lost);
    let png = place.path("picture.png");
    Program::new(["render", "-o"])
        .arg(&png)
        .arg(&ring)
        .args(options)
        .run()
        .expect_success();
    Picture::read(&png)
}

fn golden(name: &str, signal: Signal, channels: u32, options: &[&str]) {
    let options = [&["--size", "960x540"], options].concat();
    let picture = render(signal, channels, 12, &options);
    expect_picture(name, &picture, &Tolerance::default());
}

#[test]
fn a_chord() {
    golden("chord", Signal::Chord, 1, &[]);
}

#[test]
fn a_chirp() {
    golden("chirp", Signal::Chirp, 2, &["--colormap", "magma"]);
}

#[test]
fn clicks_on_eight_channels() {
    golden("clicks-8", Signal::Clicks, 8, &["--colormap", "inferno"]);
}

#[test]
fn lost_sound_is_a_hole() {
    let options = ["--size", "960x540", "--colormap", "plasma"];
    let picture = render_with(Signal::Chord, 2, 12, Some(6.0..7.0), &options);
    expect_picture("gap", &picture, &Tolerance::default());
}

#[test]
fn the_demo_in_aurora() {
    golden("demo", Signal::Demo, 1, &["--colormap", "aurora"]);
}

#[test]
fn a_sine_is_a_ridge_at_its_frequency() {
    for hertz in [110.0, 440.0, 3000.0] {
        let options = ["--size", "1920x1080", "--colormap", "grey", "--db-max", "0"];
        let picture = render(Signal::Sine(hertz), 1, 11, &options);
        let scene = Scene::new(ONE_ON_1080P, 48_000.0);
        let half_bin: f64 = 48_000.0 / 2048.0 / 2.0;
        let crest = crest(Signal::Sine(hertz));
        for age in [0.15, 0.4, 0.7] {
            let found = scene.ridge(&picture, 0, hertz, age, crest);
            // Half a bin of the default window; or what the picture itself can tell apart, where
            // that is more: two pixels, or a column of the axis (512 over 30 Hz to 20 kHz).
            let pixel = scene.hertz_per_pixel(0, hertz, age, crest);
            assert!(
                (found - hertz).abs() <= half_bin.max(2.0 * pixel).max(hertz * 0.0128),
                "{found} Hz instead of {hertz} Hz at age {age}"
            );
        }
    }
}

/// Height of a sine's crest over −90 to 0 dBFS, from its largest sample.
fn crest(signal: Signal) -> f32 {
    let mut sound = vec![0.0_f32; 48_000];
    Generator::new(signal, 1, 48_000).unwrap().fill(&mut sound);
    let peak = sound
        .iter()
        .fold(0.0_f32, |most, sample| most.max(sample.abs()));
    (20.0 * peak.log10() + 90.0) / 90.0
}
