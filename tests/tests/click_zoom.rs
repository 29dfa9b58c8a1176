//! A single sample at full scale, on any channel, at any place, is seen at every zoom: in the
//! channel's lane and as a line across its surface, where the geometry says it must be.
//!
//! Eight channels with a click each, at places of a fixed pseudo-random sequence, over noise at
//! −80 dBFS; spans from 30 s down to 0.05 s; short, usual and long windows. Every click of every
//! picture is looked for.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_tests::picture::Picture;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::recording;
use soundfall_tests::scene::{EIGHT_ON_360P, Scene};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const CHANNELS: usize = 8;
const WIDTH: u32 = EIGHT_ON_360P.picture[0];
const HEIGHT: u32 = EIGHT_ON_360P.picture[1];
const RATE: f64 = recording::RATE as f64;
/// The dB range of the pictures.
const DB_MIN: f64 = -90.0;
const DB_MAX: f64 = -6.0;

/// One renderer at a time: two would only slow each other down.
static TURN: Mutex<()> = Mutex::new(());

/// A pseudo-random sequence (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// 0 up to 1.
    fn share(&mut self) -> f64 {
        self.next() as f64 / (1_u64 << 48) as f64
    }
}

/// Where a picture is taken of a recording: `span` seconds up to `at`.
struct Shot {
    at: f64,
    span: f64,
    /// Frame of the click of every channel.
    clicks: Vec<usize>,
}

/// Writes the recording: a click in every channel within the span, but for the outermost 4 % of
/// it, where what is in the picture is cut by its edge.
fn record(place: &Place, span: f64, window: usize, hop: usize, seed: u64) -> (PathBuf, Shot) {
    let mut dice = Dice(seed);
    let frames = ((span + 1.5) * RATE) as usize;
    // The middle of a window: where the front edge can be.
    let columns = ((span + 0.75) * RATE / hop as f64).round();
    let at = (columns * hop as f64 + 0.5 * window as f64) / RATE;
    let first = at - span;
    let clicks: Vec<usize> = (0..CHANNELS)
        .map(|_| ((first + span * (0.04 + 0.92 * dice.share())) * RATE).round() as usize)
        .collect();
    let mut data = vec![0; frames * CHANNELS * 2];
    for (index, sample) in data.chunks_exact_mut(2).enumerate() {
        let (frame, channel) = (index / CHANNELS, index % CHANNELS);
        let value = match clicks[channel] == frame {
            true => i16::MAX,
            // ±3 of 32768: a peak of −80.8 dBFS.
            false => (dice.next() % 7) as i16 - 3,
        };
        sample.copy_from_slice(&value.to_le_bytes());
    }
    let wav = place.write("clicks.wav", recording::wav(CHANNELS, &data));
    (wav, Shot { at, span, clicks })
}

fn render(wav: &Path, shot: &Shot, window: usize, hop: usize) -> Picture {
    let _turn = TURN.lock();
    let png = wav.with_extension("png");
    let number = |value: f64| value.to_string();
    Program::new(["render", "--colormap", "grey", "--overwrite", "-o"])
        .arg(&png)
        .arg(wav)
        .args(["--at", &number(shot.at), "--span", &number(shot.span)])
        .args(["--size", &format!("{WIDTH}x{HEIGHT}")])
        .args(["--db-min", &number(DB_MIN), "--db-max", &number(DB_MAX)])
        .args(["--window-size", &window.to_string()])
        .args(["--hop", &hop.to_string()])
        .run()
        .expect_success();
    // For who wants to look at them.
    if let Some(folder) = std::env::var_os("SOUNDFALL_KEEP_PICTURES") {
        let name = format!("click-{}-{window}-{hop}.png", shot.span);
        let _ = std::fs::copy(&png, Path::new(&folder).join(name));
    }
    Picture::read(&png)
}

fn brightness(picture: &Picture, x: usize, y: usize) -> f64 {
    let [r, g, b, _] = picture.get(x.min(picture.width - 1), y.min(picture.height - 1));
    (f64::from(r) + f64::from(g) + f64::from(b)) / 3.0
}

/// The click of a channel in its lane: the columns of pixels that are bright above the middle.
fn look_at_lane(picture: &Picture, shot: &Shot, channel: usize) -> Result<(), String> {
    let [left, top, right, bottom] = EIGHT_ON_360P.lanes;
    let (wide, high) = (right - left, bottom - top);
    let age = (shot.at - shot.clicks[channel] as f64 / RATE) / shot.span;
    let expected = left + (1.0 - age) * wide;
    // Half way up: a click at +1 reaches there, noise at −80 dBFS does not.
    let height = high / CHANNELS as f64;
    let y = top + height * (channel as f64 + 0.5 - 0.5 * 0.92 / 2.1);
    let bright: Vec<f64> = (left as usize..right as usize)
        .filter(|x| brightness(picture, *x, y as usize) > 60.0)
        .map(|x| x as f64 + 0.5)
        .collect();
    // A lane's entry stands for 64 frames or more, and is at most a pixel wide where it is more.
    let entry = (64.0 / RATE / shot.span * wide).max(1.0);
    let distance = |x: &f64| (x - expected).abs();
    let nearest = bright.iter().map(distance).fold(f64::INFINITY, f64::min);
    let farthest = bright.iter().map(distance).fold(0.0, f64::max);
    if nearest <= 1.5 + entry && farthest <= 2.0 + 2.0 * entry {
        return Ok(());
    }
    Err(format!(
        "lane: bright at {bright:?}, not at x {expected:.1} (y {y:.1})"
    ))
}

/// The click of a channel as a line across its surface: at several frequencies, the brightest
/// place of the surface along time.
fn look_at_surface(
    picture: &Picture,
    shot: &Shot,
    channel: usize,
    (window, hop): (usize, usize),
) -> Result<(), String> {
    let scene = Scene::new(EIGHT_ON_360P, RATE);
    let age = |secs: f64| ((shot.at - secs) / shot.span) as f32;
    let click = shot.clicks[channel] as f64 / RATE;
    // One sample under the middle of a Hann window: 2/Σw = 4/window in every bin. In the column
    // nearest to it, it lies at most half a hop from there.
    let weight = (std::f64::consts::PI * 0.5 * hop as f64 / window as f64).cos();
    let height = |level: f64| ((level - DB_MIN) / (DB_MAX - DB_MIN)) as f32;
    let top = height(20.0 * (4.0 / window as f64).log10());
    let least = height(20.0 * (4.0 / window as f64 * weight * weight).log10());
    // Where the top of its level is seen for a whole stretch of time: rows come hop by hop, a
    // pixel or a vertex may stand for several of them.
    let rows = (shot.span * RATE / hop as f64 / 250.0).max(1.0).ceil();
    let slack = (0.5 + rows) * hop as f64 / RATE;
    let (mut seen, mut places) = (0, Vec::new());
    for hertz in [100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0] {
        let (x, y) = scene.pixel(channel, hertz, age(click), 0.5 * (top + least));
        let (_, front) = scene.pixel(channel, hertz, age(click - slack).min(1.0), least);
        let (_, back) = scene.pixel(channel, hertz, age(click + slack).max(0.0), top);
        let (low, high) = (front.max(back) + 2.0, front.min(back) - 2.0);
        // The pixels of the surface at this x, from its back edge to its front edge.
        let (_, far) = scene.pixel(channel, hertz, 1.0, 0.0);
        let (_, near) = scene.pixel(channel, hertz, 0.0, 0.0);
        let column: Vec<(f64, f64)> = (far.min(high) as usize..=near as usize)
            .map(|y| (y as f64, brightness(picture, x as usize, y)))
            .collect();
        let brightest = column.iter().map(|(_, b)| *b).fold(0.0, f64::max);
        // What is far from the click: noise at the floor.
        let mut around: Vec<f64> = column
            .iter()
            .filter(|(y, _)| *y < f64::from(high) - 12.0 || *y > f64::from(low) + 24.0)
            .map(|(_, b)| *b)
            .collect();
        around.sort_unstable_by(f64::total_cmp);
        let usual = around.get(around.len() / 2).copied().unwrap_or(0.0);
        let at_place = column
            .iter()
            .filter(|(y, _)| (f64::from(high)..=f64::from(low)).contains(y))
            .map(|(_, b)| *b)
            .fold(0.0, f64::max);
        places.push(format!(
            "{hertz} Hz: x {x:.0} y {y:.0} ({high:.0}..{low:.0}) {at_place:.0} of {brightest:.0}, around {usual:.0}"
        ));
        // Words and numbers may lie over the one or the other place.
        if at_place >= 2.0 * usual + 10.0 && at_place >= 0.7 * brightest {
            seen += 1;
        }
    }
    if seen >= 5 {
        return Ok(());
    }
    Err(format!(
        "surface: seen at {seen} of 7 places\n    {}",
        places.join("\n    ")
    ))
}

fn look(span: f64, seed: u64, window: usize, hop: usize) {
    let place = Place::new();
    let (wav, mut shot) = record(&place, span, window, hop, seed);
    let picture = render(&wav, &shot, window, hop);
    let transform = (window, hop);
    let mut failures = Vec::new();
    for channel in 0..CHANNELS {
        let lane = look_at_lane(&picture, &shot, channel);
        let surface = look_at_surface(&picture, &shot, channel, transform);
        for failure in [lane, surface].into_iter().filter_map(Result::err) {
            let at = shot.clicks[channel] as f64 / RATE;
            let channel = channel + 1;
            failures.push(format!("channel {channel}, click at {at:.4} s, {failure}"));
        }
    }
    assert!(
        failures.is_empty(),
        "span {span} s up to {:.4} s, window {window}/{hop}:\n{}",
        shot.at,
        failures.join("\n")
    );
    // Who looks in the wrong place sees nothing. (Over less than a second a window is no line.)
    let beside = |click: &usize| {
        let shift = (0.4 * span * RATE) as usize;
        let is_old = shot.at - *click as f64 / RATE > 0.5 * span;
        match is_old {
            true => click + shift,
            false => click - shift,
        }
    };
    shot.clicks = shot.clicks.iter().map(beside).collect();
    for channel in 0..CHANNELS {
        assert!(look_at_lane(&picture, &shot, channel).is_err());
        let unseen = look_at_surface(&picture, &shot, channel, transform).is_err();
        assert!(unseen || span < 1.0, "channel {}", channel + 1);
    }
}

#[test]
fn over_half_a_minute() {
    look(30.0, 11, 2048, 512);
}

#[test]
fn over_ten_seconds() {
    look(10.0, 12, 2048, 512);
}

#[test]
fn over_three_seconds() {
    look(3.0, 13, 2048, 512);
}

#[test]
fn over_one_second() {
    look(1.0, 14, 2048, 512);
}

#[test]
fn over_a_third_of_a_second() {
    look(0.3, 15, 2048, 512);
}

#[test]
fn over_a_twentieth_of_a_second() {
    look(0.05, 16, 2048, 512);
}

#[test]
fn under_a_short_window() {
    look(3.0, 17, 512, 128);
}

#[test]
fn under_a_long_window() {
    look(3.0, 28, 8192, 512);
}
