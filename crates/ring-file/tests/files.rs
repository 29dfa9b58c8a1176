//! Files as they come: second writers, planted links, things that are no ring, cut off and shrunk
//! rings, full file systems. Each ends in its own error and leaves everything as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use soundfall_ring::{
    FormatError, GapReason, HeaderError, ReadError, RingFormat, StorageError, WriterState,
};
use soundfall_ring_file::{
    Access, CreateError, CreateOptions, FileRingWriter, OpenError, WriterStatus, create, inspect,
    open, unix_now_ns, writer_status,
};
use tempfile::TempDir;

fn options(path: PathBuf) -> CreateOptions {
    CreateOptions {
        path,
        format: RingFormat::new(48_000, 2, 4_800, 480).unwrap(),
        label: "test".to_owned(),
    }
}

/// A directory and a ring in it with `blocks` blocks written.
fn with_ring(blocks: usize) -> (TempDir, CreateOptions, FileRingWriter) {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path().join("ring"));
    let mut writer = create(&options).unwrap();
    for _ in 0..blocks {
        writer.write_block(&[0.5; 960]).unwrap();
    }
    (dir, options, writer)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_ring_is_private_whole_and_stays_after_closing() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path().join("new/deep/ring"));
    let mut writer = create(&options).unwrap();
    let meta = fs::metadata(&options.path).unwrap();
    assert_eq!(meta.len(), options.format.total_bytes());
    assert_eq!(meta.mode() & 0o777, 0o600);
    assert!(meta.blocks() * 512 >= meta.len(), "sparse");
    let parent = fs::metadata(dir.path().join("new/deep")).unwrap();
    assert_eq!(parent.mode() & 0o777, 0o700);
    assert_eq!(names(&dir.path().join("new/deep")), ["ring", "ring.lock"]);

    writer.write_block(&[0.5; 960]).unwrap();
    let open = open(&options.path, false).unwrap();
    writer.heartbeat(7_000_000_000);
    assert_eq!(
        writer_status(&*open.ring, 7_900_000_000),
        WriterStatus::Alive
    );
    assert_eq!(
        writer_status(&*open.ring, 8_100_000_000),
        WriterStatus::Silent
    );
    drop(writer);
    assert_eq!(
        writer_status(&*open.ring, unix_now_ns()),
        WriterStatus::Closed
    );
    assert!(!open.is_replaced() && !open.shrunk());
    assert_eq!(names(&dir.path().join("new/deep")), ["ring"]);
    let mut out = [0.0; 480];
    open.ring.read(1, 0, &mut out).unwrap();
    assert_eq!(out, [0.5; 480]);
}

#[test]
fn the_example_of_the_format_page_is_right() {
    let (_dir, options, _writer) = with_ring(15);
    let page = include_str!("../../ring/README.md");
    let dump = page.split_once("```text\n00  21").unwrap().1;
    let bytes: Vec<u8> = format!("00  21{dump}")
        .lines()
        .take(7)
        .flat_map(|line| {
            line[4..27]
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|hex| u8::from_str_radix(&hex, 16).unwrap())
        .collect();
    assert_eq!(bytes, fs::read(&options.path).unwrap()[..56]);
    let ring = open(&options.path, false).unwrap().ring;
    assert_eq!(ring.oldest_frame(), 2880);
}

#[test]
fn a_second_writer_hears_who_the_first_is() {
    let (_dir, options, mut writer) = with_ring(1);
    let error = create(&options).unwrap_err();
    assert!(
        matches!(error, CreateError::AlreadyWritten { pid: Some(pid), .. } if pid == std::process::id())
    );
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    writer.write_block(&[0.5; 960]).unwrap();
    assert_eq!(
        open(&options.path, false).unwrap().ring.written_frames(),
        960
    );
}

#[test]
fn a_restarted_writer_makes_a_new_file_and_readers_notice() {
    let (dir, options, writer) = with_ring(3);
    let before = open(&options.path, false).unwrap();
    drop(writer);
    // A leftover lock and a half-made ring of a killed writer are replaced.
    fs::write(dir.path().join("ring.lock"), "99999999").unwrap();
    fs::write(dir.path().join(".ring.0123.new"), "half").unwrap();
    let mut writer = create(&options).unwrap();
    writer.write_block(&[0.25; 960]).unwrap();
    assert!(before.is_replaced());
    assert_eq!(before.ring.written_frames(), 3 * 480);
    let mut out = [0.0; 1440];
    before.ring.read(0, 0, &mut out).unwrap();
    assert_eq!(out, [0.5; 1440]);
    let after = open(&options.path, false).unwrap();
    assert_ne!(after.ring.epoch(), before.ring.epoch());
    assert_eq!(after.ring.written_frames(), 480);
    assert_eq!(names(dir.path()), ["ring", "ring.lock"]);
    fs::remove_file(&options.path).unwrap();
    assert!(!after.is_replaced(), "gone is not replaced");
}

#[test]
fn nothing_but_a_ring_is_ever_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let thesis = dir.path().join("thesis.txt");
    fs::write(&thesis, "ten years of work").unwrap();
    let link = dir.path().join("link");
    symlink(&thesis, &link).unwrap();
    let dangling = dir.path().join("dangling");
    symlink(dir.path().join("nowhere"), &dangling).unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();

    let refuse = |name: &str| create(&options(dir.path().join(name))).unwrap_err();
    assert!(matches!(refuse("thesis.txt"), CreateError::NotOurs { .. }));
    assert!(matches!(
        refuse("link"),
        CreateError::Occupied {
            what: "a symbolic link",
            ..
        }
    ));
    assert!(matches!(
        refuse("dangling"),
        CreateError::Occupied {
            what: "a symbolic link",
            ..
        }
    ));
    assert!(matches!(
        refuse("folder"),
        CreateError::Occupied {
            what: "a directory",
            ..
        }
    ));
    assert!(matches!(refuse(".."), CreateError::NoFileName { .. }));
    assert!(matches!(
        refuse("thesis.txt/ring"),
        CreateError::Directory { .. }
    ));
    assert_eq!(fs::read_to_string(&thesis).unwrap(), "ten years of work");
    assert_eq!(
        names(dir.path()),
        ["dangling", "folder", "link", "thesis.txt"]
    );

    // A link in the place of the lock leads nowhere either.
    symlink(&thesis, dir.path().join("ring.lock")).unwrap();
    assert!(matches!(refuse("ring"), CreateError::Occupied { .. }));
    assert_eq!(fs::read_to_string(&thesis).unwrap(), "ten years of work");
}

#[test]
fn no_room_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path().join("ring"));
    options.format = RingFormat::new(48_000, 64, 1 << 41, 480).unwrap();
    let error = create(&options).unwrap_err();
    assert!(matches!(error, CreateError::NoRoom { .. }), "{error}");
    assert_eq!(names(dir.path()), [] as [&str; 0]);
}

#[test]
fn what_is_no_ring_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let refuse = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = open(&path, false).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()));
        assert!(!error.to_string().contains('\n'));
        match error {
            OpenError::Header { source, .. } => source,
            other => panic!("{other}"),
        }
    };
    assert!(matches!(
        open(&path, false),
        Err(OpenError::NotFound { .. })
    ));
    assert_eq!(refuse(b""), HeaderError::TooShort(0));
    assert_eq!(refuse(&[7; 4095]), HeaderError::TooShort(4088));
    assert!(matches!(refuse(&[7; 5000]), HeaderError::NotARing(_)));

    fs::remove_file(&path).unwrap();
    drop(create(&options(path.clone())).unwrap());
    let good = fs::read(&path).unwrap();
    assert_eq!(&good[..8], b"!BATIDUA");
    assert!(matches!(
        refuse(&good[..good.len() - 8]),
        HeaderError::Truncated { .. }
    ));
    let mut bad = good.clone();
    bad[..8].reverse();
    assert_eq!(refuse(&bad), HeaderError::ByteSwapped);
    let mut bad = good.clone();
    bad[24..32].fill(0xff);
    assert_eq!(refuse(&bad), FormatError::Channels(u64::MAX).into());
    fs::write(&path, &good[..100_000.min(good.len() - 8)]).unwrap();
    // A damaged ring is still a ring: a new writer may replace it.
    drop(create(&options(path.clone())).unwrap());
    assert!(open(&path, false).is_ok());

    let link = dir.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(matches!(
        open(&link, false),
        Err(OpenError::NotAFile {
            what: "a symbolic link",
            ..
        })
    ));
    assert!(matches!(
        open(dir.path(), false),
        Err(OpenError::NotAFile {
            what: "a directory",
            ..
        })
    ));
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert!(matches!(
        open(&fifo, false),
        Err(OpenError::NotAFile { what: "a pipe", .. })
    ));
}

#[test]
fn a_ring_that_shrinks_under_a_reader_is_an_error_not_a_crash() {
    for safe_read in [false, true] {
        let (_dir, options, writer) = with_ring(5);
        drop(writer);
        let open = open(&options.path, safe_read).unwrap();
        assert_eq!(open.ring.written_frames(), 2400);
        for len in [9_000, 100, 0] {
            let file = fs::OpenOptions::new()
                .write(true)
                .open(&options.path)
                .unwrap();
            file.set_len(len).unwrap();
            let mut out = [0.0; 2400];
            let read = open.ring.read(1, 0, &mut out);
            assert!(
                matches!(read, Err(ReadError::Storage(StorageError::Shrunk { .. }))),
                "{read:?}"
            );
            assert!(open.shrunk());
            assert_eq!(open.ring.written_frames(), 2400, "the last known number");
            assert!(open.ring.gaps().is_empty());
            assert_eq!(open.ring.read_latest(0, &mut out), Err(read.unwrap_err()));
        }
    }
}

#[test]
fn rings_that_others_may_write_to_are_not_mapped() {
    let (_dir, options, _writer) = with_ring(2);
    assert_eq!(open(&options.path, false).unwrap().access, Access::Mapped);
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&options.path, fs::Permissions::from_mode(mode)).unwrap();
        let open = open(&options.path, false).unwrap();
        assert_eq!(open.access, Access::Pread);
        let mut out = [0.0; 960];
        open.ring.read(0, 0, &mut out).unwrap();
        assert_eq!(out, [0.5; 960]);
    }
}

#[test]
fn rings_of_other_users_are_not_mapped() {
    let (_dir, options, _writer) = with_ring(2);
    // Only root can give a file away; for others there is nothing to test.
    if std::os::unix::fs::chown(&options.path, Some(12_345), None).is_ok() {
        assert_eq!(open(&options.path, false).unwrap().access, Access::Pread);
    }
}

#[test]
fn a_writer_that_panics_does_not_claim_a_clean_end() {
    let (dir, options, writer) = with_ring(2);
    let panicked = std::thread::spawn(move || {
        let _writer = writer;
        std::panic::resume_unwind(Box::new("as after a bug"));
    });
    assert!(panicked.join().is_err());
    let open = open(&options.path, false).unwrap();
    assert!(matches!(open.ring.writer_state(), WriterState::Open { .. }));
    assert_eq!(names(dir.path()), ["ring"], "the lock is released");
}

#[test]
fn inspect_tells_all() {
    let (_dir, options, mut writer) = with_ring(15);
    writer.record_gap(100, 48, GapReason::DeviceLost);
    // A sign of life counts for a second, which may pass in between.
    let alive = (0..100).find_map(|_| {
        writer.heartbeat_now();
        let info = inspect(&options.path).unwrap();
        (info.writer == WriterStatus::Alive).then_some(info)
    });
    let info = alive.expect("a sign of life");
    assert_eq!(
        (info.channels, info.sample_rate, info.block_frames),
        (2, 48_000, 480)
    );
    assert_eq!((info.written_frames, info.oldest_frame), (7_200, 2_880));
    assert_eq!((info.fill, info.capacity_secs), (1.0, 0.1));
    assert_eq!((info.extended, info.label.as_deref()), (true, Some("test")));
    assert_eq!(
        (info.writer, info.writer_pid),
        (WriterStatus::Alive, Some(std::process::id()))
    );
    assert_eq!((info.gap_total, info.gaps.len()), (1, 1));
    assert_eq!(
        (info.gaps[0].length_secs, info.gaps[0].reason.as_str()),
        (0.001, "device lost")
    );
    let json: serde_json::Value = serde_json::to_value(&info).unwrap();
    assert_eq!(json["writer"], info.writer.to_string());
    assert_eq!(json["access"], "mapped");
    writer.close();
    assert_eq!(inspect(&options.path).unwrap().writer, WriterStatus::Closed);
}
