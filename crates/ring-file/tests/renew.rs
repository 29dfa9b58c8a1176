//! Rings that are lost under their writer: each kind of loss is told, and a new ring takes the place,
//! unless somebody else's file lies there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use soundfall_ring::{RingFormat, WriterState};
use soundfall_ring_file::{CreateError, CreateOptions, FileRingWriter, RingLoss, create, open};

fn ring(path: &Path) -> FileRingWriter {
    let mut writer = create(&CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, 2, 4_800, 480).unwrap(),
        label: "a label".to_owned(),
    })
    .unwrap();
    writer.write_block(&[0.5; 960]).unwrap();
    writer
}

fn writable(path: &Path) -> File {
    File::options().write(true).open(path).unwrap()
}

/// The new ring is whole, of the same kind, and found by those who look at the path.
fn renewed(writer: &mut FileRingWriter, path: &Path) {
    let before = open(path, false).ok();
    let new = writer.renewal().make().unwrap();
    writer.adopt(new);
    assert_eq!(writer.loss(), None);
    assert_eq!(writer.written_frames(), 0);
    writer.write_block(&[0.25; 960]).unwrap();
    let now = open(path, false).unwrap();
    assert_eq!(now.ring.extension().unwrap().label, "a label");
    assert_eq!(now.ring.format(), writer.format());
    let mut samples = [0.0; 480];
    now.ring.read(1, 0, &mut samples).unwrap();
    assert_eq!(samples, [0.25; 480]);
    assert!(before.is_none_or(|before| before.is_replaced()));
}

#[test]
fn every_loss_is_told_and_a_new_ring_takes_the_place() {
    type Lose = fn(&Path);
    let losses: [(RingLoss, Lose); 5] = [
        (RingLoss::Truncated, |path| {
            writable(path).set_len(0).unwrap();
        }),
        (RingLoss::Truncated, |path| {
            let bytes = fs::metadata(path).unwrap().len();
            writable(path).set_len(bytes - 1).unwrap();
        }),
        (RingLoss::Overwritten, |path| {
            // A program that writes another ring into the same file.
            writable(path).write_all_at(&[7; 256], 0).unwrap();
        }),
        (RingLoss::Removed, |path| fs::remove_file(path).unwrap()),
        (RingLoss::Removed, |path| {
            fs::rename(path, path.with_extension("kept")).unwrap();
        }),
    ];
    for (loss, lose) in losses {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ring");
        let mut writer = ring(&path);
        assert_eq!(writer.loss(), None);
        let old = open(&path, false).unwrap();
        lose(&path);
        assert_eq!(writer.loss(), Some(loss));
        renewed(&mut writer, &path);
        if loss == RingLoss::Removed {
            // Whoever has it open keeps it, and hears that it is over.
            let mut samples = [0.0; 480];
            old.ring.read(0, 0, &mut samples).unwrap();
            assert_eq!(samples, [0.5; 480]);
            assert_eq!(old.ring.writer_state(), WriterState::Closed);
        }
        let kept = path.with_extension("kept");
        let lock = dir.path().join("ring.lock");
        let names = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path());
        let others = names.filter(|name| ![&path, &kept, &lock].contains(&name));
        assert_eq!(others.count(), 0);
        // Still the one writer.
        let second = create(&CreateOptions {
            path: path.clone(),
            format: *writer.format(),
            label: String::new(),
        });
        assert!(matches!(second, Err(CreateError::AlreadyWritten { .. })));
    }
}

#[test]
fn cut_off_and_grown_again_is_a_loss_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = ring(&path);
    let bytes = fs::metadata(&path).unwrap().len();
    writable(&path).set_len(0).unwrap();
    writable(&path).set_len(bytes).unwrap();
    assert_eq!(writer.loss(), Some(RingLoss::Truncated));
    renewed(&mut writer, &path);
}

#[test]
fn a_file_of_somebody_else_stays_and_the_old_ring_is_written_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = ring(&path);
    let old = open(&path, false).unwrap();
    let other = dir.path().join("other");
    fs::write(&other, "precious").unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(writer.loss(), Some(RingLoss::Replaced));
    let error = writer.renewal().make().unwrap_err();
    assert!(matches!(error, CreateError::Taken { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    writer.write_block(&[0.5; 960]).unwrap();
    assert_eq!(old.ring.written_frames(), 960);
    // As soon as it is gone there is room again.
    fs::remove_file(&path).unwrap();
    assert_eq!(writer.loss(), Some(RingLoss::Removed));
    renewed(&mut writer, &path);
}

#[test]
fn no_room_and_no_folder_leave_the_writer_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("ring");
    let mut writer = ring(&path);
    let old = open(&path, false).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(writer.loss(), Some(RingLoss::Removed));
    let error = writer.renewal().make().unwrap_err().to_string();
    assert!(error.contains("folder"), "{error}");
    assert!(!folder.exists());
    writer.write_block(&[0.5; 960]).unwrap();
    assert_eq!(old.ring.written_frames(), 960);
    drop(writer);
    assert_eq!(old.ring.writer_state(), WriterState::Closed);
}
