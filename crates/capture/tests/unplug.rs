//! Devices that go and come back, on PulseAudio null sinks: unloading a module is unplugging.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use soundfall_capture::{
    Capture, CaptureConfig, CaptureEvent, SourceSpec, SourceState, devices, start,
};
use soundfall_ring::{Gap, GapReason, WriterState};
use support::{run_inner, server, wait_for};

/// Captures from a device.
fn capture(name: Option<&str>, loopback: bool, dir: &Path) -> Capture {
    start(CaptureConfig {
        ring_path: Some(dir.join("ring")),
        history_secs: 60.0,
        loopback,
        ..CaptureConfig::new(SourceSpec::Device {
            name: name.map(str::to_owned),
        })
    })
    .unwrap()
}

fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("pactl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn plug(name: &str, channels: u32, rate: u32) -> String {
    pactl(&[
        "load-module",
        "module-null-sink",
        &format!(
            "sink_name={name} channels={channels} rate={rate} sink_properties=device.description={name}"
        ),
    ])
}

/// Events so far and those that still come, until one fits.
fn wait_for_event(
    capture: &Capture,
    seen: &mut Vec<CaptureEvent>,
    fits: fn(&CaptureEvent) -> bool,
) {
    for _ in 0..3_000 {
        seen.extend(capture.poll_events());
        if seen.iter().any(fits) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain; there was {seen:?}");
}

/// The gaps of devices that were away; a machine that keeps their threads waiting loses more, which is not what is tested
/// here.
fn lost_with_devices(gaps: &[Gap]) -> Vec<Gap> {
    let of_device = |gap: &&Gap| gap.reason == GapReason::DeviceLost;
    gaps.iter().filter(of_device).copied().collect()
}

fn is_lost(event: &CaptureEvent) -> bool {
    matches!(event, CaptureEvent::DeviceLost { .. })
}

fn is_back(event: &CaptureEvent) -> bool {
    matches!(event, CaptureEvent::Reconnected { .. })
}

#[test]
fn the_only_device_goes_and_comes_back() {
    let Some(server) = server("the_only_device_goes_and_comes_back", &[]) else {
        return;
    };
    run_inner("inner_goes_and_comes_back", server.env());
}

#[test]
#[ignore = "run by the_only_device_goes_and_comes_back"]
fn inner_goes_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let module = plug("gone", 2, 48_000);
    let capture = capture(Some("pulseaudio:gone.monitor"), false, dir.path());
    wait_for("sound", || capture.stats().frames >= 24_000);
    let ring = soundfall_ring_file::open(capture.ring_path(), false).unwrap();
    let ring = ring.ring;

    let before = Instant::now();
    pactl(&["unload-module", &module]);
    let mut events = Vec::new();
    wait_for_event(&capture, &mut events, is_lost);
    assert_eq!(capture.stats().state, SourceState::Lost);
    assert!(!capture.stats().finished);
    // The ring stands still, its writer lives.
    // What was in the queue is written first.
    wait_for("the ring stands still", || {
        let before = ring.written_frames();
        std::thread::sleep(Duration::from_millis(300));
        ring.written_frames() == before
    });
    let stood_at = ring.written_frames();
    let away = Instant::now();
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(ring.written_frames(), stood_at);
    assert!(matches!(ring.writer_state(), WriterState::Open { .. }));
    let least = away.elapsed();

    plug("gone", 2, 48_000);
    wait_for_event(&capture, &mut events, is_back);
    let most = before.elapsed();
    let stats = capture.stats();
    assert_eq!(stats.state, SourceState::Running);
    assert_eq!((stats.device_losses, stats.reconnects), (1, 1));
    wait_for("more sound", || {
        capture.stats().frames > stats.frames + 24_000
    });
    let lost = lost_with_devices(&ring.gaps());
    let [gap] = lost[..] else {
        panic!("{:?}", ring.gaps());
    };
    // It begins behind the last frame that arrived, less than a block behind what could be read.
    let block = u64::from(capture.format().block_frames);
    assert!((stood_at..stood_at + block).contains(&gap.start_frame));
    // As long as the time that passed: no shorter than the device was away, no longer than the whole affair.
    let frames = |time: Duration| (time.as_secs_f64() * 48_000.0) as u64;
    assert!(
        (frames(least)..=frames(most)).contains(&gap.length_frames),
        "{gap:?} {least:?} {most:?}"
    );
    let stats = capture.stop();
    let lost: u64 = ring.gaps().iter().map(|gap| gap.length_frames).sum();
    assert_eq!(stats.lost_frames, lost);
    let kinds: Vec<&CaptureEvent> = events
        .iter()
        .filter(|event| {
            let is_gap = matches!(event, CaptureEvent::Gap { reason, .. } if *reason == GapReason::DeviceLost);
            is_lost(event) || is_back(event) || is_gap
        })
        .collect();
    assert!(
        matches!(
            kinds[..],
            [
                CaptureEvent::DeviceLost { .. },
                CaptureEvent::Gap { .. },
                CaptureEvent::Reconnected { .. }
            ]
        ),
        "{events:?}"
    );
}

#[test]
fn a_device_that_gives_nothing_is_lost_until_it_does() {
    let Some(server) = server("a_device_that_gives_nothing_is_lost_until_it_does", &[]) else {
        return;
    };
    run_inner("inner_gives_nothing", server.env());
}

#[test]
#[ignore = "run by a_device_that_gives_nothing_is_lost_until_it_does"]
fn inner_gives_nothing() {
    let dir = tempfile::tempdir().unwrap();
    plug("quiet", 2, 48_000);
    pactl(&["suspend-sink", "quiet", "1"]);
    let capture = capture(Some("pulseaudio:quiet.monitor"), false, dir.path());
    let mut events = Vec::new();
    wait_for_event(&capture, &mut events, is_lost);
    // Past the second opening, after which no more are tried.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(capture.stats().state, SourceState::Lost);
    pactl(&["suspend-sink", "quiet", "0"]);
    wait_for_event(&capture, &mut events, is_back);
    wait_for("sound", || capture.stats().frames > 24_000);

    // What never gave sound ends all the same, and the time counts as lost.
    drop(capture);
    pactl(&["suspend-sink", "quiet", "1"]);
    let silent = self::capture(Some("pulseaudio:quiet.monitor"), false, dir.path());
    wait_for_event(&silent, &mut Vec::new(), is_lost);
    let stats = silent.stop();
    assert_eq!(stats.state, SourceState::Lost);
    assert!(stats.lost_frames >= 48_000, "{stats:?}");
}

#[test]
fn a_stream_that_is_moved_to_another_device_is_a_loss() {
    let Some(server) = server("a_stream_that_is_moved_to_another_device_is_a_loss", &[]) else {
        return;
    };
    run_inner("inner_moved", server.env());
}

#[test]
#[ignore = "run by a_stream_that_is_moved_to_another_device_is_a_loss"]
fn inner_moved() {
    let dir = tempfile::tempdir().unwrap();
    let module = plug("first", 2, 48_000);
    plug("other", 2, 48_000);
    let capture = capture(Some("pulseaudio:first.monitor"), false, dir.path());
    wait_for("sound", || capture.stats().frames >= 24_000);
    pactl(&["unload-module", &module]);
    let mut events = Vec::new();
    wait_for_event(&capture, &mut events, is_lost);
    // The other device would give sound, but it is not the one that was asked for.
    let frames = capture.stats().frames;
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(capture.stats().state, SourceState::Lost);
    assert!(capture.stats().frames <= frames + 48_000 / 2);
    plug("first", 2, 48_000);
    wait_for_event(&capture, &mut events, is_back);
    assert!(events.iter().any(
        |event| matches!(event, CaptureEvent::Reconnected { device } if device.contains("first"))
    ));
    let gaps = soundfall_ring_file::open(capture.ring_path(), false)
        .unwrap()
        .ring
        .gaps();
    assert_eq!(lost_with_devices(&gaps).len(), 1, "{gaps:?}");
}

/// Handles and threads of this process.
#[cfg(target_os = "linux")]
fn held() -> [usize; 2] {
    ["fd", "task"].map(|what| {
        std::fs::read_dir(Path::new("/proc/self").join(what))
            .unwrap()
            .count()
    })
}

/// Memory of this process's own, bytes.
#[cfg(target_os = "linux")]
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    let kib = line.split_whitespace().nth(1).unwrap();
    kib.parse::<u64>().unwrap() * 1024
}

#[test]
#[cfg(target_os = "linux")]
fn looking_for_devices_again_and_again_keeps_nothing() {
    let Some(server) = server("looking_for_devices_again_and_again_keeps_nothing", &[]) else {
        return;
    };
    run_inner("inner_looking_again", server.env());
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "run by looking_for_devices_again_and_again_keeps_nothing"]
fn inner_looking_again() {
    let dir = tempfile::tempdir().unwrap();
    // So many channels that a queue that is kept is seen.
    let mut module = plug("loose", 32, 48_000);
    let capture = capture(Some("pulseaudio:loose.monitor"), false, dir.path());
    let (mut first, mut memories) = (None, Vec::new());
    for _ in 0..8 {
        let mut events = Vec::new();
        pactl(&["unload-module", &module]);
        wait_for_event(&capture, &mut events, is_lost);
        module = plug("loose", 32, 48_000);
        wait_for_event(&capture, &mut events, is_back);
        for _ in 0..3 {
            assert!(!devices::list().unwrap().is_empty());
        }
        let frames = capture.stats().frames;
        wait_for("sound", || capture.stats().frames > frames + 24_000);
        // The threads of the stream before may take a while to end.
        let [files, threads] = *first.get_or_insert_with(held);
        wait_for("no more files and threads than in the first round", || {
            let [files_now, threads_now] = held();
            files_now <= files && threads_now <= threads
        });
        memories.push(memory());
    }
    // A queue is half a second of 32 channels of f32. The one before may still be there, and the allocator may keep
    // one; a queue a round would be four.
    let queue = 48_000 / 2 * 32 * 4;
    assert!(
        memories[7].saturating_sub(memories[3]) < 3 * queue,
        "{memories:?}, and a queue is {queue} bytes"
    );
}

#[test]
fn the_default_device_goes_over_to_the_next_default() {
    let Some(server) = server("the_default_device_goes_over_to_the_next_default", &[]) else {
        return;
    };
    run_inner("inner_next_default", server.env());
}

#[test]
#[ignore = "run by the_default_device_goes_over_to_the_next_default"]
fn inner_next_default() {
    let dir = tempfile::tempdir().unwrap();
    let module = plug("first", 2, 48_000);
    plug("other", 2, 48_000);
    pactl(&["set-default-source", "first.monitor"]);
    let capture = capture(None, false, dir.path());
    assert!(capture.label().contains("first"), "{}", capture.label());
    wait_for("sound", || capture.stats().frames >= 24_000);
    pactl(&["unload-module", &module]);
    let mut events = Vec::new();
    wait_for_event(
        &capture,
        &mut events,
        |event| matches!(event, CaptureEvent::Reconnected { device } if device.contains("other")),
    );
    assert_eq!(capture.stats().state, SourceState::Running);
}

#[test]
fn a_device_of_another_shape_ends_the_capture() {
    let Some(server) = server("a_device_of_another_shape_ends_the_capture", &[]) else {
        return;
    };
    run_inner("inner_reshaped", server.env());
}

#[test]
#[ignore = "run by a_device_of_another_shape_ends_the_capture"]
fn inner_reshaped() {
    let dir = tempfile::tempdir().unwrap();
    let module = plug("gone", 2, 48_000);
    let capture = capture(Some("gone"), false, dir.path());
    wait_for("sound", || capture.stats().frames >= 24_000);
    pactl(&["unload-module", &module]);
    let mut events = Vec::new();
    wait_for_event(&capture, &mut events, is_lost);
    plug("gone", 4, 44_100);
    wait_for_event(&capture, &mut events, |event| {
        matches!(
            event,
            CaptureEvent::Reshaped {
                channels: 4,
                rate: 44_100,
                id,
                ..
            } if id == "pulseaudio:gone.monitor"
        )
    });
    wait_for("the end", || capture.stats().finished);
    assert_eq!(capture.stats().state, SourceState::Ended);
    // A new capture makes a ring of the new shape.
    drop(capture);
    let next = start(CaptureConfig {
        ring_path: Some(dir.path().join("ring")),
        ..CaptureConfig::new(SourceSpec::Device {
            name: Some("gone".to_owned()),
        })
    })
    .unwrap();
    assert_eq!(
        (next.format().channels, next.format().sample_rate),
        (4, 44_100)
    );
}

#[test]
fn a_loopback_records_the_default_output() {
    let Some(server) = server("a_loopback_records_the_default_output", &[]) else {
        return;
    };
    run_inner("inner_loopback", server.env());
}

#[test]
#[ignore = "run by a_loopback_records_the_default_output"]
fn inner_loopback() {
    let dir = tempfile::tempdir().unwrap();
    plug("first", 2, 48_000);
    plug("other", 2, 48_000);
    pactl(&["set-default-sink", "other"]);
    pactl(&["set-default-source", "first.monitor"]);
    let list = devices::list().unwrap();
    let marked = |marker: fn(&devices::DeviceInfo) -> bool| {
        let ids: Vec<&str> = list
            .iter()
            .filter(|device| marker(device))
            .map(|device| device.id.as_str())
            .collect();
        ids.join(" ")
    };
    assert_eq!(marked(|device| device.default), "pulseaudio:first.monitor");
    assert_eq!(
        marked(|device| device.default_loopback),
        "pulseaudio:other.monitor"
    );
    let default = capture(None, false, dir.path());
    assert!(default.label().contains("first"), "{}", default.label());
    drop(default);
    let loopback = capture(None, true, dir.path());
    assert!(loopback.label().contains("other"), "{}", loopback.label());
    wait_for("sound", || loopback.stats().frames >= 24_000);
    drop(loopback);
    let named = capture(Some("first"), true, dir.path());
    assert!(named.label().contains("first"), "{}", named.label());
}
