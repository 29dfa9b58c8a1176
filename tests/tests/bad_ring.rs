//! Bad rings: what is no ring, what is cut off, what lies about itself, what may not be
//! written, and a second writer.
//!
//! One clear line, exit code 1 or 2, nothing overwritten, no panic, no huge allocation.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use std::fs;
use std::path::Path;

const MAGIC: u64 = 0x4155_4449_5441_4221;
const HEADER_BYTES: usize = 4096;

/// A file of the base format: 2 channels, 8192 frames, blocks of 1024, `sequence` written.
fn ring(sequence: u64, change: impl FnOnce(&mut [u64; 7])) -> Vec<u8> {
    let mut words = [MAGIC, 1, 48_000, 2, 8192, sequence, 1024];
    change(&mut words);
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(HEADER_BYTES + 2 * 8192 * 8, 0);
    bytes
}

/// Every command that reads a ring refuses this one and leaves it as it is.
#[track_caller]
fn expect_refused(name: &str, bytes: &[u8]) {
    let place = Place::new();
    let path = place.write(name, bytes);
    let out = place.path("out.npy");
    for program in [
        Program::new(["view", "--headless", "--seconds", "1", "--ring"]).arg(&path),
        Program::new(["ring", "info"]).arg(&path),
        Program::new(["stft"]).arg(&path).arg("-o").arg(&out),
        Program::new(["envelope", "--points", "10"])
            .arg(&path)
            .arg("-o")
            .arg(&out),
        Program::new(["peaks"]).arg(&path),
        Program::new(["measure", "--json"]).arg(&path),
    ] {
        program.run().expect_refusal(&[name]);
    }
    assert_eq!(
        fs::read(&path).expect("still there"),
        bytes,
        "{name} was changed"
    );
    assert_eq!(place.names(), [name]);
}

#[test]
fn the_ring_these_tests_spoil_is_good() {
    let place = Place::new();
    let path = place.write("good", ring(4, |_| ()));
    let info = Program::new(["ring", "info", "--json"])
        .arg(&path)
        .run()
        .expect_success()
        .json();
    assert_eq!(number(&info, "written_frames"), 4096.0);
}

#[test]
fn files_that_are_no_ring() {
    expect_refused("text", "not a ring\n".repeat(1000).as_bytes());
    expect_refused("empty", b"");
    expect_refused("zeros", &[0; 20_000]);
}

#[test]
fn a_ring_of_the_other_byte_order_is_called_so() {
    let place = Place::new();
    let path = place.write("swapped", ring(4, |words| words[0] = MAGIC.swap_bytes()));
    Program::new(["ring", "info"])
        .arg(&path)
        .run()
        .expect_refusal(&["swapped", "byte"]);
}

#[test]
fn truncated_rings() {
    let good = ring(4, |_| ());
    for length in [7, 8, 55, 4095, 4096, good.len() - 8] {
        expect_refused("truncated", &good[..length]);
    }
}

#[test]
fn hostile_headers() {
    const VERSION: usize = 1;
    const RATE: usize = 2;
    const CHANNELS: usize = 3;
    const CAPACITY: usize = 4;
    const SEQUENCE: usize = 5;
    const BLOCK: usize = 6;
    for (word, value) in [
        (VERSION, 0),
        (VERSION, 2),
        (RATE, 0),
        (RATE, u64::MAX),
        (CHANNELS, 0),
        (CHANNELS, 1 << 32),
        (CHANNELS, u64::MAX),
        (CAPACITY, 0),
        (CAPACITY, 1 << 61),
        (CAPACITY, u64::MAX),
        (SEQUENCE, u64::MAX),
        (BLOCK, 0),
        (BLOCK, 8193),
        (BLOCK, u64::MAX),
    ] {
        expect_refused(
            &format!("word-{word}-{value}"),
            &ring(4, |words| words[word] = value),
        );
    }
    // Channels × capacity × 8 is 2^64: nothing, if it wraps.
    expect_refused(
        "wraps",
        &ring(4, |words| {
            (words[CHANNELS], words[CAPACITY]) = (1 << 31, 1 << 30);
        }),
    );
}

#[test]
fn a_ring_that_is_not_there() {
    for command in [
        &["view", "--headless", "--seconds", "1", "--ring"][..],
        &["ring", "info"][..],
    ] {
        Program::new(command)
            .arg("/nowhere/ring")
            .run()
            .expect_refusal(&["/nowhere/ring"]);
    }
}

fn capture(ring: &Path, seconds: &str) -> Program {
    Program::new([
        "capture",
        "--signal",
        "sine",
        "--history",
        "2",
        "--seconds",
        seconds,
        "--ring",
    ])
    .arg(ring)
}

#[test]
fn a_ring_is_never_written_over_something_else() {
    let place = Place::new();
    let path = place.write("thesis.txt", "precious");
    capture(&path, "1").run().expect_refusal(&["thesis.txt"]);
    assert_eq!(fs::read(&path).expect("still there"), b"precious");
    assert_eq!(
        place.names(),
        ["thesis.txt"].map(str::to_owned),
        "nothing is left behind"
    );
}

#[test]
fn a_ring_where_none_can_be_written() {
    let place = Place::new();
    let file = place.write("file", "");
    capture(&file.join("ring"), "1")
        .run()
        .expect_refusal(&["file"]);
    capture(Path::new("/proc/soundfall/ring"), "1")
        .run()
        .expect_refusal(&["/proc/soundfall"]);
    capture(place.folder(), "1").run().expect_refusal(&[]);
    assert_eq!(place.names(), ["file"]);
}

#[test]
fn a_second_writer_is_told_who_the_first_is() {
    let place = Place::new();
    let path = place.path("ring");
    let mut first = capture(&path, "100000").start();
    first.wait_until("its ring exists", || path.exists());

    let pid = first.id().to_string();
    for command in [&["capture"][..], &["live", "--headless"][..]] {
        let second = Program::new(command)
            .args(["--signal", "sine", "--seconds", "1", "--ring"])
            .arg(&path);
        second.run().expect_refusal(&[&pid]);
    }
    assert!(first.is_running(), "the first writer goes on");
    let info = Program::new(["ring", "info", "--json"])
        .arg(&path)
        .run()
        .expect_success()
        .json();
    assert_eq!(number(&info, "writer_pid"), f64::from(first.id()));
    first.interrupt();
    first.wait().expect_success();
}
