//! Whole captures of signals and files into ring files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

use std::path::Path;
use std::thread;
use std::time::Duration;

use soundfall_capture::file::decode_all;
use soundfall_capture::signal::Generator;
use soundfall_capture::{
    Capture, CaptureConfig, CaptureError, CaptureEvent, Signal, SourceSpec, SourceState, start,
};
use soundfall_ring::WriterState;

fn config(source: SourceSpec, dir: &Path) -> CaptureConfig {
    CaptureConfig {
        ring_path: Some(dir.join("ring")),
        history_secs: 20.0,
        ..CaptureConfig::new(source)
    }
}

fn wait(capture: &Capture, done: impl Fn(&Capture) -> bool) {
    while !done(capture) {
        thread::sleep(Duration::from_millis(5));
    }
}

fn write_wav(path: &Path, channels: u16, frames: u32) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..frames {
        for c in 0..channels {
            writer
                .write_sample((i as i16).wrapping_mul(7).wrapping_add(c as i16 * 1_000))
                .unwrap();
        }
    }
    writer.finalize().unwrap();
}

/// Everything in a ring, interleaved.
fn read_all(path: &Path) -> Vec<f32> {
    let open = soundfall_ring_file::open(path, false).unwrap();
    let (frames, channels) = (
        open.ring.written_frames() as usize,
        open.ring.format().channels as usize,
    );
    let mut all = vec![0.0; frames * channels];
    let mut plane = vec![0.0; frames];
    for c in 0..channels {
        open.ring.read(c as u32, 0, &mut plane).unwrap();
        for (frame, value) in plane.iter().enumerate() {
            all[frame * channels + c] = *value;
        }
    }
    all
}

#[test]
fn a_signal_arrives_bit_for_bit() {
    for (channels, rate, block) in [
        (1, 48_000, None),
        (5, 44_100, Some(300)),
        (64, 8_000, Some(17)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let capture = start(CaptureConfig {
            channels: Some(channels),
            sample_rate: Some(rate),
            block_frames: block,
            ..config(SourceSpec::Signal(Signal::Chord), dir.path())
        })
        .unwrap();
        assert_eq!(
            (capture.format().channels, capture.format().sample_rate),
            (channels, rate)
        );
        assert_eq!(capture.label(), "chord");
        wait(&capture, |capture| {
            capture.stats().frames > u64::from(rate) / 4
        });
        let live = soundfall_ring_file::open(capture.ring_path(), false).unwrap();
        assert!(matches!(live.ring.writer_state(), WriterState::Open { .. }));
        assert_eq!(live.ring.extension().unwrap().label, "chord");
        let path = capture.ring_path().to_path_buf();
        let stats = capture.stop();
        assert_eq!((stats.lost_frames, stats.gaps, stats.xruns), (0, 0, 0));
        assert_eq!(stats.frames, live.ring.written_frames());
        assert_eq!(live.ring.writer_state(), WriterState::Closed);
        let got = read_all(&path);
        let mut expected = vec![0.0; got.len()];
        Generator::new(Signal::Chord, channels, rate)
            .unwrap()
            .fill(&mut expected);
        assert_eq!(got, expected);
    }
}

#[test]
fn a_file_arrives_whole_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tone.wav");
    write_wav(&path, 2, 3_001);
    let source = SourceSpec::File {
        path: path.clone(),
        looped: false,
        speed: 8.0,
    };
    let capture = start(config(source, dir.path())).unwrap();
    assert_eq!(
        (
            capture.format().channels,
            capture.format().sample_rate,
            capture.label()
        ),
        (2, 8_000, "tone.wav")
    );
    wait(&capture, |capture| capture.stats().finished);
    assert_eq!(capture.stats().state, SourceState::Ended);
    assert!(capture.poll_events().contains(&CaptureEvent::Ended));
    // Still open: a viewer goes on showing it, and the writer is alive.
    let live = soundfall_ring_file::open(capture.ring_path(), false).unwrap();
    assert!(matches!(live.ring.writer_state(), WriterState::Open { .. }));
    let ring = capture.ring_path().to_path_buf();
    let stats = capture.stop();
    assert_eq!((stats.lost_frames, stats.gaps), (0, 0));
    let got = read_all(&ring);
    let expected = decode_all(&path, 1 << 20).unwrap().interleaved;
    assert_eq!(got[..expected.len()], expected);
    assert!(got[expected.len()..].iter().all(|sample| *sample == 0.0));
    assert!(got.len() - expected.len() < 2 * 128);
}

#[test]
fn a_looped_file_repeats_without_a_seam() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tone.wav");
    write_wav(&path, 3, 777);
    let source = SourceSpec::File {
        path: path.clone(),
        looped: true,
        speed: 4.0,
    };
    let capture = start(CaptureConfig {
        channels: Some(2),
        // All of it is compared.
        history_secs: 600.0,
        ..config(source, dir.path())
    })
    .unwrap();
    wait(&capture, |capture| capture.stats().frames > 4_000);
    // Every pass is reported with the frame it starts at; nothing is missing there, so there is no gap.
    let rounds: Vec<u64> = capture
        .poll_events()
        .iter()
        .filter_map(|event| match event {
            CaptureEvent::Looped { at_frame } => Some(*at_frame),
            _ => None,
        })
        .collect();
    let expected: Vec<u64> = (1..).map(|round| round * 777).take(rounds.len()).collect();
    assert!(rounds.len() >= 5);
    assert_eq!(rounds, expected);
    assert_eq!(capture.stats().gaps, 0);
    let ring = capture.ring_path().to_path_buf();
    let frames = capture.stop().frames;
    let file = decode_all(&path, 1 << 20).unwrap().interleaved;
    for (i, frame) in read_all(&ring)
        .chunks_exact(2)
        .enumerate()
        .take(frames as usize - 128)
    {
        assert_eq!(frame, &file[i % 777 * 3..][..2], "frame {i}");
    }
}

#[test]
fn wrong_wishes_are_refused_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("tone.wav");
    write_wav(&wav, 2, 100);
    let file = || SourceSpec::File {
        path: wav.clone(),
        looped: false,
        speed: 1.0,
    };
    let signal = || SourceSpec::Signal(Signal::Demo);
    let base = |source| config(source, dir.path());
    for (request, usage) in [
        (
            CaptureConfig {
                channels: Some(0),
                ..base(signal())
            },
            true,
        ),
        (
            CaptureConfig {
                channels: Some(1_000_000),
                ..base(signal())
            },
            true,
        ),
        (
            CaptureConfig {
                sample_rate: Some(0),
                ..base(signal())
            },
            true,
        ),
        (
            CaptureConfig {
                history_secs: 1e12,
                ..base(signal())
            },
            false,
        ),
        (
            CaptureConfig {
                block_frames: Some(70_000),
                history_secs: 1.0,
                ..base(signal())
            },
            true,
        ),
        (
            CaptureConfig {
                sample_rate: Some(48_000),
                ..base(file())
            },
            false,
        ),
        (
            CaptureConfig {
                channels: Some(3),
                ..base(file())
            },
            false,
        ),
        (
            base(SourceSpec::File {
                path: dir.path().join("none"),
                looped: true,
                speed: 1.0,
            }),
            false,
        ),
        (
            CaptureConfig {
                ring_path: Some("/proc/none/ring".into()),
                ..base(signal())
            },
            false,
        ),
    ] {
        let error = start(request).unwrap_err();
        assert_eq!(error.is_usage(), usage, "{error}");
        assert!(
            !error.to_string().contains('\n') && error.to_string().len() > 10,
            "{error}"
        );
    }
    assert!(!dir.path().join("ring").exists());
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = start(config(SourceSpec::Signal(Signal::Silence), dir.path())).unwrap();
    let error = start(config(SourceSpec::Signal(Signal::Silence), dir.path())).unwrap_err();
    assert!(matches!(error, CaptureError::Ring(_)), "{error}");
    assert!(
        error.to_string().contains(&std::process::id().to_string()),
        "{error}"
    );
    drop(first);
    drop(start(config(SourceSpec::Signal(Signal::Silence), dir.path())).unwrap());
}
