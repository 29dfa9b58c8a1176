//! Two processes on one ring: this test starts itself again as the writer. Checks that no torn
//! read is accepted across processes, that a killed writer is found dead, and that its lock is gone.
//!
//! `SOUNDFALL_TORTURE_READS=10000000` makes it ten million reads of each kind instead of a hundred
//! thousand (some minutes).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use soundfall_ring::{ReadError, RingFormat, RingRead};
use soundfall_ring_file::{
    CreateOptions, OpenRing, WriterStatus, create, open, unix_now_ns, writer_status,
};

const RING_VARIABLE: &str = "SOUNDFALL_TEST_WRITER_RING";
const CHANNELS: u32 = 3;
/// Reads by each way of reading, unless the variable says another number.
const READS: u64 = 100_000;
const READS_VARIABLE: &str = "SOUNDFALL_TORTURE_READS";

fn reads() -> u64 {
    std::env::var(READS_VARIABLE).map_or(READS, |text| text.parse().expect("a number of reads"))
}

fn sample(frame: u64, channel: u32) -> f32 {
    ((frame * 4 + u64::from(channel)) % (1 << 24)) as f32
}

fn options(path: PathBuf) -> CreateOptions {
    CreateOptions {
        path,
        format: RingFormat::new(48_000, CHANNELS, 20_000, 480).unwrap(),
        label: "other process".to_owned(),
    }
}

/// Not a test of its own: the writer process. Writes until it is killed.
#[test]
#[ignore = "run by the tests of this file, in another process"]
fn writer_process() {
    let path = std::env::var_os(RING_VARIABLE).expect("a ring to write");
    let mut writer = create(&options(path.into())).unwrap();
    let mut interleaved = vec![0.0; (480 * CHANNELS) as usize];
    loop {
        let first = writer.written_frames();
        for (frame, samples) in (first..).zip(interleaved.chunks_exact_mut(CHANNELS as usize)) {
            for (channel, value) in (0..).zip(samples) {
                *value = sample(frame, channel);
            }
        }
        writer.write_block(&interleaved).unwrap();
        writer.heartbeat_now();
    }
}

/// Kills the writer however the test ends.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_writer(path: &Path) -> (Writer, OpenRing) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--ignored"])
        .env(RING_VARIABLE, path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut writer = Writer(child);
    loop {
        if let Ok(open) = open(path, false) {
            return (writer, open);
        }
        assert_eq!(writer.0.try_wait().unwrap(), None, "the writer ended early");
        std::thread::yield_now();
    }
}

/// Reads near the oldest end all the time; returns how many reads were accepted and lapped. Every
/// sample of every accepted read is compared.
fn read_near_the_end(ring: &dyn RingRead) -> (u64, u64) {
    let (mut accepted, mut lapped) = (0, 0);
    let first = ring.written_frames();
    let mut out = vec![0.0; ring.format().readable_frames() as usize];
    let reads = reads();
    for number in 0..reads {
        let channel = number as u32 % CHANNELS;
        let start = ring.oldest_frame() + number % 5;
        let available = ring.written_frames().saturating_sub(start) as usize;
        let len = (number as usize * 7919 % out.len() + 1).min(available);
        let out = &mut out[..len];
        match ring.read(channel, start, out) {
            Ok(()) => {
                accepted += 1;
                let torn = (start..)
                    .zip(&*out)
                    .find(|&(frame, &got)| got != sample(frame, channel));
                assert_eq!(torn, None, "torn read accepted at {start}+{len}");
            }
            Err(ReadError::Lapped { .. }) => lapped += 1,
            Err(ReadError::NotYet { .. } | ReadError::TooLong { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let laps = (ring.written_frames() - first) / ring.format().capacity_frames;
    println!(
        "{reads} reads near the oldest end while the writer went around {laps} times: {accepted} accepted, 0 torn, {lapped} lapped"
    );
    (accepted, lapped)
}

#[test]
fn reader_and_writer_in_two_processes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let (writer, mapped) = start_writer(&path);
    let careful = open(&path, true).unwrap();
    for ring in [&mapped.ring, &careful.ring] {
        // The writer may not get its turn at once.
        let tested = (0..100).any(|_| {
            let (accepted, lapped) = read_near_the_end(&**ring);
            accepted > 0 && lapped > 0
        });
        assert!(tested, "the test tested nothing");
    }
    let refused = create(&options(path.clone())).unwrap_err().to_string();
    assert!(
        refused.contains(&format!("process {}", writer.0.id())),
        "{refused}"
    );

    drop(writer);
    let later = unix_now_ns() + 2_000_000_000;
    assert_eq!(writer_status(&*mapped.ring, later), WriterStatus::Dead);
    assert!(
        mapped.ring.read_latest(0, &mut [0.0; 1000]).is_ok(),
        "its history stays"
    );
    let next = create(&options(path)).unwrap();
    assert!(mapped.is_replaced());
    drop(next);
}
