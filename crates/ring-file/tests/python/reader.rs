//! Python reads what we write: followed, lapped, with gaps, cut off.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use soundfall_ring::GapReason;
use soundfall_ring_file::{FileRingWriter, open};

use super::{BLOCK, CHANNELS, python_is_here, sample, script, text, write_block, writer};

/// Writes on, a block each `pause`, while `command` runs.
fn while_writing(writer: &mut FileRingWriter, pause: Duration, command: &mut Command) -> Output {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                write_block(writer);
                std::thread::sleep(pause);
            }
        });
        let output = command.output();
        done.store(true, Ordering::Relaxed);
        output.unwrap()
    })
}

fn json(output: &Output) -> serde_json::Value {
    let (out, err) = text(output);
    assert!(output.status.success(), "{err}");
    serde_json::from_str(&out).unwrap()
}

/// The f64 rows of a .npy file, one a channel.
fn npy(path: &Path) -> Vec<Vec<f64>> {
    let bytes = fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let words = std::str::from_utf8(&bytes[10..10 + header]).unwrap();
    assert!(
        words.contains("'descr': '<f8', 'fortran_order': False"),
        "{words}"
    );
    let samples = bytes[10 + header..].as_chunks::<8>().0;
    let rows = samples.chunks(samples.len() / CHANNELS as usize);
    rows.map(|row| row.iter().map(|word| f64::from_le_bytes(*word)).collect())
        .collect()
}

/// Our samples from `start` on; `missing` says which frames are zeros instead.
fn assert_samples(rows: &[Vec<f64>], start: u64, missing: impl Fn(u64) -> bool) {
    for (channel, row) in (0..).zip(rows) {
        for (frame, &got) in (start..).zip(row) {
            let right = if missing(frame) {
                0.0
            } else {
                sample(frame, channel)
            };
            assert_eq!(got, f64::from(right), "frame {frame}, channel {channel}");
        }
    }
}

fn number(value: &serde_json::Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn python_reads_what_we_write() {
    if !python_is_here("python_reads_what_we_write") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (ring, out) = (dir.path().join("ring"), dir.path().join("out.npy"));
    let mut writer = writer(&ring, 960_100);
    for _ in 0..2_500 {
        write_block(&mut writer);
    }
    writer.record_gap(1_000_000, 480, GapReason::CaptureOverrun);
    writer.record_gap(1_100_000, 96, GapReason::DeviceLost);
    let pause = Duration::from_millis(5);

    let mut info = script("ring_reader.py");
    let facts = json(&while_writing(
        &mut writer,
        pause,
        info.arg("info").arg(&ring),
    ));
    assert_eq!(
        (&facts["rate"], &facts["channels"]),
        (&48_000.into(), &2.into())
    );
    assert_eq!(
        (&facts["label"], &facts["writer"]),
        (&"from Rust".into(), &"alive".into())
    );
    assert_eq!(
        (&facts["extended"], number(&facts["gap_total"])),
        (&true.into(), 2)
    );
    assert_eq!(facts["gaps"][1]["reason"], "device lost");
    assert_eq!(number(&facts["gaps"][1]["start_frame"]), 1_100_000);
    let (written, oldest) = (number(&facts["written"]), number(&facts["oldest"]));
    assert!(oldest + 960_100 - u64::from(BLOCK) >= written);

    // Followed past the end of the ring, where a block straddles it.
    let mut record = script("ring_reader.py");
    record
        .args(["record", "--seconds", "1", "-o"])
        .args([&out, &ring]);
    let summary = json(&while_writing(&mut writer, pause, &mut record));
    assert_eq!(summary["lost"], serde_json::json!([]));
    let (start, end) = (number(&summary["start"]), number(&summary["end"]));
    assert_eq!(end, start + 48_000);
    let rows = npy(&out);
    assert_eq!((rows.len(), rows[0].len()), (2, 48_000));
    assert_samples(&rows, start, |_| false);

    // All of the history, after the writer is gone.
    let written = writer.written_frames();
    drop(writer);
    let mut record = script("ring_reader.py");
    record.args(["record", "--oldest", "--seconds", "100", "-o"]);
    let summary = json(&record.args([&out, &ring]).output().unwrap());
    assert_eq!(number(&summary["end"]), written);
    let start = number(&summary["start"]);
    let guard = open(&ring, false).unwrap().ring.oldest_frame();
    assert!(
        start == guard || start == guard + u64::from(BLOCK),
        "{start}"
    );
    assert_samples(&npy(&out), start, |_| false);
}

#[test]
fn a_slow_python_reader_is_lapped_and_says_so() {
    if !python_is_here("a_slow_python_reader_is_lapped_and_says_so") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (ring, out) = (dir.path().join("ring"), dir.path().join("out.npy"));
    let mut writer = writer(&ring, 20_000);
    let mut record = script("ring_reader.py");
    record.args([
        "record",
        "--seconds",
        "6",
        "--step",
        "4000",
        "--slow",
        "0.1",
        "-o",
    ]);
    record.args([&out, &ring]);
    let summary = json(&while_writing(
        &mut writer,
        Duration::from_millis(1),
        &mut record,
    ));
    let lost: Vec<[u64; 2]> = serde_json::from_value(summary["lost"].clone()).unwrap();
    let start = number(&summary["start"]);
    let rows = npy(&out);
    let frames: u64 = lost.iter().map(|[from, to]| to - from).sum();
    println!(
        "{frames} of {} frames lost in {} laps",
        rows[0].len(),
        lost.len()
    );
    assert!(!lost.is_empty() && frames < rows[0].len() as u64);
    let is_lost = |frame: u64| lost.iter().any(|[from, to]| (*from..*to).contains(&frame));
    assert_samples(&rows, start, is_lost);
}

#[test]
fn python_refuses_what_is_no_ring_or_not_any_more() {
    if !python_is_here("python_refuses_what_is_no_ring_or_not_any_more") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let run = |name: &str, args: &[&str], path: &PathBuf| {
        let output = script(name).args(args).arg(path).output().unwrap();
        let (_, words) = text(&output);
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(
            words.starts_with("error: ") && words.lines().count() == 1,
            "{words}"
        );
        words
    };
    let words = run("ring_reader.py", &["info"], &path);
    assert!(words.contains("No such file"), "{words}");
    fs::write(&path, "ten years of work").unwrap();
    run("ring_reader.py", &["info"], &path);
    run("ring_writer.py", &[], &path);
    assert_eq!(fs::read_to_string(&path).unwrap(), "ten years of work");
    fs::remove_file(&path).unwrap();
    let mut writer = writer(&path, 20_000);
    write_block(&mut writer);
    // In the middle of following it, the file is cut off: an error, no SIGBUS.
    let mut follow = script("ring_reader.py");
    follow.args(["watch", "--seconds", "600"]).arg(&path);
    let child = follow
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let open_files = format!("/proc/{}/fd", child.id());
    let has_ring = || {
        let files = fs::read_dir(&open_files).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|file| file == path)
    };
    while !has_ring() {
        std::thread::yield_now();
    }
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(0)
        .unwrap();
    let (_, words) = text(&child.wait_with_output().unwrap());
    assert!(
        words.starts_with("error: ") && words.lines().count() == 1,
        "{words}"
    );
    for name in ["ring_reader.py", "ring_writer.py"] {
        let output = script(name).arg("--help").output().unwrap();
        assert!(output.status.success() && text(&output).0.contains("ring"));
    }
}
