//! Recordings: the very samples of the ring, live and saved afterwards; nothing overwritten; a
//! disk that is full ends the recording only.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::Signal;
use soundfall_capture::signal::Generator;
use soundfall_tests::outcome::number;
use soundfall_tests::place::{Place, SmallDisk};
use soundfall_tests::program::{Program, program_path};
use soundfall_tests::pulse::{NullSink, PulseServer};
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
    let mut running = Program::new(["capture", "--signal", "pink", "--channels", "3"])
        .arg("--ring")
        .arg(&ring)
        .arg("--record")
        .arg(&live)
        .start();
    running.wait_until("sound", || written(&place) > 72_000);
    running.interrupt();
    running.wait().expect_success();
    let (samples, channels) = samples_of(&live);
    assert_eq!(channels, 3);
    assert!(samples.len() > 3 * 72_000, "{} samples", samples.len());
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
    let mut running = Program::new(["live", "--signal", "chord", "--headless", "--ring"])
        .arg(place.path("ring"))
        .arg("--record")
        .arg(&flac)
        .start();
    running.wait_until("sound", || written(&place) > 72_000);
    running.interrupt();
    running.wait().expect_success();
    let (samples, channels) = samples_of(&flac);
    assert_eq!(channels, 2);
    assert!(samples.len() > 2 * 72_000);
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
    let mut running = Program::new(["capture", "--signal", "sine", "--channels", "4"])
        .arg("--ring")
        .arg(&ring)
        .arg("--record")
        .arg(disk.place().path("full.wav"))
        .start();
    running.wait_until("sound", || written(&place) > 3 * 48_000);
    running.interrupt();
    let outcome = running.wait();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    assert!(
        outcome
            .stderr
            .contains("the recording ended, the capture goes on"),
        "{}",
        outcome.stderr
    );
    outcome.expect_no_panic();
    let (kept, _) = samples_of(&disk.place().path("full.wav"));
    assert!(!kept.is_empty(), "what was written can be read");
    assert_eq!(kept, expected(Signal::Sine(440.0), 4, kept.len()));
}

/// A capture of a signal into this place, recorded to this name, until it is told to end.
fn recorded(command: &str, place: &Place, name: &str) -> Program {
    Program::new([
        command,
        "--signal",
        "pink",
        "--seconds",
        "120",
        "--stats",
        "-",
    ])
    .arg("--ring")
    .arg(place.path("ring"))
    .arg("--record")
    .arg(place.path(name))
}

/// Frames that were captured into the ring of this place.
fn written(place: &Place) -> u64 {
    let ring = soundfall_ring_file::open(&place.path("ring"), false);
    ring.map_or(0, |open| open.ring.written_frames())
}

#[test]
fn a_recording_that_is_removed_is_told_and_no_success() {
    for command in [&["capture"][..], &["live", "--headless"]] {
        let place = Place::new();
        let mut running = recorded(command[0], &place, "take.wav")
            .args(&command[1..])
            .start();
        running.wait_until("sound", || written(&place) > 24_000);
        fs::remove_file(place.path("take.wav")).unwrap();
        running.wait_until_said("removed, moved or replaced it");
        running.interrupt();
        let outcome = running.wait().expect_no_panic();
        assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
        assert!(!place.path("take.wav").exists());
        let said = &outcome.stderr;
        assert!(said.contains("the recording is not whole"), "{said}");
        assert!(!said.contains(" s to /"), "no file is named: {said}");
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_a_full_disk() {
    let place = Place::new();
    let mut running = Program::other("sh", ["-c", "ulimit -f 2000; exec \"$0\" \"$@\""])
        .arg(program_path())
        .args(["capture", "--signal", "pink", "--channels", "8"])
        .args(["--history", "0.25", "--ring"])
        .arg(place.path("ring"))
        .arg("--record")
        .arg(place.path("take.wav"))
        .start();
    running.wait_until("sound", || written(&place) > 2 * 48_000);
    running.interrupt();
    let outcome = running.wait().expect_no_panic();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    let said = &outcome.stderr;
    assert!(
        said.contains("the recording ended, the capture goes on"),
        "{said}"
    );
    let (kept, _) = samples_of(&place.path("take.wav"));
    assert!(!kept.is_empty());
    assert_eq!(kept, expected(Signal::Pink, 8, kept.len()));
}

#[test]
fn a_picture_that_cannot_be_saved_does_not_end_the_recording() {
    let place = Place::new();
    let pictures = place.path("pictures");
    fs::create_dir(&pictures).unwrap();
    let mut running = recorded("live", &place, "take.wav")
        .args(["--headless", "--size", "64x64", "--snapshot-every", "0.2"])
        .arg("--snapshot")
        .arg(pictures.join("out.png"))
        .software_renderer()
        .start();
    let first = pictures.join("out-0001.png");
    running.wait_until("the first picture", || first.exists());
    fs::rename(&pictures, place.path("elsewhere")).unwrap();
    running.wait_until_said("cannot write");
    let before = written(&place);
    running.wait_until("still more sound", || written(&place) > before + 48_000);
    running.interrupt();
    let outcome = running.wait().expect_no_panic();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    let frames = number(&outcome.json(), "frames_written");
    let (samples, channels) = samples_of(&place.path("take.wav"));
    assert_eq!(samples.len() as f64, frames * f64::from(channels));
}

#[test]
fn a_device_of_another_shape_ends_the_recording_and_a_device_that_is_away_is_no_success() {
    let test = "a_device_of_another_shape_ends_the_recording";
    let server = match PulseServer::start(&[]) {
        Ok(server) => server,
        Err(reason) => return skip(test, &reason),
    };
    let module = server.plug(&NullSink::new("gone", 2, 48_000)).unwrap();
    let place = Place::new();
    let capture = |name: &str| {
        let program = Program::new(["capture", "--device", "pulseaudio:gone.monitor"])
            .args(["--stats", "-", "--ring"])
            .arg(place.path("ring"))
            .arg("--record")
            .arg(place.path(name));
        let env = server.env().into_iter();
        env.fold(program, |program, (name, value)| program.env(name, value))
    };
    let mut running = capture("take.wav").start();
    running.wait_until("sound", || written(&place) > 24_000);
    server.unplug(module).unwrap();
    running.wait_until_said("the device is gone");
    server.plug(&NullSink::new("gone", 4, 44_100)).unwrap();
    let channels = || {
        let ring = soundfall_ring_file::open(&place.path("ring"), false);
        ring.map_or(0, |open| open.ring.format().channels)
    };
    running.wait_until("the new ring", || {
        channels() == 4 && written(&place) > 24_000
    });
    running.interrupt();
    let outcome = running.wait().expect_no_panic();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    for words in ["take.wav ends here", "take.wav: the recording ended before"] {
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    let stats = outcome.json();
    assert!(number(&stats, "lost_frames") > 0.0, "{stats:#}");
    let (samples, _) = samples_of(&place.path("take.wav"));
    assert!(number(&stats, "frames_written") > samples.len() as f64 / 2.0);

    // A device that gives nothing: told, counted, and a signal ends it all the same.
    server.pactl(&["suspend-sink", "gone", "1"]).unwrap();
    let mut running = capture("silent.wav").start();
    running.wait_until_said("the device is gone");
    running.interrupt();
    let outcome = running.wait().expect_no_panic();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    let said = &outcome.stderr;
    assert!(said.contains("not back at the end"), "{said}");
    assert!(number(&outcome.json(), "lost_frames") > 44_100.0);
}
