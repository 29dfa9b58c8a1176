//! What was captured is in the recording, whatever happens to the ring and to the program: rings that are truncated,
//! removed or replaced, signals that were ignored, a program that was stopped, and any number of channels.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::Signal;
use soundfall_capture::file::decode_all;
use soundfall_capture::signal::Generator;
use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::{Program, Running};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

const CHANNELS: u32 = 2;

/// A capture of pink noise that is recorded until it is told to end.
fn capture(command: &str, ring: &Path, recording: &Path) -> Program {
    Program::new([command, "--signal", "pink", "--channels", "2"])
        .args(["--seconds", "120", "--stats", "-"])
        .arg("--ring")
        .arg(ring)
        .arg("--record")
        .arg(recording)
}

/// Frames in the ring at a path; 0 where there is none.
fn written(ring: &Path) -> u64 {
    soundfall_ring_file::open(ring, false).map_or(0, |open| open.ring.written_frames())
}

fn wait_for_sound(running: &mut Running, ring: &Path, frames: u64) {
    running.wait_until("sound", || written(ring) > frames);
}

fn expected(frames: usize) -> Vec<f32> {
    let mut generator = Generator::new(Signal::Pink, CHANNELS, 48_000).unwrap();
    let mut expected = vec![0.0; frames * CHANNELS as usize];
    generator.fill(&mut expected);
    expected
}

fn samples_of(path: &Path) -> Vec<f32> {
    decode_all(path, 1 << 30).unwrap().interleaved
}

#[test]
fn a_ring_that_is_lost_costs_the_recording_nothing() {
    type Lose = fn(&Path);
    let losses: [(&str, Lose); 2] = [
        ("was truncated", |ring| {
            let file = File::options().write(true).open(ring).unwrap();
            file.set_len(0).unwrap();
        }),
        ("was removed", |ring| fs::remove_file(ring).unwrap()),
    ];
    let place = Place::new();
    for (index, (words, lose)) in losses.into_iter().enumerate() {
        // The ring of a run before would be taken for this one's.
        let ring = place.path(&format!("ring-{index}"));
        let take = place.path(&format!("{index}.wav"));
        let mut running = capture("capture", &ring, &take).start();
        wait_for_sound(&mut running, &ring, 24_000);
        lose(&ring);
        wait_for_sound(&mut running, &ring, 24_000);
        running.interrupt();
        let outcome = running.wait().expect_success();
        for words in [words, "a new ring lies at"] {
            assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        }
        let stats = outcome.json();
        assert_eq!(number(&stats, "lost_frames"), 0.0, "{stats:#}");
        let samples = samples_of(&take);
        assert_eq!(
            samples.len() as f64,
            number(&stats, "frames_written") * f64::from(CHANNELS)
        );
        assert!(samples == expected(samples.len() / 2), "not whole");
    }
}

#[test]
fn a_display_goes_over_to_the_new_ring_of_its_own_capture() {
    let place = Place::new();
    let (ring, take) = (place.path("ring"), place.path("take.wav"));
    let live = capture("live", &ring, &take).args(["--headless", "--history", "5"]);
    let mut running = live.start();
    wait_for_sound(&mut running, &ring, 24_000);
    let file = File::options().write(true).open(&ring).unwrap();
    file.set_len(0).unwrap();
    wait_for_sound(&mut running, &ring, 96_000);
    running.interrupt();
    let outcome = running.wait().expect_success();
    assert!(
        outcome.stderr.contains("was truncated"),
        "{}",
        outcome.stderr
    );
    let samples = samples_of(&take);
    assert!(samples.len() > 2 * 120_000);
    assert!(samples == expected(samples.len() / 2), "not whole");
    // Two seconds of the new ring, two channels: windows of 2048 that fit, 512 apart.
    let stats = outcome.json();
    for count in ["ring_faults", "ring_changes"] {
        assert_eq!(number(&stats, count), 1.0, "{count} in {stats:#}");
    }
    assert_eq!(
        number(&stats, "frames_written") * f64::from(CHANNELS),
        samples.len() as f64
    );
    let due = number(&stats, "columns_due");
    assert!(due > 2.0 * (96_000.0 - 2_048.0) / 512.0, "{due}");
}

#[test]
fn a_file_that_was_put_in_the_place_of_the_ring_stays() {
    let place = Place::new();
    let (ring, take) = (place.path("ring"), place.path("take.wav"));
    let other = place.write("other", "precious");
    let mut running = capture("capture", &ring, &take).start();
    wait_for_sound(&mut running, &ring, 24_000);
    fs::rename(&other, &ring).unwrap();
    let before = fs::metadata(&take).unwrap().len();
    running.wait_until("more sound", || {
        fs::metadata(&take).unwrap().len() > before + 500_000
    });
    running.interrupt();
    let outcome = running.wait().expect_no_panic();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    let said = "was replaced by another file";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert_eq!(fs::read(&ring).unwrap(), b"precious");
    let samples = samples_of(&take);
    assert!(samples == expected(samples.len() / 2), "not whole");
}

#[test]
fn signals_that_are_ignored_at_the_start_end_nothing() {
    let place = Place::new();
    let (ring, take) = (place.path("ring"), place.path("take.wav"));
    let mut running = capture("capture", &ring, &take).ignoring("HUP INT").start();
    wait_for_sound(&mut running, &ring, 4_800);
    running.signal("HUP");
    running.signal("INT");
    let before = written(&ring);
    wait_for_sound(&mut running, &ring, before + 96_000);
    running.signal("TERM");
    let outcome = running.wait().expect_success();
    assert!(outcome.stderr.contains("recorded"), "{}", outcome.stderr);
    let samples = samples_of(&take);
    assert!(samples.len() > 2 * 96_000);
    assert!(samples == expected(samples.len() / 2), "not whole");
    // Otherwise each of them ends a run in good order.
    for signal in ["HUP", "INT", "TERM"] {
        let ring = place.path(&format!("ring-{signal}"));
        let take = place.path(&format!("{signal}.wav"));
        let mut running = capture("capture", &ring, &take).start();
        wait_for_sound(&mut running, &ring, 4_800);
        running.signal(signal);
        running.wait().expect_success();
        assert!(samples_of(&take).len() > 2 * 4_800);
    }
}

#[test]
fn the_time_a_program_was_stopped_for_is_a_gap_and_told() {
    let place = Place::new();
    let (ring, take) = (place.path("ring"), place.path("take.wav"));
    let mut running = capture("capture", &ring, &take).start();
    wait_for_sound(&mut running, &ring, 24_000);
    running.signal("STOP");
    // What is tested is what this is taken for.
    std::thread::sleep(Duration::from_secs(5));
    running.signal("CONT");
    let before = written(&ring);
    wait_for_sound(&mut running, &ring, before + 5 * 48_000);
    running.interrupt();
    let outcome = running.wait().expect_success();
    let words = "of sound lost at";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    let stats = outcome.json();
    let lost = number(&stats, "lost_frames") as usize;
    // Two seconds are made up for.
    assert!(lost >= 3 * 48_000 - 4_800, "{stats:#}");
    let gaps = soundfall_ring_file::open(&ring, false).unwrap().ring.gaps();
    let told: u64 = gaps.iter().map(|gap| gap.length_frames).sum();
    assert_eq!(told, lost as u64);
    // The signal goes on behind each gap, and nothing else is missing.
    let samples = samples_of(&take);
    let frames = samples.len() / 2;
    assert_eq!(frames as f64, number(&stats, "frames_written"));
    let mut sound = expected(frames - lost).into_iter();
    // The last block is filled up with silence.
    let whole = samples.len() - 2 * 512;
    for (index, sample) in samples.into_iter().take(whole).enumerate() {
        let frame = index as u64 / u64::from(CHANNELS);
        let gap = gaps.iter().any(|gap| gap.touches(&(frame..frame + 1)));
        let expected = if gap { 0.0 } else { sound.next().unwrap() };
        assert_eq!(sample, expected, "frame {frame}");
    }
}

#[test]
fn recordings_of_any_number_of_channels_can_be_measured() {
    let place = Place::new();
    for channels in [19, 20, 22, 24, 26, 27, 32, 64] {
        let take = place.path(&format!("{channels}.wav"));
        let ring = place.path(&format!("ring-{channels}"));
        let mut running = Program::new(["capture", "--signal", "sine", "--history", "1"])
            .args(["--channels", &channels.to_string(), "--ring"])
            .arg(&ring)
            .arg("--record")
            .arg(&take)
            .start();
        wait_for_sound(&mut running, &ring, 24_000);
        running.interrupt();
        running.wait().expect_success();
        let outcome = Program::new(["measure", "--json"])
            .arg(&take)
            .run()
            .expect_success();
        assert!(outcome.stdout.contains("channels"), "{}", outcome.stdout);
    }
}
