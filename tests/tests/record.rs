//! Recordings: the very samples of the ring, live and saved afterwards; nothing overwritten; a
//! disk that is full ends the recording only.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::Signal;
use soundfall_capture::signal::Generator;
use soundfall_tests::place::{Place, SmallDisk};
use soundfall_tests::program::Program;
use soundfall_tests::skip::skip;
use std::fs;
use std::path::Path;

/// The samples of a recording, interleaved, and its channels.
fn samples_of(path: &Path) -> (Vec<f32>, u32) {
    let decoded = soundfall_capture::file::decode_all(path, 1 << 30).unwrap();
    (decoded.interleaved, decoded.channels)
}

/// What the signal gives from its first frame on.
fn expected(signal: Signal, channels: u32, samples: usize) -> Vec<f32> {
    let mut generator = Generator::new(signal, channels, 48_000).unwrap();
    let mut expected = vec![0.0; samples];
    generator.fill(&mut expected);
    expected
}

#[test]
fn a_capture_is_recorded_and_its_ring_saved_sample_by_sample() {
    let place = Place::new();
    let (ring, live, span) = (
        place.path("ring"),
        place.path("live.wav"),
        place.path("span.wav"),
    );
    Program::new([
        "capture",
        "--signal",
        "pink",
        "--channels",
        "3",
        "--seconds",
        "2",
    ])
    .arg("--ring")
    .arg(&ring)
    .arg("--record")
    .arg(&live)
    .run()
    .expect_success();
    let (samples, channels) = samples_of(&live);
    assert_eq!(channels, 3);
    assert!(samples.len() > 3 * 48_000, "{} samples", samples.len());
    assert_eq!(samples, expected(Signal::Pink, 3, samples.len()));

    Program::new(["ring", "save", "--from", "0.5", "--to", "1.25"])
        .arg(&span)
        .arg("--ring")
        .arg(&ring)
        .run()
        .expect_success();
    let (saved, _) = samples_of(&span);
    assert_eq!(saved, samples[24_000 * 3..60_000 * 3]);

    // A second time nothing is overwritten, unless asked for.
    let before = fs::read(&span).unwrap();
    let again = |more: &[&str]| {
        Program::new(["ring", "save"])
            .arg(&span)
            .arg("--ring")
            .arg(&ring)
            .args(more)
            .run()
    };
    again(&[]).expect_refusal(&["span.wav"]);
    assert_eq!(fs::read(&span).unwrap(), before);
    again(&["--overwrite"]).expect_success();
    assert!(fs::read(&span).unwrap().len() > before.len());
}

#[test]
fn a_display_records_what_it_shows() {
    let place = Place::new();
    let flac = place.path("live.flac");
    Program::new(["live", "--signal", "chord", "--headless", "--seconds", "2"])
        .arg("--record")
        .arg(&flac)
        .run()
        .expect_success();
    let (samples, channels) = samples_of(&flac);
    assert_eq!(channels, 2);
    assert!(samples.len() > 2 * 48_000);
    for (got, want) in samples
        .iter()
        .zip(expected(Signal::Chord, 2, samples.len()))
    {
        assert!((got - want).abs() < 1.0 / 8_000_000.0, "{got} {want}");
    }
}

#[test]
fn what_cannot_be_recorded_is_refused_before_anything_is_written() {
    let place = Place::new();
    let there = place.write("there.wav", "precious");
    for (path, word) in [(there.clone(), "there.wav"), (place.path("x.mp3"), ".wav")] {
        let ring = place.path("ring");
        Program::new(["capture", "--signal", "sine", "--seconds", "1"])
            .arg("--ring")
            .arg(&ring)
            .arg("--record")
            .arg(path)
            .run()
            .expect_refusal(&[word]);
        assert!(!ring.exists());
    }
    assert_eq!(fs::read(there).unwrap(), b"precious");
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_capture() {
    let disk = match SmallDisk::mount(512) {
        Ok(disk) => disk,
        Err(reason) => {
            return skip(
                "a_full_disk_ends_the_recording_and_not_the_capture",
                &reason,
            );
        }
    };
    let place = Place::new();
    let ring = place.path("ring");
    // 768 kB a second: full before the first one is over.
    let outcome = Program::new([
        "capture",
        "--signal",
        "sine",
        "--channels",
        "4",
        "--seconds",
        "4",
    ])
    .arg("--ring")
    .arg(&ring)
    .arg("--record")
    .arg(disk.place().path("full.wav"))
    .run();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("the recording ended, the capture goes on"),
        "{}",
        outcome.stderr
    );
    outcome.expect_no_panic();
    let reader = soundfall_ring_file::open(&ring, false).unwrap().ring;
    assert!(reader.written_frames() > 3 * 48_000, "the capture went on");
    let (kept, _) = samples_of(&disk.place().path("full.wav"));
    assert!(!kept.is_empty(), "what was written can be read");
    assert_eq!(kept, expected(Signal::Sine(440.0), 4, kept.len()));
}
