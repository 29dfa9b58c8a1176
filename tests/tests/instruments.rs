//! The instruments in rendered pictures: golden pictures of a tone, and everything that must stay
//! free beside them.
//!
//! Somebody has looked at every expected picture.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::signal::Signal;
use soundfall_tests::picture::{Picture, Tolerance, expect_picture};
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::signal_ring::signal_ring;
use std::sync::Mutex;

/// One renderer at a time: two would only slow each other down.
static TURN: Mutex<()> = Mutex::new(());

fn render(channels: u32, size: &str, options: &[&str]) -> Picture {
    let _turn = TURN.lock();
    let place = Place::new();
    let tone = "sine:440".parse::<Signal>().unwrap();
    let ring = signal_ring(&place, tone, channels, 48_000, 12, None);
    let png = place.path("picture.png");
    Program::new(["render", "--size", size, "-o"])
        .arg(&png)
        .arg(&ring)
        .args(options)
        .run()
        .expect_success();
    Picture::read(&png)
}

#[test]
fn everything_of_two_channels() {
    let picture = render(2, "1280x720", &["--show", "all"]);
    expect_picture("instruments-2", &picture, &Tolerance::default());
}

#[test]
fn everything_of_eight_channels() {
    let options = [
        "--show",
        "all",
        "--pair",
        "3,4",
        "--reference",
        "5",
        "--a4",
        "442",
    ];
    let picture = render(8, "1280x720", &options);
    expect_picture("instruments-8", &picture, &Tolerance::default());
}

/// Title, colour bar and lanes are where they were; the rest of the picture has changed.
#[test]
fn words_and_lanes_stay_free() {
    for channels in [1, 8, 64] {
        let plain = render(channels, "960x540", &[]);
        let shown = render(channels, "960x540", &["--show", "all"]);
        let differing = |xs: std::ops::Range<usize>, ys: std::ops::Range<usize>| {
            ys.flat_map(|y| xs.clone().map(move |x| (x, y)))
                .filter(|(x, y)| plain.get(*x, *y) != shown.get(*x, *y))
                .count()
        };
        assert_eq!(
            differing(0..170, 0..50),
            0,
            "{channels} channels: the title"
        );
        assert_eq!(
            differing(0..64, 57..230),
            0,
            "{channels} channels: the colour bar"
        );
        // 0.34 of the height at the most are lanes, 0.15 at the least.
        assert_eq!(
            differing(0..960, 440..540),
            0,
            "{channels} channels: the lanes"
        );
        assert!(
            differing(692..960, 10..320) > 8_000,
            "{channels} channels: the strip"
        );
    }
}

/// With only labels and curves the scene keeps all its room: what changes is over the front edge.
#[test]
fn labels_take_no_room_from_the_scene() {
    let plain = render(1, "960x540", &[]);
    let shown = render(1, "960x540", &["--show", "peaks,hold,average"]);
    let changed = (0..960 * 540)
        .filter(|at| plain.get(at % 960, at / 960) != shown.get(at % 960, at / 960))
        .count();
    assert!((300..30_000).contains(&changed), "{changed} pixels");
}

#[test]
fn what_is_no_instrument_is_refused() {
    let refused = |options: &[&str], words: &[&str]| {
        Program::new(["live", "--signal", "sine", "--channels", "2", "--headless"])
            .args(options)
            .run()
            .expect_refusal(words);
    };
    refused(&["--show", "peeks"], &["peeks", "coherence"]);
    refused(&["--pair", "1"], &["pair"]);
    refused(&["--reference", "0"], &["reference"]);
    refused(&["--a4", "4400"], &["a4"]);

    // Whether a channel is there, only the source tells.
    let place = Place::new();
    let ring = signal_ring(&place, Signal::Silence, 2, 48_000, 1, None);
    let refused = |options: &[&str], words: &[&str]| {
        Program::new(["render", "-o", "never.png"])
            .arg(&ring)
            .args(options)
            .run()
            .expect_refusal(words);
    };
    refused(&["--pair", "1,5"], &["--pair", "channel 5"]);
    refused(&["--reference", "3"], &["--reference", "channel 3"]);
    refused(
        &["--channel", "1", "--reference", "2"],
        &["--reference", "channel 2"],
    );
}
