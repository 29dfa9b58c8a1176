//! What happens to writers: killed in the middle of a block, out of room, under a clock that
//! jumps. This test starts itself again as the writer. Never asserts on time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use soundfall_ring::{ReadError, RingFormat, RingRead, layout};
use soundfall_ring_file::{
    CreateError, CreateOptions, WriterStatus, create, inspect, open, unix_now_ns, writer_status,
};
use soundfall_test_support::skip::{Reason, skip};

const RING: &str = "SOUNDFALL_TEST_FAULTS_RING";
const TMPFS: &str = "SOUNDFALL_TEST_FAULTS_TMPFS";
const CHANNELS: u32 = 4;
/// Long blocks, so that a writer is in the middle of one nearly all the time.
const BLOCK: u32 = 40_000;
const CAPACITY: u64 = 150_000;
const HOUR_NS: u64 = 3_600_000_000_000;

fn options(path: &Path) -> CreateOptions {
    CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, CHANNELS, CAPACITY, BLOCK).unwrap(),
        label: "faults".to_owned(),
    }
}

fn sample(frame: u64, channel: u32) -> f32 {
    ((frame * 4 + u64::from(channel)) % (1 << 24)) as f32
}

fn block(first: u64) -> Vec<f32> {
    (first..first + u64::from(BLOCK))
        .flat_map(|frame| (0..CHANNELS).map(move |channel| sample(frame, channel)))
        .collect()
}

/// Everything that can be read, read and found right; returns its first and last frame.
fn check_history(ring: &dyn RingRead) -> (u64, u64) {
    let (oldest, written) = (ring.oldest_frame(), ring.written_frames());
    let mut out = vec![0.0; (written - oldest) as usize];
    for channel in 0..CHANNELS {
        ring.read(channel, oldest, &mut out).unwrap();
        let wrong = (oldest..)
            .zip(&out)
            .find(|&(frame, &got)| got != sample(frame, channel));
        assert_eq!(wrong, None, "channel {channel}");
    }
    (oldest, written)
}

/// Not a test of its own: the writer that is killed.
#[test]
#[ignore = "run by a_writer_killed_in_the_middle_of_a_block_and_started_again"]
fn writer_process() {
    let path = std::env::var_os(RING).map(PathBuf::from);
    let path = path.expect("a ring to write");
    let mut writer = create(&options(&path)).unwrap();
    loop {
        let first = writer.written_frames();
        writer.write_block(&block(first)).unwrap();
        writer.heartbeat_now();
    }
}

fn field(file: &File, offset: u64) -> u64 {
    let mut word = [0; 8];
    file.read_exact_at(&mut word, offset).unwrap();
    u64::from_le_bytes(word)
}

/// Stops the writer in the middle of a block: the claim is one ahead of the sequence.
fn stop_mid_block(writer: &Child, ring: &File) -> u64 {
    let pid = Pid::from_child(writer);
    loop {
        kill_process(pid, Signal::STOP).unwrap();
        // It has stopped when its counters do not change any more.
        let counters = || [layout::OFFSET_CLAIM, layout::OFFSET_SEQUENCE].map(|at| field(ring, at));
        let stopped = || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", writer.id()));
            stat.map_or(true, |stat| {
                stat.rsplit(") ").next().unwrap().starts_with('T')
            })
        };
        while !stopped() {
            std::thread::yield_now();
        }
        let [claim, sequence] = counters();
        if claim == sequence + 1 && sequence > 5 {
            return sequence;
        }
        kill_process(pid, Signal::CONT).unwrap();
        std::thread::yield_now();
    }
}

#[test]
fn a_writer_killed_in_the_middle_of_a_block_and_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--ignored"])
        .env(RING, &path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let before = loop {
        match open(&path, false) {
            Ok(open) => break open,
            Err(_) => assert_eq!(child.try_wait().unwrap(), None, "the writer ended early"),
        }
    };
    let sequence = stop_mid_block(&child, &File::open(&path).unwrap());
    let later = unix_now_ns() + 2_000_000_000;
    assert_eq!(writer_status(&*before.ring, later), WriterStatus::Silent);
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(writer_status(&*before.ring, later), WriterStatus::Dead);

    // The history is all there and right; the block that was begun counts as not written.
    let history = check_history(&*before.ring);
    let written = sequence * u64::from(BLOCK);
    assert_eq!(history, (written + u64::from(BLOCK) - CAPACITY, written));
    let ahead = before.ring.read(0, written, &mut [0.0]);
    assert_eq!(ahead, Err(ReadError::NotYet { available: written }));
    let under_the_block = before.ring.read(0, history.0 - 1, &mut [0.0]);
    assert!(matches!(under_the_block, Err(ReadError::Lapped { .. })));

    // Its lock file is left over and locks nothing; the next writer has a ring of its own.
    assert!(dir.path().join("ring.lock").exists());
    let mut writer = create(&options(&path)).unwrap();
    writer.write_block(&block(0)).unwrap();
    let now = unix_now_ns();
    writer.heartbeat(now);
    assert!(before.is_replaced());
    assert_eq!(check_history(&*before.ring), history, "the old one stays");
    let after = open(&path, false).unwrap();
    assert_ne!(after.ring.epoch(), before.ring.epoch());
    assert_eq!(check_history(&*after.ring), (0, u64::from(BLOCK)));
    assert_eq!(writer_status(&*after.ring, now), WriterStatus::Alive);
}

#[test]
fn clock_jumps_do_not_kill_a_writer_and_do_not_revive_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let writer = create(&options(&path)).unwrap();
    let open = open(&path, false).unwrap();
    let now = unix_now_ns();
    // Back or forth: unknown until the next sign of life, which is right again.
    for beat in [now + HOUR_NS, now - HOUR_NS, 0, u64::MAX] {
        writer.heartbeat(beat);
        assert_eq!(writer_status(&*open.ring, now), WriterStatus::Silent);
        let info = inspect(&path).unwrap();
        assert!(info.heartbeat_age_secs.unwrap() >= 0.0);
        assert!(!info.to_string().is_empty());
        writer.heartbeat(now + 900_000_000);
        assert_eq!(writer_status(&*open.ring, now), WriterStatus::Alive);
    }
    // The reader's clock at the ends of time.
    for now in [0, u64::MAX] {
        assert_eq!(writer_status(&*open.ring, now), WriterStatus::Silent);
    }
    writer.heartbeat(now + HOUR_NS);
    std::mem::forget(writer);
    // A dead writer whose last sign of life is in the future stays dead.
    let gone = Command::new("true").spawn().and_then(|mut child| {
        child.wait()?;
        Ok(child.id())
    });
    let file = File::options().write(true).open(&path).unwrap();
    let pid = u64::from(gone.unwrap());
    file.write_all_at(&pid.to_le_bytes(), layout::OFFSET_WRITER_PID)
        .unwrap();
    let open = soundfall_ring_file::open(&path, false).unwrap();
    assert_eq!(writer_status(&*open.ring, now), WriterStatus::Dead);
}

/// Not a test of its own: runs with a tmpfs of 1 MiB of its own, which `unshare` made.
#[test]
#[ignore = "run by a_full_tmpfs_is_an_error_and_ends_no_process"]
fn tmpfs_process() {
    let dir = std::env::var_os(TMPFS).map(PathBuf::from);
    let dir = dir.expect("a small disk");
    let small = |name: &str, frames| CreateOptions {
        path: dir.join(name),
        format: RingFormat::new(48_000, 1, frames, 500).unwrap(),
        label: String::new(),
    };
    // 600 kB fit, another 600 kB do not.
    let mut writer = create(&small("ring", 75_000)).unwrap();
    let error = create(&small("second", 75_000)).unwrap_err();
    let CreateError::NoRoom {
        needed_bytes,
        available_bytes,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(needed_bytes, 604_096);
    assert!(available_bytes < needed_bytes, "{error}");
    assert!(!error.to_string().contains('\n'));

    // To the last byte: the ring that is there has all its room already.
    let mut filler = File::create(dir.join("filler")).unwrap();
    while filler.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
    for _ in 0..1000 {
        writer.write_block(&[0.5; 500]).unwrap();
    }
    writer.heartbeat_now();
    assert!(!writer.is_lost());
    let open = open(&dir.join("ring"), false).unwrap();
    assert_eq!(open.ring.written_frames(), 500_000);
    open.ring.read(0, 450_000, &mut [0.0; 50_000]).unwrap();
    let error = create(&small("third", 1000)).unwrap_err();
    assert!(matches!(error, CreateError::NoRoom { .. }), "{error}");

    drop(writer);
    let names = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["filler", "ring"], "something was left behind");
    println!("all is well on the full tmpfs");
}

#[test]
fn a_full_tmpfs_is_an_error_and_ends_no_process() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // A mount of its own that ends with the process; no rights needed where user namespaces are.
    let script = "mount -t tmpfs -o size=1m,mode=0700 none \"$0\" && exec \"$1\" --exact tmpfs_process --ignored --nocapture";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(dir.path())
        .arg(std::env::current_exe().unwrap())
        .env(TMPFS, dir.path())
        .output();
    let words = match &output {
        Ok(output) => format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => error.to_string(),
    };
    if !words.contains("tmpfs_process") {
        let test = "a_full_tmpfs_is_an_error_and_ends_no_process";
        return skip(test, &Reason::NoNamespaces(words));
    }
    assert!(words.contains("all is well on the full tmpfs"), "{words}");
    assert!(output.unwrap().status.success());
}
