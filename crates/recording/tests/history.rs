//! A file as a history: what is read is what decoding the whole file gives, whatever is read first, and what is kept
//! stays within its budget.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread;

use soundfall_analysis::{History, HistoryError};
use soundfall_capture::file::decode_all;
use soundfall_recording::{FileHistory, OpenError};
use soundfall_ring::{GapReason, lost_frames};
use soundfall_test_support::program::program;
use soundfall_test_support::skip::skip;

const RATE: u32 = 48_000;

/// The next number of a generator.
fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// The header of a WAV file of 16 bits.
fn header(channels: u16, bytes: u32) -> Vec<u8> {
    let frame = 2 * channels;
    let parts: [&[u8]; 12] = [
        b"RIFF",
        &36_u32.wrapping_add(bytes).to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &channels.to_le_bytes(),
        &RATE.to_le_bytes(),
        &(RATE * u32::from(frame)).to_le_bytes(),
        &frame.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &bytes.to_le_bytes(),
    ];
    parts.concat()
}

/// Noise of so many frames.
fn write_noise(path: &Path, channels: u16, frames: usize) {
    let mut state = 7;
    let bytes = frames * 2 * usize::from(channels);
    let mut all = header(channels, bytes as u32);
    all.extend((0..bytes).map(|_| next(&mut state) as u8));
    std::fs::write(path, all).unwrap();
}

/// Spans all over a file are those of the file decoded as a whole.
fn compare(path: &Path, budget: usize, reads: usize) {
    let whole = decode_all(path, 1 << 30).unwrap();
    let channels = whole.channels as usize;
    let frames = whole.interleaved.len() / channels;
    let history = FileHistory::open(path, budget).unwrap();
    let name = path.display();
    assert_eq!(history.extent(), 0..frames as u64, "{name}");
    assert_eq!(history.format().channels, whole.channels);
    thread::scope(|scope| {
        for seed in 0..3 {
            let (history, whole) = (&history, &whole);
            scope.spawn(move || {
                let mut state = seed;
                for read in 0..reads {
                    // Often where the last one was, as a view that moves.
                    let first = match read % 4 {
                        0 => next(&mut state) as usize % frames,
                        other => (state >> 33) as usize % frames + 3_000 * other,
                    };
                    let first = first.min(frames - 1);
                    let count = (next(&mut state) as usize % 30_000).min(frames - first);
                    let channel = next(&mut state) as usize % channels;
                    let mut out = vec![9.0; count];
                    history
                        .read(channel as u32, first as u64, &mut out)
                        .unwrap();
                    let expected = whole.interleaved[first * channels..]
                        .iter()
                        .skip(channel)
                        .step_by(channels);
                    assert!(out.iter().eq(expected.take(count)), "{first} of {frames}");
                }
            });
        }
    });
    // And one block.
    assert!(history.cached_bytes() <= budget + (1 << 20));
    assert_eq!(history.gap_total(), 0);
}

#[test]
fn reads_are_those_of_the_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    for (channels, frames) in [(1, 300_000), (2, 250_001), (64, 20_000), (3, 5)] {
        let wav = dir.path().join(format!("{channels}.wav"));
        write_noise(&wav, channels, frames);
        compare(&wav, 1 << 20, 300);
        compare(&wav, 0, 30);
    }
    for name in ["a.flac", "a.mp3", "a.ogg"] {
        let mut ffmpeg = match program("ffmpeg", "ffmpeg") {
            Ok(ffmpeg) => ffmpeg,
            Err(reason) => return skip("reads_are_those_of_the_whole_file", &reason),
        };
        let coded = dir.path().join(name);
        let wav = dir.path().join("2.wav");
        let command: &mut Command = ffmpeg.args(["-v", "error", "-i"]).arg(&wav);
        assert!(command.arg(&coded).status().unwrap().success());
        compare(&coded, 1 << 20, 300);
    }
}

/// Ten minutes of 64 channels, 3.7 GB that take up no disk: a few blocks are read, and kept.
#[test]
fn a_long_file_is_open_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.wav");
    let (channels, frames) = (64_u16, 600 * u64::from(RATE));
    let bytes = frames * 128;
    let mut file = File::create(&path).unwrap();
    file.write_all(&header(channels, bytes as u32)).unwrap();
    file.set_len(44 + bytes).unwrap();
    let history = FileHistory::open(&path, 8 << 20).unwrap();
    assert_eq!(history.format().capacity_frames, frames);
    let mut out = vec![1.0; 10_000];
    for at in 0..40 {
        let first = (frames - 10_000) * at / 39;
        history.read(63, first, &mut out).unwrap();
        assert!(out.iter().all(|sample| *sample == 0.0));
    }
    assert!(history.cached_bytes() <= 8 << 20);
}

/// A file that is cut off ends where its sound ends, whatever its header says.
#[test]
fn what_is_stated_and_not_there_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.wav");
    write_noise(&path, 2, 100_000);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(44 + 4 * 60_000).unwrap();
    let history = FileHistory::open(&path, 1 << 20).unwrap();
    assert_eq!(history.extent(), 0..60_000);
    // Cut off once more while it is open.
    file.set_len(44 + 4 * 50_000).unwrap();
    let mut out = vec![1.0; 20_000];
    history.read(0, 40_000, &mut out).unwrap();
    assert!(out[..10_000].iter().any(|sample| *sample != 0.0));
    assert!(out[10_000..].iter().all(|sample| *sample == 0.0));
    let gaps = history.gaps();
    assert_eq!(gaps.len() as u64, history.gap_total());
    let spans: Vec<_> = gaps
        .iter()
        .map(|g| (g.start_frame, g.end_frame()))
        .collect();
    assert_eq!(spans, [(50_000, 60_000)]);
    assert_eq!(gaps[0].reason, GapReason::SourceDiscontinuity);
}

/// What is damaged in the middle is a gap in its place; what follows stays where it is.
#[test]
fn damage_is_a_gap() {
    const TEST: &str = "damage_is_a_gap";
    let dir = tempfile::tempdir().unwrap();
    let (wav, flac) = (dir.path().join("a.wav"), dir.path().join("a.flac"));
    write_noise(&wav, 2, 200_000);
    match program("flac", "flac") {
        Ok(mut flac_program) => {
            let command: &mut Command = flac_program.args(["-s", "-o"]).arg(&flac).arg(&wav);
            assert!(command.status().unwrap().success());
        }
        Err(reason) => return skip(TEST, &reason),
    }
    let whole = decode_all(&flac, 1 << 30).unwrap().interleaved;
    let mut bytes = std::fs::read(&flac).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2_000].fill(0x55);
    std::fs::write(&flac, bytes).unwrap();
    let history = FileHistory::open(&flac, 1 << 20).unwrap();
    assert_eq!(history.extent(), 0..200_000);
    let mut right = vec![0.0; 200_000];
    history.read(1, 0, &mut right).unwrap();
    let gaps = history.gaps();
    assert!(!gaps.is_empty());
    let all = lost_frames(&gaps, &(0..200_000));
    assert!((1..20_000).contains(&all), "{gaps:?}");
    for (frame, sample) in (0..).zip(&right) {
        match gaps.iter().any(|gap| gap.touches(&(frame..frame + 1))) {
            true => assert_eq!(*sample, 0.0, "{frame}"),
            false => assert_eq!(*sample, whole[2 * frame as usize + 1], "{frame}"),
        }
    }
}

#[test]
fn what_cannot_be_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    write_noise(&path, 2, 1_000);
    let history = FileHistory::open(&path, 0).unwrap();
    let mut out = [0.0; 10];
    let past = Err(HistoryError::PastEnd { end: 1_000 });
    assert_eq!(history.read(0, 991, &mut out), past);
    assert_eq!(history.read(0, u64::MAX, &mut out), past);
    let none = HistoryError::NoSuchChannel {
        channel: 2,
        channels: 2,
    };
    assert_eq!(history.read(2, 0, &mut out), Err(none));
    assert_eq!(history.read(0, 1_000, &mut []), Ok(()));
    // Gone, and nothing of it is kept.
    std::fs::remove_file(&path).unwrap();
    let missing = FileHistory::open(&path, 0).unwrap_err();
    assert!(matches!(missing, OpenError::File(_)), "{missing}");
    let fast = dir.path().join("fast.wav");
    write_noise(&fast, 2, 10);
    let mut bytes = std::fs::read(&fast).unwrap();
    bytes[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
    std::fs::write(&fast, bytes).unwrap();
    let refused = FileHistory::open(&fast, 0).unwrap_err().to_string();
    assert!(refused.contains("2 channels at 4294967295 Hz"), "{refused}");
}
