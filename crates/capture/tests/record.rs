//! Recordings: their samples against what was in the ring, and what is left when things go wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use soundfall_capture::file::decode_all;
use soundfall_capture::record::{RecordConfig, RecordError, RecordEvent, Recorder, save_span};
use soundfall_capture::signal::Generator;
use soundfall_capture::{Capture, CaptureConfig, Signal, SourceSpec, start};
use soundfall_ring::{GapReason, HeapStorage, RingFormat, RingWriter, SharedRing, heap_ring};
use soundfall_test_support::place::SmallDisk;
use soundfall_test_support::program::program;
use soundfall_test_support::skip::skip;

fn capture(channels: u32, dir: &Path) -> (Capture, SharedRing) {
    let capture = start(CaptureConfig {
        ring_path: Some(dir.join("ring")),
        channels: Some(channels),
        ..CaptureConfig::new(SourceSpec::Signal(Signal::Chord))
    })
    .unwrap();
    let ring = soundfall_ring_file::open(capture.ring_path(), false)
        .unwrap()
        .ring;
    (capture, ring)
}

fn from_start(path: PathBuf) -> RecordConfig {
    RecordConfig {
        from_frame: Some(0),
        ..RecordConfig::new(path)
    }
}

fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..3_000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}

/// The signal as the captures of these tests play it.
fn chord(channels: u32, frames: usize) -> Vec<f32> {
    let mut samples = vec![0.0; frames * channels as usize];
    Generator::new(Signal::Chord, channels, 48_000)
        .unwrap()
        .fill(&mut samples);
    samples
}

fn read_wav(path: &Path) -> (u32, Vec<f32>) {
    let reader = hound::WavReader::open(path).unwrap();
    let channels = u32::from(reader.spec().channels);
    (
        channels,
        reader.into_samples().map(Result::unwrap).collect(),
    )
}

/// Half a step of 24 bits.
fn assert_near(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    for (index, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= 0.51 / 8_388_608.0,
            "sample {index}: {a}, {b}"
        );
    }
}

/// What the flac program says.
fn flac_test(path: &Path) {
    let output = Command::new("flac").arg("-st").arg(path).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Whether the flac program is here; leaves the test out where it is not.
fn flac_is_here(test: &str) -> bool {
    program("flac", "flac")
        .map_err(|reason| skip(test, &reason))
        .is_ok()
}

#[test]
fn a_recording_is_what_was_in_the_ring() {
    if !flac_is_here("a_recording_is_what_was_in_the_ring") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (capture, ring) = capture(3, dir.path());
    let record =
        |name: &str| Recorder::start(ring.clone(), from_start(dir.path().join(name))).unwrap();
    let (wav, flac) = (record("take.wav"), record("take.flac"));
    until("a second of sound", || wav.stats().frames > 48_000);
    let stats = capture.stop();
    until("the end", || wav.stats().finished && flac.stats().finished);
    assert_eq!(wav.poll_events(), [RecordEvent::WriterEnded]);
    let (wav, flac) = (wav.stop(), flac.stop());
    for recorded in [&wav, &flac] {
        assert_eq!(recorded.stats.frames, stats.frames);
        assert_eq!((recorded.stats.lost_frames, recorded.stats.clipped), (0, 0));
        assert!(recorded.failure.is_none() && recorded.first_frame == 0);
    }
    let expected = chord(3, stats.frames as usize);
    assert_eq!(read_wav(&wav.path), (3, expected.clone()));
    flac_test(&flac.path);
    assert_near(
        &decode_all(&flac.path, 1 << 30).unwrap().interleaved,
        &expected,
    );
}

#[test]
fn a_recording_can_begin_and_end_while_the_capture_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (capture, ring) = capture(2, dir.path());
    until("sound", || capture.stats().frames > 10_000);
    let config = RecordConfig::new(dir.path().join("part.wav"));
    let recorder = Recorder::start(ring.clone(), config.clone()).unwrap();
    until("a part", || recorder.stats().frames > 10_000);
    let part = recorder.stop();
    let after = capture.stats().frames;
    until("more sound", || capture.stats().frames > after + 4_800);
    assert_eq!(capture.stop().lost_frames, 0);
    let (first, frames) = (part.first_frame as usize, part.stats.frames as usize);
    assert!(first >= 10_000);
    let expected = chord(2, first + frames);
    assert_eq!(read_wav(&part.path).1, expected[2 * first..]);
    // Never over a file that is there, unless it is asked for.
    let error = Recorder::start(ring.clone(), config.clone()).unwrap_err();
    assert!(matches!(error, RecordError::Exists { .. }), "{error}");
    assert_eq!(read_wav(&part.path).1.len(), 2 * frames);
    let again = RecordConfig {
        overwrite: true,
        ..config
    };
    assert_eq!(Recorder::start(ring, again).unwrap().stop().stats.frames, 0);
    assert_eq!(read_wav(&part.path).1.len(), 0);
}

/// A program that records until it is killed.
#[test]
#[ignore = "run by a_killed_program_leaves_readable_files"]
fn inner_record_for_ever() {
    let dir = PathBuf::from(std::env::var_os("SOUNDFALL_TEST_DIR").unwrap());
    let (_capture, ring) = capture(2, &dir);
    let _takes = ["take.wav", "take.flac"]
        .map(|name| Recorder::start(ring.clone(), from_start(dir.join(name))).unwrap());
    thread::sleep(Duration::from_secs(120));
}

#[test]
fn a_killed_program_leaves_readable_files() {
    if !flac_is_here("a_killed_program_leaves_readable_files") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inner_record_for_ever", "--ignored"])
        .env("SOUNDFALL_TEST_DIR", dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (wav, flac) = (dir.path().join("take.wav"), dir.path().join("take.flac"));
    // Two seconds, and no whole number of them: the header is behind what was written.
    until("two seconds of sound", || {
        std::fs::metadata(&wav).is_ok_and(|meta| meta.len() > 900_000)
            && std::fs::metadata(&flac).is_ok_and(|meta| meta.len() > 250_000)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let (channels, samples) = read_wav(&wav);
    assert!(
        channels == 2 && samples.len() >= 2 * 48_000,
        "{}",
        samples.len()
    );
    assert_eq!(samples, chord(2, samples.len() / 2));
    flac_test(&flac);
    let samples = decode_all(&flac, 1 << 30).unwrap().interleaved;
    assert!(samples.len() >= 2 * 48_000, "{}", samples.len());
    assert_near(&samples, &chord(2, samples.len() / 2));
}

/// Where nothing may be mounted there is still the device that is always full, which is no recording.
#[test]
fn a_device_is_no_recording() {
    let dir = tempfile::tempdir().unwrap();
    let (_capture, ring) = capture(8, dir.path());
    let config = RecordConfig {
        overwrite: true,
        ..RecordConfig::new("/dev/full".into())
    };
    assert!(matches!(
        Recorder::start(ring, config),
        Err(RecordError::UnknownFormat { .. })
    ));
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_capture() {
    let test = "a_full_disk_ends_the_recording_and_not_the_capture";
    if !flac_is_here(test) {
        return;
    }
    let disk = match SmallDisk::mount(1024) {
        Ok(disk) => disk,
        Err(reason) => return skip(test, &reason),
    };
    let dir = tempfile::tempdir().unwrap();
    let (capture, ring) = capture(8, dir.path());
    for name in ["full.wav", "full.flac"] {
        let path = disk.place().path(name);
        let recorder = Recorder::start(ring.clone(), from_start(path.clone())).unwrap();
        until("the full disk", || recorder.stats().finished);
        let events = recorder.poll_events();
        assert!(
            matches!(&events[..], [RecordEvent::Failed { message }] if message.contains("the disk is full")),
            "{events:?}"
        );
        let recorded = recorder.stop();
        assert!(matches!(
            recorded.failure,
            Some(RecordError::DiskFull { .. })
        ));
        // What was written can be read.
        let samples = if name.ends_with("wav") {
            read_wav(&path).1
        } else {
            flac_test(&path);
            decode_all(&path, 1 << 30).unwrap().interleaved
        };
        assert!(samples.len() > 8 * 10_000, "{}", samples.len());
        assert_near(&samples, &chord(8, samples.len() / 8));
        // A span that does not fit leaves nothing.
        std::fs::remove_file(&path).unwrap();
        let most = ring.written_frames();
        let error = save_span(&*ring, 0..most, &disk.place().path("span.wav"), false);
        assert!(
            matches!(error, Err(RecordError::DiskFull { .. })),
            "{error:?}"
        );
        assert_eq!(disk.place().names(), [""; 0]);
    }
    let stats = capture.stats();
    until("more sound", || {
        capture.stats().frames > stats.frames + 4_800
    });
    assert_eq!(capture.stop().lost_frames, 0);
}

fn rig(capacity: u64) -> (RingWriter<HeapStorage>, SharedRing) {
    heap_ring(&RingFormat::new(8_000, 2, capacity, 100).unwrap(), "rig").unwrap()
}

/// Writes blocks whose samples tell their frame.
fn write_blocks(writer: &mut RingWriter<HeapStorage>, blocks: u64) {
    for _ in 0..blocks {
        let start = writer.written_frames();
        let block: Vec<f32> = (start..start + 100)
            .flat_map(|f| [numbered(f), -numbered(f)])
            .collect();
        writer.write_block(&block).unwrap();
    }
}

fn numbered(frame: u64) -> f32 {
    (frame + 1) as f32 / 8_388_608.0
}

fn told_from(frames: std::ops::Range<u64>) -> Vec<f32> {
    frames.flat_map(|f| [numbered(f), -numbered(f)]).collect()
}

#[test]
fn gaps_and_overruns_are_silence_of_their_length_and_numbered() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, ring) = rig(1_000);
    write_blocks(&mut writer, 20);
    // The oldest frames are gone before the recording begins: 100 of those it wants.
    let oldest = ring.oldest_frame();
    let config = RecordConfig {
        from_frame: Some(oldest - 100),
        ..RecordConfig::new(dir.path().join("take.wav"))
    };
    let recorder = Recorder::start(ring.clone(), config).unwrap();
    until("what is there", || {
        recorder.stats().frames == 2_000 - oldest + 100
    });
    writer.record_gap(2_000, 100, GapReason::DeviceLost);
    writer.write_silence_block().unwrap();
    write_blocks(&mut writer, 2);
    let events_until = recorder.poll_events();
    let recorded = recorder.stop();
    assert_eq!(recorded.stats.frames, 2_300 - oldest + 100);
    // A reader that was lapped resumes a little behind the oldest frame.
    let RecordEvent::Overrun {
        at_frame: 0,
        length_frames: overrun,
    } = events_until[0]
    else {
        panic!("{events_until:?}");
    };
    assert!(overrun >= 100);
    let stats = recorded.stats;
    assert_eq!((stats.gaps, stats.lost_frames), (1, overrun + 100));
    let samples = read_wav(&recorded.path).1;
    let mut expected = vec![0.0; 2 * overrun as usize];
    expected.extend(told_from(oldest - 100 + overrun..2_000));
    expected.extend(vec![0.0; 200]);
    expected.extend(told_from(2_100..2_300));
    assert_eq!(samples, expected);
}

#[test]
fn a_gap_is_told_with_its_place_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, ring) = rig(10_000);
    write_blocks(&mut writer, 3);
    writer.record_gap(250, 100, GapReason::CaptureOverrun);
    let config = RecordConfig {
        from_frame: Some(300),
        ..RecordConfig::new(dir.path().join("take.flac"))
    };
    let recorder = Recorder::start(ring, config).unwrap();
    write_blocks(&mut writer, 5);
    writer.record_gap(500, 30, GapReason::SourceDiscontinuity);
    recorder.halt();
    let gap = |at_frame, length_frames, reason| RecordEvent::Gap {
        at_frame,
        length_frames,
        reason,
    };
    assert_eq!(
        recorder.poll_events(),
        [
            gap(0, 50, GapReason::CaptureOverrun),
            gap(200, 30, GapReason::SourceDiscontinuity)
        ]
    );
    let recorded = recorder.stop();
    assert_eq!((recorded.stats.gaps, recorded.stats.lost_frames), (2, 80));
    let decoded = decode_all(&recorded.path, 1 << 20).unwrap();
    assert_eq!(decoded.interleaved, told_from(300..800));
}

#[test]
fn a_span_of_the_history_is_saved_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, ring) = rig(50_000);
    write_blocks(&mut writer, 700);
    writer.record_gap(30_500, 100, GapReason::DeviceLost);
    for (name, span) in [
        ("a.wav", 20_100..70_000),
        ("b.flac", 30_550..45_551),
        ("c.flac", 69_999..70_000),
    ] {
        let path = dir.path().join(name);
        let saved = save_span(&*ring, span.clone(), &path, false).unwrap();
        assert_eq!(saved.stats.frames, span.end - span.start);
        assert_eq!(saved.first_frame, span.start);
        let lost = [100, 50, 0][usize::from(name.as_bytes()[0] - b'a')];
        assert_eq!(saved.stats.lost_frames, lost);
        let read = decode_all(&path, 1 << 30).unwrap();
        assert_eq!(read.interleaved, told_from(span.clone()), "{name}");
        assert!(matches!(
            save_span(&*ring, span, &path, false),
            Err(RecordError::Exists { .. })
        ));
    }
    let path = dir.path().join("none.wav");
    for span in [19_000..30_000, 60_000..70_001, 5..5] {
        let error = save_span(&*ring, span, &path, false).unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(!path.exists());
    }
    for (name, text) in [("x.ogg", ".wav or .flac"), ("none/x.wav", "cannot make it")] {
        let error = save_span(&*ring, 60_000..60_001, &dir.path().join(name), false).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    let wide = heap_ring(&RingFormat::new(8_000, 9, 1_000, 100).unwrap(), "wide").unwrap();
    let config = RecordConfig::new(dir.path().join("wide.flac"));
    let error = Recorder::start(wide.1, config).unwrap_err();
    assert!(matches!(error, RecordError::Channels { channels: 9, .. }));
}
