//! Recordings: their samples against what was in the ring, and what is left when things go wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use soundfall_capture::file::decode_all;
use soundfall_capture::record::{RecordConfig, RecordError, RecordEvent, Recorder, save_span};
use soundfall_capture::signal::Generator;
use soundfall_capture::{
    Capture, CaptureConfig, CaptureEvent, RingLoss, Signal, SourceSpec, start,
};
use soundfall_ring::{
    GapReason, HeapStorage, RingFormat, RingWriter, SharedRing, WriterState, heap_ring,
};
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
    for _ in 0..12_000 {
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

/// The samples of a ring from its frame 0 on, interleaved.
fn in_ring(ring: &SharedRing) -> Vec<f32> {
    let channels = ring.format().channels;
    let frames = ring.written_frames() as usize;
    let mut samples = vec![0.0; frames * channels as usize];
    let mut plane = vec![0.0; frames];
    for channel in 0..channels {
        ring.read(channel, 0, &mut plane).unwrap();
        let places = samples.iter_mut().skip(channel as usize);
        for (to, from) in places.step_by(channels as usize).zip(&plane) {
            *to = *from;
        }
    }
    samples
}

fn writable(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

#[test]
fn a_recording_is_whole_whatever_becomes_of_the_ring() {
    type Lose = fn(&Path);
    let losses: [(RingLoss, Lose); 4] = [
        (RingLoss::Truncated, |ring| {
            writable(ring).set_len(0).unwrap();
        }),
        (RingLoss::Truncated, |ring| {
            writable(ring).set_len(4_096).unwrap();
        }),
        (RingLoss::Overwritten, |ring| {
            writable(ring).write_all_at(&[9; 4_096], 0).unwrap();
        }),
        (RingLoss::Removed, |ring| fs::remove_file(ring).unwrap()),
    ];
    let dir = tempfile::tempdir().unwrap();
    let (capture, _) = capture(3, dir.path());
    let path = capture.ring_path().to_owned();
    let record = |name: &str| capture.record(from_start(dir.path().join(name))).unwrap();
    let (wav, flac) = (record("take.wav"), record("take.flac"));
    let mut events = Vec::new();
    for (number, (loss, lose)) in losses.into_iter().enumerate() {
        let before = capture.stats().frames;
        until("sound", || capture.stats().frames > before + 10_000);
        lose(&path);
        let number = number as u64 + 1;
        until("the loss", || capture.stats().ring_losses == number);
        until("a new ring", || !capture.stats().ring_lost);
        events.extend(capture.poll_events());
        let told = events.contains(&CaptureEvent::RingLost { loss });
        assert!(told, "{loss}: {events:?}");
    }
    until("more sound", || {
        soundfall_ring_file::open(&path, false).is_ok_and(|open| open.ring.written_frames() > 9_000)
    });
    let stats = capture.stop();
    let (wav, flac) = (wav.stop(), flac.stop());
    assert_eq!((stats.ring_losses, stats.lost_frames), (4, 0));
    let expected = chord(3, stats.frames as usize);
    for recorded in [&wav, &flac] {
        assert_eq!(recorded.stats.frames, stats.frames);
        assert_eq!((recorded.stats.lost_frames, recorded.stats.gaps), (0, 0));
        assert!(recorded.failure.is_none(), "{:?}", recorded.failure);
    }
    assert!(
        read_wav(&wav.path).1 == expected,
        "the recording is not whole"
    );
    flac_test(&flac.path);
    assert_near(
        &decode_all(&flac.path, 1 << 30).unwrap().interleaved,
        &expected,
    );
    // The newest ring has the sound from where it began, and was closed.
    let began = events.iter().rev().find_map(|event| match event {
        CaptureEvent::RingRenewed { at_frame } => Some(*at_frame as usize),
        _ => None,
    });
    let ring = soundfall_ring_file::open(&path, false).unwrap().ring;
    assert_eq!(ring.writer_state(), WriterState::Closed);
    assert!(in_ring(&ring) == expected[3 * began.unwrap()..]);
}

#[test]
fn a_file_in_the_place_of_the_ring_stays_and_the_recording_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (capture, ring) = capture(2, dir.path());
    let path = capture.ring_path().to_owned();
    let recorder = capture
        .record(from_start(dir.path().join("take.wav")))
        .unwrap();
    let other = dir.path().join("other");
    fs::write(&other, "precious").unwrap();
    fs::rename(&other, &path).unwrap();
    until("the loss", || capture.stats().ring_lost);
    let before = capture.stats().frames;
    until("more sound", || capture.stats().frames > before + 48_000);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    // Those who had the ring open read on.
    assert!(ring.written_frames() > before);
    fs::remove_file(&path).unwrap();
    until("a new ring", || !capture.stats().ring_lost);
    let stats = capture.stop();
    let recorded = recorder.stop();
    assert_eq!(recorded.stats.frames, stats.frames);
    assert!(read_wav(&recorded.path).1 == chord(2, stats.frames as usize));
}

#[test]
fn a_recording_of_a_capture_may_begin_at_any_frame() {
    let dir = tempfile::tempdir().unwrap();
    let (capture, _) = capture(2, dir.path());
    until("sound", || capture.stats().frames > 20_000);
    let from = |name: &str, from_frame| {
        let path = dir.path().join(name);
        let config = RecordConfig {
            from_frame,
            ..RecordConfig::new(path)
        };
        capture.record(config).unwrap()
    };
    let takes = [
        from("now.wav", None),
        from("start.wav", Some(0)),
        from("middle.wav", Some(12_345)),
        from("later.wav", Some(40_001)),
    ];
    let latest = capture.stats().frames + 48_000;
    until("more sound", || capture.stats().frames > 60_000);
    let early = takes[0].first_frame();
    assert!((20_000..latest).contains(&early));
    // A new ring: what is older than it is silence, and told.
    fs::remove_file(capture.ring_path()).unwrap();
    until("the loss", || capture.stats().ring_losses == 1);
    until("a new ring", || !capture.stats().ring_lost);
    let began = capture.poll_events().iter().find_map(|event| match event {
        CaptureEvent::RingRenewed { at_frame } => Some(*at_frame),
        _ => None,
    });
    let began = began.unwrap();
    let late = from("late.wav", Some(began - 1_000));
    let before = capture.stats().frames;
    until("more sound", || capture.stats().frames > before + 10_000);
    let frames = capture.stop().frames as usize;
    let expected = chord(2, frames);
    for take in takes {
        let recorded = take.stop();
        let first = recorded.first_frame as usize;
        assert_eq!(recorded.stats.frames as usize, frames - first);
        assert_eq!(recorded.stats.lost_frames, 0);
        assert!(
            read_wav(&recorded.path).1 == expected[2 * first..],
            "{first}"
        );
    }
    let events = late.poll_events();
    let overrun = RecordEvent::Overrun {
        at_frame: 0,
        length_frames: 1_000,
    };
    assert!(events.contains(&overrun), "{events:?}");
    let recorded = late.stop();
    let samples = read_wav(&recorded.path).1;
    assert!(samples[..2_000].iter().all(|sample| *sample == 0.0));
    assert!(samples[2_000..] == expected[2 * began as usize..]);
}

#[test]
fn every_channel_count_that_is_recorded_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let told = |frame: u64, channel: u64| ((frame * 997 + channel * 13) % 8_191) as f32 / 8_192.0;
    for channels in (1..=64).chain([100, 255, 256]) {
        let format = RingFormat::new(44_100, channels, 2_000, 100).unwrap();
        let (mut writer, ring) = heap_ring(&format, "many").unwrap();
        for block in 0..10 {
            let samples: Vec<f32> = (block * 100..block * 100 + 100)
                .flat_map(|frame| (0..u64::from(channels)).map(move |c| told(frame, c)))
                .collect();
            writer.write_block(&samples).unwrap();
        }
        let expected: Vec<f32> = (3..990)
            .flat_map(|frame| (0..u64::from(channels)).map(move |c| told(frame, c)))
            .collect();
        let mut names = vec!["a.wav", "a.rf64"];
        if channels <= 8 {
            names.push("a.flac");
        }
        for name in names {
            let path = dir.path().join(format!("{channels}-{name}"));
            save_span(&*ring, 3..990, &path, false).unwrap();
            let read = decode_all(&path, 1 << 30).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((read.rate, read.channels), (44_100, channels), "{name}");
            assert!(read.interleaved == expected, "{channels} channels, {name}");
            if name == "a.wav" {
                // Another reader says the same.
                assert!(read_wav(&path) == (channels, expected.clone()));
            }
        }
    }
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
        fs::metadata(&wav).is_ok_and(|meta| meta.len() > 900_000)
            && fs::metadata(&flac).is_ok_and(|meta| meta.len() > 250_000)
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
        // Nor does a recording for which there is no room from the beginning.
        let filler = disk.place().path("filler");
        fs::write(&filler, vec![1; 2 << 20]).unwrap_err();
        let none = disk.place().path(&format!("none-{name}"));
        let error = Recorder::start(ring.clone(), from_start(none.clone())).unwrap_err();
        assert!(matches!(error, RecordError::DiskFull { .. }), "{error}");
        assert!(!none.exists());
        // A recording that is there stays, if the new one cannot even begin.
        let was = fs::read(&path).unwrap();
        let over = RecordConfig {
            overwrite: true,
            ..from_start(path.clone())
        };
        Recorder::start(ring.clone(), over).unwrap_err();
        assert!(fs::read(&path).unwrap() == was);
        fs::remove_file(&filler).unwrap();
        // A span that does not fit leaves nothing.
        fs::remove_file(&path).unwrap();
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

#[test]
fn a_recording_that_is_taken_away_is_told_and_not_whole() {
    let dir = tempfile::tempdir().unwrap();
    let format = RingFormat::new(8_000, 1, 80_000, 80).unwrap();
    for name in ["take.wav", "take.flac"] {
        let (mut writer, ring) = heap_ring(&format, "test").unwrap();
        let path = dir.path().join(name);
        let recorder = Recorder::start(ring, RecordConfig::new(path.clone())).unwrap();
        writer.write_block(&[0.5; 80]).unwrap();
        until("the first block", || recorder.stats().frames == 80);
        let moved = dir.path().join(format!("elsewhere-{name}"));
        fs::rename(&path, &moved).unwrap();
        fs::write(&path, "precious").unwrap();
        for _ in 0..200 {
            writer.write_block(&[0.5; 80]).unwrap();
        }
        let mut events = Vec::new();
        for _ in 0..3_000 {
            events.extend(recorder.poll_events());
            if !events.is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert!(
            matches!(&events[..], [RecordEvent::FileMoved { message }] if message.contains(name)),
            "{events:?}"
        );
        let recorded = recorder.stop();
        assert!(
            matches!(recorded.failure, Some(RecordError::Moved { .. })),
            "{recorded:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        let kept = decode_all(&moved, 1 << 20).unwrap().interleaved;
        assert_eq!(kept, vec![0.5; 80 * 201], "the sound is in the file");

        // Back in its place it is what was asked for.
        let path = dir.path().join(format!("back-{name}"));
        let (mut writer, ring) = heap_ring(&format, "test").unwrap();
        let recorder = Recorder::start(ring, RecordConfig::new(path.clone())).unwrap();
        fs::rename(&path, &moved).unwrap();
        writer.write_block(&[0.5; 80]).unwrap();
        fs::rename(&moved, &path).unwrap();
        assert!(recorder.stop().failure.is_none());
    }
}

#[test]
fn a_recording_that_is_cut_off_ends_and_what_is_left_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let format = RingFormat::new(8_000, 1, 80_000, 4_096).unwrap();
    for name in ["cut.wav", "cut.flac"] {
        let (mut writer, ring) = heap_ring(&format, "test").unwrap();
        let path = dir.path().join(name);
        let recorder = Recorder::start(ring, RecordConfig::new(path.clone())).unwrap();
        let sound: Vec<f32> = (0..4_096).map(|i| (i % 100) as f32 / 128.0).collect();
        writer.write_block(&sound).unwrap();
        writer.write_block(&sound).unwrap();
        until("the first blocks", || recorder.stats().frames == 8_192);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() * 3 / 4)
            .unwrap();
        let recorded = recorder.stop();
        assert!(
            matches!(recorded.failure, Some(RecordError::CutOff { .. })),
            "{recorded:?}"
        );
        let kept = decode_all(&path, 1 << 20).unwrap().interleaved;
        assert!((4_096..8_192).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept[..4_096], sound);
    }
}

#[test]
fn flac_holds_no_rate_beyond_its_header() {
    let dir = tempfile::tempdir().unwrap();
    for (name, rate, works) in [
        ("a.flac", 1_048_575, true),
        ("b.flac", 1_048_576, false),
        ("c.wav", 1_048_576, true),
    ] {
        let format = RingFormat::new(rate, 1, 80_000, 80).unwrap();
        let (_writer, ring) = heap_ring(&format, "test").unwrap();
        let path = dir.path().join(name);
        match Recorder::start(ring, RecordConfig::new(path.clone())) {
            Ok(_) => assert!(works, "{name}"),
            Err(error) => {
                assert!(!works && error.to_string().contains(".wav"), "{error}");
                assert!(!path.exists());
            }
        }
    }
}
