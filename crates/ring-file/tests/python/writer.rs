//! We read what Python writes: while it writes, with gaps, base rings, after its end.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use soundfall_ring::{ReadError, RingRead};
use soundfall_ring_file::{
    CreateError, CreateOptions, OpenRing, WriterStatus, create, inspect, open, unix_now_ns,
    writer_status,
};

use super::{CHANNELS, python_is_here, sample, script, text};

/// Ends a Python writer however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Python writer of the signal `count` and its ring.
fn python_writer(ring: &Path, args: &[&str]) -> (Running, OpenRing) {
    let mut command = script("ring_writer.py");
    command
        .arg(ring)
        .args(["--signal", "count", "--history", "0.5"])
        .args(args);
    let mut child = Running(command.spawn().unwrap());
    loop {
        // It may be done before the first look.
        let ended = child.0.try_wait().unwrap();
        if let Ok(open) = open(ring, false) {
            return (child, open);
        }
        assert_eq!(ended, None, "the writer ended without a ring");
        std::thread::yield_now();
    }
}

/// Reads near the oldest end while `go_on`; returns how many reads were accepted and lapped.
fn read_near_the_end(ring: &dyn RingRead, mut go_on: impl FnMut() -> bool) -> (u64, u64) {
    let (mut accepted, mut lapped) = (0u64, 0u64);
    let mut out = vec![0.0; ring.format().readable_frames() as usize];
    while go_on() {
        let start = ring.oldest_frame();
        let available = ring.written_frames().saturating_sub(start) as usize;
        let len = ((accepted + lapped) as usize * 7919 % out.len() + 1).min(available);
        let channel = accepted as u32 % CHANNELS;
        match ring.read(channel, start, &mut out[..len]) {
            Ok(()) => {
                accepted += 1;
                let wrong = (start..)
                    .zip(&out[..len])
                    .find(|&(frame, &got)| got != sample(frame, channel));
                assert_eq!(wrong, None, "a torn read was accepted");
            }
            Err(ReadError::Lapped { .. }) => lapped += 1,
            Err(ReadError::NotYet { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    (accepted, lapped)
}

#[test]
fn we_read_what_python_writes() {
    if !python_is_here("we_read_what_python_writes") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ring = dir.path().join("ring");
    let args = [
        "--fast",
        "--seconds",
        "150",
        "--block",
        "997",
        "--label",
        "from Python",
    ];
    let (mut child, open) = python_writer(&ring, &args);
    let mut first = true;
    let running = || std::mem::take(&mut first) || child.0.try_wait().unwrap().is_none();
    let (accepted, lapped) = read_near_the_end(&*open.ring, running);
    println!("accepted {accepted} reads, lapped {lapped}");
    assert!(accepted > 0);
    assert!(child.0.wait().unwrap().success());
    let info = inspect(&ring).unwrap();
    assert_eq!(info.writer, WriterStatus::Closed);
    assert_eq!(
        (info.channels, info.block_frames, info.capacity_frames),
        (2, 997, 24_000)
    );
    assert_eq!(info.label.as_deref(), Some("from Python"));
    assert_eq!(
        info.written_frames,
        (150_u64 * 48_000).next_multiple_of(997)
    );
    assert_eq!(
        (info.gap_total, info.file_bytes),
        (0, 4096 + 2 * 24_000 * 8)
    );
    assert!(!dir.path().join("ring.lock").exists());
}

#[test]
fn a_live_python_ring_with_gaps_and_its_end() {
    if !python_is_here("a_live_python_ring_with_gaps_and_its_end") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ring = dir.path().join("ring");
    // Nothing is overwritten before it was looked at.
    let gaps = "--history 60 --gap 0.05 0.01 --gap 0.2 0.0301";
    let gaps: Vec<&str> = gaps.split(' ').collect();
    let (child, open) = python_writer(&ring, &gaps);
    while open.ring.written_frames() < 15_000 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let info = inspect(&ring).unwrap();
    let pid = child.0.id();
    assert_eq!((info.extended, info.writer_pid), (true, Some(pid)));
    // It is alive, between its signs of life too.
    assert!((0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        writer_status(&*open.ring, unix_now_ns()) == WriterStatus::Alive
    }));
    let found: Vec<_> = info
        .gaps
        .iter()
        .map(|gap| (gap.start_frame, gap.length_frames))
        .collect();
    assert_eq!(found, [(2400, 480), (9600, 1445)]);
    let mut out = [1.0; 1447];
    open.ring.read(1, 9599, &mut out).unwrap();
    assert_eq!((out[0], out[1446]), (sample(9599, 1), sample(11_045, 1)));
    assert!(out[1..1446].iter().all(|&sample| sample == 0.0));

    // One writer per ring, in either order of languages.
    let options = CreateOptions {
        path: ring.clone(),
        format: *open.ring.format(),
        label: String::new(),
    };
    let refused = create(&options).unwrap_err();
    assert!(
        matches!(refused, CreateError::AlreadyWritten { pid: Some(other), .. } if other == pid),
        "{refused}"
    );
    drop(child); // killed
    let later = unix_now_ns() + 2_000_000_000;
    assert_eq!(writer_status(&*open.ring, later), WriterStatus::Dead);
    let ours = create(&options).unwrap();
    assert!(open.is_replaced());
    let output = script("ring_writer.py").arg(&ring).output().unwrap();
    let (_, words) = text(&output);
    let us = format!("already written by process {}", std::process::id());
    assert!(!output.status.success() && words.contains(&us), "{words}");
    drop(ours);
}

#[test]
fn a_base_ring_of_python() {
    if !python_is_here("a_base_ring_of_python") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ring = dir.path().join("ring");
    let args = ["--base", "--fast", "--seconds", "2"];
    let (mut child, open) = python_writer(&ring, &args);
    assert!(child.0.wait().unwrap().success());
    let info = inspect(&ring).unwrap();
    assert_eq!((info.extended, info.writer), (false, WriterStatus::Unknown));
    assert_eq!((info.written_frames, info.oldest_frame), (96_000, 72_480));
    let mut more = 1;
    let (accepted, _) = read_near_the_end(&*open.ring, || {
        more += 1;
        more < 20
    });
    assert!(accepted > 0);
}
