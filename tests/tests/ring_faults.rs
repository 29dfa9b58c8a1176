//! A ring that is shown and then begins anew in its file, is replaced, deleted, cut off, or whose
//! writer's clock is set: the viewer goes over to the new one or says what is wrong, and counts it.
//! Rings that somebody planted where rings are looked for are refused by name.
//!
//! Never asserts on time: what the viewer noticed is seen by its mappings and by how often its watch
//! thread woke up.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![cfg(target_os = "linux")]

use soundfall_ring::{RingFormat, layout};
use soundfall_ring_file::{CreateOptions, create};
use soundfall_tests::outcome::{Outcome, number};
use soundfall_tests::place::Place;
use soundfall_tests::program::{Program, Running};
use soundfall_tests::skip::{Reason, skip};
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

const RATE: u32 = 48_000;
const CAPACITY: u64 = 5 * RATE as u64;
const BLOCK: u64 = 480;

/// A writer of the base format, in the naive way.
struct BaseWriter {
    file: File,
    sequence: u64,
}

impl BaseWriter {
    fn start(path: &Path, emptied: bool) -> Self {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(emptied)
            .open(path)
            .unwrap();
        file.set_len(layout::HEADER_BYTES + CAPACITY * 8).unwrap();
        let writer = Self { file, sequence: 0 };
        for (offset, value) in [
            (layout::OFFSET_SEQUENCE, 0),
            (layout::OFFSET_VERSION, layout::VERSION),
            (layout::OFFSET_SAMPLE_RATE, u64::from(RATE)),
            (layout::OFFSET_CHANNELS, 1),
            (layout::OFFSET_CAPACITY, CAPACITY),
            (layout::OFFSET_BLOCK, BLOCK),
            (layout::OFFSET_MAGIC, layout::MAGIC),
        ] {
            writer.field(offset, value);
        }
        writer
    }

    fn field(&self, offset: u64, value: u64) {
        let bytes = value.to_le_bytes();
        self.file.write_all_at(&bytes, offset).unwrap();
    }

    /// Writes seconds of a sine, at once.
    fn write(&mut self, secs: u64, hertz: f64) {
        for _ in 0..secs * u64::from(RATE) / BLOCK {
            let first = self.sequence * BLOCK;
            let samples: Vec<u8> = (first..first + BLOCK)
                .map(|frame| std::f64::consts::TAU * hertz * frame as f64 / f64::from(RATE))
                .flat_map(|turns| (0.5 * turns.sin()).to_le_bytes())
                .collect();
            let place = layout::HEADER_BYTES + first % CAPACITY * 8;
            self.file.write_all_at(&samples, place).unwrap();
            self.sequence += 1;
            self.field(layout::OFFSET_SEQUENCE, self.sequence);
        }
    }
}

/// A viewer without a window, and what is seen of it from outside.
struct Viewer(Running);

impl Viewer {
    fn start(ring: &Path) -> Self {
        let args = ["view", "--headless", "--stats", "-", "--ring"];
        let mut viewer = Self(Program::new(args).arg(ring).start());
        let id = viewer.0.id();
        let open = || !mappings(id, ring).is_empty();
        viewer.0.wait_until("it mapped the ring", open);
        viewer.looks();
        viewer
    }

    /// Waits until it has mapped another ring at the path than it had before `change`.
    fn goes_over(&mut self, ring: &Path, change: impl FnOnce()) {
        let id = self.0.id();
        let before = mappings(id, ring);
        // It sees what is made of the file, not how it is made.
        self.0.signal("STOP");
        change();
        self.0.signal("CONT");
        let changed = || {
            let now = mappings(id, ring);
            now.iter().any(|line| !before.contains(line))
        };
        self.0.wait_until("it mapped the new ring", changed);
    }

    /// Waits until it has looked at the ring some times more.
    fn looks(&mut self) {
        let id = self.0.id();
        let first = wakeups(id);
        self.0
            .wait_until("it looked at the ring", || wakeups(id) > first + 4);
    }

    fn end(self) -> Outcome {
        self.0.interrupt();
        self.0.wait().expect_success()
    }
}

/// The parts of a process's memory into which the file at `path` is mapped for reading alone.
fn mappings(id: u32, path: &Path) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
    let of_ring =
        |line: &&str| line.ends_with(&path.display().to_string()) && line.contains(" r--s ");
    maps.lines().filter(of_ring).map(str::to_owned).collect()
}

/// How often the watch thread of a process woke up.
fn wakeups(id: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{id}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let status = tasks
        .map(|task| fs::read_to_string(task.path().join("status")).unwrap_or_default())
        .find(|status| status.starts_with("Name:\tring watch\n"));
    let line = status.as_deref().and_then(|status| {
        let mut lines = status.lines();
        lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))
    });
    line.and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

#[test]
fn a_base_writer_that_starts_again_in_its_file_is_shown_anew() {
    for emptied in [false, true] {
        let place = Place::new();
        let ring = place.path("ring");
        let mut writer = BaseWriter::start(&ring, true);
        writer.write(3, 440.0);
        let mut viewer = Viewer::start(&ring);
        viewer.looks();
        viewer.goes_over(&ring, || {
            let mut writer = BaseWriter::start(&ring, emptied);
            writer.write(2, 3_000.0);
        });
        viewer.looks();
        let outcome = viewer.end();
        assert!(
            outcome.stderr.contains("another ring begins in the file"),
            "{}",
            outcome.stderr
        );
        let stats = outcome.json();
        assert_eq!(number(&stats, "ring_changes"), 1.0, "{stats:#}");
        assert_eq!(number(&stats, "ring_faults"), 0.0, "{stats:#}");
        // All of the second ring was analysed beside what was of the first.
        assert!(number(&stats, "columns_analysed") > 2.0 * 48_000.0 / 1024.0);
    }
}

#[test]
fn a_new_file_of_a_base_writer_is_shown_anew() {
    let place = Place::new();
    let ring = place.path("ring");
    BaseWriter::start(&ring, true).write(3, 440.0);
    let mut viewer = Viewer::start(&ring);
    viewer.goes_over(&ring, || {
        // As much as in the old one: nothing but the file tells them apart.
        let other = place.path("other");
        BaseWriter::start(&other, true).write(3, 3_000.0);
        fs::rename(&other, &ring).unwrap();
    });
    viewer.looks();
    let outcome = viewer.end();
    assert!(
        outcome.stderr.contains("another ring at"),
        "{}",
        outcome.stderr
    );
    assert_eq!(number(&outcome.json(), "ring_changes"), 1.0);
}

#[test]
fn a_ring_that_is_cut_off_or_deleted_while_it_is_shown_is_told_and_counted() {
    let place = Place::new();
    let ring = place.path("ring");
    BaseWriter::start(&ring, true).write(3, 440.0);
    let mut viewer = Viewer::start(&ring);
    let file = OpenOptions::new().write(true).open(&ring).unwrap();
    file.set_len(4096).unwrap();
    viewer.looks();
    fs::remove_file(&ring).unwrap();
    viewer.looks();
    viewer.goes_over(&ring, || BaseWriter::start(&ring, true).write(3, 440.0));
    viewer.looks();
    let outcome = viewer.end();
    for words in [
        "The ring cannot be read any more",
        "the ring shrank to 4096 of",
        "The ring was deleted",
        "another ring at",
        "all is well again",
    ] {
        assert!(
            outcome.stderr.contains(words),
            "{words}: {}",
            outcome.stderr
        );
    }
    let stats = outcome.json();
    assert_eq!(number(&stats, "ring_faults"), 2.0, "{stats:#}");
    assert_eq!(number(&stats, "ring_changes"), 1.0, "{stats:#}");
}

#[test]
fn a_heartbeat_of_the_future_is_told_and_counted() {
    let place = Place::new();
    let ring = place.path("ring");
    let mut writer = create(&CreateOptions {
        path: ring.clone(),
        format: RingFormat::new(RATE, 1, CAPACITY, BLOCK as u32).unwrap(),
        label: "test".to_owned(),
    })
    .unwrap();
    writer.write_block(&[0.25; BLOCK as usize]).unwrap();
    writer.heartbeat_now();
    let mut viewer = Viewer::start(&ring);
    writer.heartbeat(soundfall_ring_file::unix_now_ns() + 3_600_000_000_000);
    viewer.looks();
    let outcome = viewer.end();
    assert!(
        outcome.stderr.contains("in the future, so a clock was set"),
        "{}",
        outcome.stderr
    );
    assert!(number(&outcome.json(), "ring_faults") >= 1.0);
}

#[test]
fn a_hollow_ring_is_described_and_not_saved_as_terabytes_of_silence() {
    let place = Place::new();
    let ring = place.path("ring");
    let writer = BaseWriter::start(&ring, true);
    let capacity = 1u64 << 40;
    let out = place.path("out.wav");
    writer
        .file
        .set_len(layout::HEADER_BYTES + capacity * 8)
        .unwrap();
    writer.field(layout::OFFSET_CAPACITY, capacity);
    writer.field(layout::OFFSET_SEQUENCE, 2 * capacity / BLOCK);
    let info = Program::new(["ring", "info"])
        .arg(&ring)
        .run()
        .expect_success();
    assert!(
        info.stdout.contains("the rest are holes"),
        "{}",
        info.stdout
    );
    Program::new(["ring", "save"])
        .arg(&out)
        .arg("--ring")
        .arg(&ring)
        .run()
        .expect_refusal(&["no working writer wrote it", "--from and --to"]);
    assert!(!out.exists());
    Program::new(["ring", "save", "--from", "1000", "--to", "1001"])
        .arg(&out)
        .arg("--ring")
        .arg(&ring)
        .run()
        .expect_success();
    assert!(out.exists());
}

/// What is looked for without a name, in surroundings in which somebody else was first.
#[test]
fn planted_rings_are_refused_by_name() {
    for how in ["link", "mode of the folder", "mode of the file"] {
        let place = Place::new();
        let runtime = place.path("run");
        let folder = runtime.join("soundfall");
        let path = folder.join(soundfall_ring_file::RING_FILE_NAME);
        let program = |args: &[&str]| {
            Program::new(args)
                .without("SOUNDFALL_RING")
                .env("XDG_RUNTIME_DIR", &runtime)
                .env("TMPDIR", place.path("none"))
        };
        if program(&["ring", "info"]).run().status.success() {
            return skip("planted_rings_are_refused_by_name", &Reason::OwnRing);
        }
        let mut writer = create(&CreateOptions {
            path: path.clone(),
            format: RingFormat::new(RATE, 1, CAPACITY, BLOCK as u32).unwrap(),
            label: "planted".to_owned(),
        })
        .unwrap();
        fs::set_permissions(&runtime, Permissions::from_mode(0o700)).unwrap();
        writer.write_block(&[0.25; BLOCK as usize]).unwrap();
        let found = program(&["ring", "info"]).run().expect_success();
        assert!(found.stdout.contains("planted"));
        let (named, why) = match how {
            "link" => {
                let elsewhere = place.path("elsewhere");
                fs::rename(&folder, &elsewhere).unwrap();
                symlink(&elsewhere, &folder).unwrap();
                (&folder, "a symbolic link")
            }
            "mode of the folder" => {
                fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
                (&folder, "can be written to by others (mode 0777)")
            }
            _ => {
                fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
                (&path, "can be written to by others (mode 0666)")
            }
        };
        let named = named.display().to_string();
        for args in [
            &["ring", "info"][..],
            &["ring", "save", "out.wav"],
            &["view", "--headless", "--seconds", "1"],
        ] {
            program(args)
                .run()
                .expect_refusal(&["no ring found", &named, why]);
        }
        // By its path it is shown.
        program(&["ring", "info"]).arg(&path).run().expect_success();
    }
}
