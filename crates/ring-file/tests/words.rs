//! What `ring info` says of rings that are live, stopped, foreign and damaged: the words a stranger
//! reads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use soundfall_ring::{GapReason, RingFormat, layout};
use soundfall_ring_file::{CreateOptions, FileRingWriter, create, inspect, unix_now_ns};

fn ring(path: &Path, channels: u32) -> FileRingWriter {
    create(&CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, channels, 48_000, 480).unwrap(),
        label: "USB microphone".to_owned(),
    })
    .unwrap()
}

fn put(path: &Path, offset: u64, value: u64) {
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&value.to_le_bytes(), offset).unwrap();
}

/// The words, which must contain all of `parts`.
fn says(path: &Path, parts: &[&str]) -> String {
    let words = inspect(path).map_or_else(|e| e.to_string(), |info| info.to_string());
    println!("{words}\n");
    for part in parts {
        assert!(words.contains(part), "no {part:?} in:\n{words}");
    }
    assert!(words.contains(path.to_str().unwrap()));
    words
}

#[test]
fn a_live_ring_with_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = ring(&path, 2);
    writer.heartbeat_now();
    says(
        &path,
        &["nothing written yet", "room for 1.00 s", "gaps      none"],
    );
    for _ in 0..110 {
        writer.write_block(&[0.0; 960]).unwrap();
    }
    writer.record_gap(480, 480, GapReason::CaptureOverrun);
    writer.record_gap(48_000, 960, GapReason::DeviceLost);
    writer.heartbeat_now();
    let pid = format!(
        "alive: process {}, its last sign of life was ",
        std::process::id()
    );
    let words = says(
        &path,
        &[
            &pid,
            "USB microphone",
            "2 channels at 48000 Hz, written in blocks of 480 frames (10.0 ms)",
            "990.00 ms can be read, frames 5280 to 52799 (100 % of 1.00 s filled)",
            "gaps      2, where sound was lost",
            "at 0.010 s (frame 480): 10.00 ms lost, capture overrun; overwritten since",
            "at 1.000 s (frame 48000): 20.00 ms lost, device lost",
        ],
    );
    assert!(words.ends_with("device lost"));
    for _ in 0..200 {
        writer.record_gap(48_000, 1, GapReason::SourceDiscontinuity);
    }
    says(&path, &["gaps      202, where", "the newest 111:"]);
}

#[test]
fn a_ring_whose_writer_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = ring(&path, 1);
    writer.write_block(&[0.0; 480]).unwrap();
    writer.heartbeat(unix_now_ns() - 200_000_000_000);
    says(
        &path,
        &["silent: process", "3 min 20 s ago", "1 channel at"],
    );
    writer.heartbeat(unix_now_ns() + 200_000_000_000);
    says(&path, &["silent: process", "dated in the future"]);
    writer.heartbeat(0);
    put(&path, layout::OFFSET_WRITER_PID, 0x7fff_fff0);
    says(
        &path,
        &[
            "dead: process 2147483632 ended without closing",
            "can still be read",
        ],
    );
    drop(writer);
    says(&path, &["closed: it ended as it should"]);
}

#[test]
fn a_foreign_ring() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = ring(&path, 2);
    writer.write_block(&[0.0; 960]).unwrap();
    put(&path, layout::OFFSET_EXT_MAGIC, 0);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let words = says(
        &path,
        &[
            "made by another program",
            "unknown: the ring does not say",
            "others may write to it",
            "not recorded",
        ],
    );
    assert!(!words.contains("source ") && !words.contains("age "));
}

#[test]
fn damaged_rings() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    drop(ring(&path, 2));
    let good = fs::read(&path).unwrap();
    let damaged = |offset: u64, value: u64, parts: &[&str]| {
        fs::write(&path, &good).unwrap();
        put(&path, offset, value);
        let words = says(&path, parts);
        assert!(!words.contains('\n'), "one line: {words}");
    };
    let again = "start the writer again";
    damaged(
        layout::OFFSET_MAGIC,
        7,
        &["not a ring", "give the path of a ring"],
    );
    damaged(
        layout::OFFSET_VERSION,
        9,
        &["version 9", "update this program"],
    );
    damaged(layout::OFFSET_CHANNELS, 0, &["damaged ring header", again]);
    damaged(
        layout::OFFSET_BLOCK,
        1 << 40,
        &["damaged ring header", again],
    );
    damaged(
        layout::OFFSET_SEQUENCE,
        u64::MAX,
        &["damaged ring header", again],
    );
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    says(&path, &["the ring is cut off", again]);
    fs::write(&path, "hello").unwrap();
    says(&path, &["only 0 bytes", "give the path of a ring"]);
}
