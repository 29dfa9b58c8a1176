//! A ring file that is truncated or replaced while it is mapped, by another thread and at any
//! moment: no crash, and nothing that is given out is wrong. Never asserts on time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use soundfall_ring::{ReadError, RingFormat, StorageError};
use soundfall_ring_file::{Access, CreateOptions, FileRingWriter, create, open};

const CAPACITY: u64 = 1 << 20;
const BLOCK: u32 = 1 << 12;

fn sample(frame: u64) -> f32 {
    (frame % (1 << 24) + 1) as f32
}

/// A full ring of one channel, 8 MiB.
fn full_ring(path: &Path) -> FileRingWriter {
    let options = CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, 1, CAPACITY, BLOCK).unwrap(),
        label: "test".to_owned(),
    };
    let mut writer = create(&options).unwrap();
    for block in 0..CAPACITY / u64::from(BLOCK) {
        let first = block * u64::from(BLOCK);
        let samples: Vec<f32> = (first..).take(BLOCK as usize).map(sample).collect();
        writer.write_block(&samples).unwrap();
    }
    writer
}

fn set_len(path: &Path, len: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(len).unwrap();
}

/// Reads the whole ring at `path` again and again while `disturb` runs on it, until a read fails.
/// Returns that error and how many reads were right before.
fn disturbed(path: &Path, disturb: impl FnOnce() + Send) -> (ReadError, u64) {
    let ring = open(path, false).unwrap();
    assert_eq!(ring.access, Access::Mapped);
    let reads = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while reads.load(Ordering::Relaxed) < 2 {
                std::thread::yield_now();
            }
            disturb();
        });
        let mut out = vec![0.0; ring.ring.format().readable_frames() as usize];
        let start = ring.ring.oldest_frame();
        loop {
            if let Err(error) = ring.ring.read(0, start, &mut out) {
                return (error, reads.load(Ordering::Relaxed));
            }
            let wrong = (start..)
                .zip(&out)
                .find(|&(frame, &got)| got != sample(frame));
            assert_eq!(wrong, None, "a wrong sample was given out");
            reads.fetch_add(1, Ordering::Relaxed);
        }
    })
}

#[test]
fn truncated_during_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    for round in 0..40 {
        let writer = full_ring(&path);
        let spin = round * 997;
        let (error, reads) = disturbed(&path, || {
            (0..spin).for_each(|_| std::hint::spin_loop());
            set_len(&path, if round % 2 == 0 { 0 } else { 1 << 22 });
        });
        assert!(reads >= 2);
        assert!(
            matches!(error, ReadError::Storage(StorageError::Shrunk { .. })),
            "{error}"
        );
        drop(writer);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn overwritten_in_place_during_reads() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("ring"), dir.path().join("other"));
    drop(full_ring(&other));
    let bytes = fs::read(&other).unwrap();
    for _ in 0..10 {
        drop(full_ring(&path));
        // As `cp other ring` does: the same file, cut off and filled again.
        let (error, reads) = disturbed(&path, || fs::write(&path, &bytes).unwrap());
        assert!(reads >= 2);
        assert!(
            matches!(error, ReadError::Replaced | ReadError::Storage(_)),
            "{error}"
        );
    }
}

#[test]
fn replaced_during_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    drop(full_ring(&path));
    let old = open(&path, false).unwrap();
    let mut out = vec![0.0; old.ring.format().readable_frames() as usize];
    let start = old.ring.oldest_frame();
    let stop = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10 {
                drop(full_ring(&path));
            }
            stop.store(1, Ordering::Relaxed);
        });
        while stop.load(Ordering::Relaxed) == 0 {
            old.ring.read(0, start, &mut out).unwrap();
            assert_eq!((out[0], out[99]), (sample(start), sample(start + 99)));
        }
    });
    assert!(old.is_replaced() && !old.shrunk());
    let new = open(&path, false).unwrap();
    assert_ne!(new.ring.epoch(), old.ring.epoch());
}

#[test]
fn cut_off_and_grown_again_is_not_the_ring_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let _writer = full_ring(&path);
    let rings = [open(&path, false).unwrap(), open(&path, true).unwrap()];
    set_len(&path, 0);
    set_len(&path, 4096 + CAPACITY * 8);
    for ring in rings {
        let read = ring.ring.read(0, CAPACITY / 2, &mut [0.0; 100]);
        // Zeros now, and nothing of the ring that was opened.
        assert!(
            matches!(
                read,
                Err(ReadError::Replaced | ReadError::Storage(StorageError::Regrown))
            ),
            "{read:?}"
        );
    }
}

#[test]
fn a_writer_whose_file_is_truncated_lives_and_knows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = full_ring(&path);
    let reader = open(&path, false).unwrap();
    assert!(!writer.is_lost());
    set_len(&path, 4096);
    for _ in 0..CAPACITY / u64::from(BLOCK) {
        writer.write_block(&[0.5; BLOCK as usize]).unwrap();
    }
    writer.heartbeat_now();
    assert!(writer.is_lost());
    assert!(reader.shrunk());
    drop(writer);
    // The next one makes a whole ring again.
    let writer = full_ring(&path);
    assert!(!writer.is_lost() && reader.is_replaced());
    assert!(open(&path, false).is_ok());
}

const CHILD: &str = "SOUNDFALL_TEST_SIGBUS_DIR";

/// Not a test of its own: a process in which a fault that is none of ours happens.
#[test]
#[ignore = "run by faults_of_others_end_the_process_as_ever"]
fn faulty_process() {
    let dir = std::env::var_os(CHILD).map(PathBuf::from);
    let dir = dir.expect("a folder");
    drop(full_ring(&dir.join("ring")));
    let _open = open(&dir.join("ring"), false).unwrap();
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(dir.join("foreign"))
        .unwrap();
    file.set_len(1 << 16).unwrap();
    let map = memmap2::MmapOptions::new()
        .map_raw_read_only(&file)
        .unwrap();
    file.set_len(0).unwrap();
    println!("touching");
    // SAFETY: the mapping is as long as that; the missing page raises SIGBUS, which is the point.
    let byte = unsafe { map.as_ptr().read_volatile() };
    println!("survived with {byte}");
}

#[test]
fn faults_of_others_end_the_process_as_ever() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "faulty_process", "--ignored", "--nocapture"])
        .env(CHILD, dir.path())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(
        words.contains("touching") && !words.contains("survived"),
        "{words}"
    );
    assert_eq!(output.status.signal(), Some(libc::SIGBUS));
}
