//! A sine played into a PulseAudio null sink and captured by cpal: right frequency, nothing lost or doubled.
//!
//! The environment of this process cannot be changed safely, so the test runs itself again with the variables that
//! lead to the private server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::cell::Cell;
use std::f64::consts::TAU;
use std::path::Path;

use soundfall_capture::devices::{self, DeviceKind};
use soundfall_capture::{CaptureConfig, CaptureError, SourceSpec, SourceState, start};
use soundfall_ring::Gap;
use soundfall_test_support::pulse::NullSink;
use support::{run_inner, server, wait_for};

fn sine(path: &Path, hz: f64, secs: u32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..48_000 * secs {
        for channel in [1.0, 2.0] {
            let value = 0.5 * (TAU * hz * channel * f64::from(i) / 48_000.0).sin();
            writer.write_sample((value * 32_767.0) as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
}

#[test]
fn a_sine_through_a_null_sink() {
    let Some(server) = server(
        "a_sine_through_a_null_sink",
        &[
            NullSink::new("loop", 2, 48_000),
            NullSink::new("other", 8, 44_100),
        ],
    ) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("tone.wav");
    sine(&wav, 440.0, 60);
    let mut player = server.play(&wav, None).unwrap();
    run_inner("inner_capture_sine", server.env());
    player.kill().ok();
    player.wait().unwrap();
}

#[test]
#[ignore = "run by a_sine_through_a_null_sink"]
fn inner_capture_sine() {
    let devices = devices::list().unwrap();
    assert_eq!(devices.len(), 2, "{devices:?}");
    assert!(
        devices[0].default
            && devices[0].id.ends_with("loop.monitor")
            && devices[0].kind == DeviceKind::Loopback
    );
    assert_eq!((devices[1].channels, devices[1].rate), (8, 44_100));

    let dir = tempfile::tempdir().unwrap();
    let source = |name: Option<&str>| SourceSpec::Device {
        name: name.map(str::to_owned),
    };
    let config = |name: Option<&str>| CaptureConfig {
        ring_path: Some(dir.path().join("ring")),
        history_secs: 10.0,
        ..CaptureConfig::new(source(name))
    };
    let error = start(config(Some("nothing"))).unwrap_err();
    assert!(
        matches!(error, CaptureError::UnknownDevice { .. }),
        "{error}"
    );
    assert!(matches!(
        start(config(Some("monitor"))),
        Err(CaptureError::AmbiguousDevice { .. })
    ));
    let other = start(config(Some("OTHER"))).unwrap();
    assert_eq!(
        (other.format().channels, other.format().sample_rate),
        (8, 44_100)
    );
    drop(other);
    let wide = CaptureConfig {
        channels: Some(64),
        ..config(None)
    };
    let error = start(wide).unwrap_err();
    assert!(
        matches!(error, CaptureError::DeviceConfig { .. }),
        "{error}"
    );

    let capture = start(config(None)).unwrap();
    let ring = soundfall_ring_file::open(capture.ring_path(), false)
        .unwrap()
        .ring;
    // A machine that keeps the device's thread waiting loses sound, and says so: not what is tested here.
    let end = Cell::new(0);
    wait_for("two seconds of sound without a gap", || {
        assert_eq!(capture.stats().state, SourceState::Running);
        end.set(ring.written_frames());
        let is_before = |gap: &Gap| gap.start_frame + gap.length_frames + 96_000 <= end.get();
        end.get() >= 4 * 48_000 && ring.gaps().iter().all(is_before)
    });
    let end = end.get();
    for (channel, hz) in [(0, 440.0), (1, 880.0)] {
        let mut samples = vec![0.0f64; 96_000];
        ring.read_f64(channel, end - 96_000, &mut samples).unwrap();
        let level = |hz: f64| {
            let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
            for (i, sample) in samples.iter().take(16_384).enumerate() {
                let window = 0.5 - 0.5 * (TAU * i as f64 / 16_384.0).cos();
                let angle = TAU * hz * i as f64 / 48_000.0;
                re += window * sample * angle.cos();
                im += window * sample * angle.sin();
                sum += window;
            }
            2.0 * f64::hypot(re, im) / sum
        };
        let peak = (0..400)
            .map(|i| hz - 10.0 + 0.05 * f64::from(i))
            .max_by(|a, b| level(*a).total_cmp(&level(*b)))
            .unwrap();
        assert!((peak - hz).abs() < 0.1, "{peak} instead of {hz}");
        assert!((level(hz) - 0.5).abs() < 0.005, "{}", level(hz));
        // One sine fits the whole two seconds: no frame is missing or doubled anywhere.
        let (mut a, mut b) = (0.0, 0.0);
        for (i, sample) in samples.iter().enumerate() {
            let angle = TAU * hz * i as f64 / 48_000.0;
            a += sample * angle.cos() / 48_000.0;
            b += sample * angle.sin() / 48_000.0;
        }
        let worst = samples
            .iter()
            .enumerate()
            .map(|(i, sample)| {
                let angle = TAU * hz * i as f64 / 48_000.0;
                (sample - a * angle.cos() - b * angle.sin()).abs()
            })
            .fold(0.0, f64::max);
        assert!(worst < 1e-3, "{worst}");
    }
    let stats = capture.stop();
    let lost: u64 = ring.gaps().iter().map(|gap| gap.length_frames).sum();
    assert_eq!(stats.lost_frames, lost);
}

#[test]
fn without_any_device_it_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = || dir.path().as_os_str().to_owned();
    let nowhere = dir.path().join("no-asound.conf");
    std::fs::write(&nowhere, "").unwrap();
    run_inner(
        "inner_no_device",
        vec![
            ("XDG_RUNTIME_DIR", path()),
            ("PULSE_SERVER", "unix:/none".into()),
            ("PULSE_RUNTIME_PATH", path()),
            ("HOME", path()),
            ("ALSA_CONFIG_PATH", nowhere.into_os_string()),
        ],
    );
}

#[test]
#[ignore = "run by without_any_device_it_says_so"]
fn inner_no_device() {
    let dir = tempfile::tempdir().unwrap();
    let config = CaptureConfig {
        ring_path: Some(dir.path().join("ring")),
        ..CaptureConfig::new(SourceSpec::Device { name: None })
    };
    let error = start(config).unwrap_err();
    assert!(matches!(error, CaptureError::NoInputDevice), "{error}");
    assert!(!dir.path().join("ring").exists());
}
