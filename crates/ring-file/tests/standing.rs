//! Where an open ring stands: replaced, begun anew in the same file, cut off, cut off and grown again
//! unseen, deleted. Mapped and with `pread`, of our own writer and of a base-format writer that
//! starts again in place. Never asserts on time.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use soundfall_ring::{ReadError, RingFormat, StorageError, layout};
use soundfall_ring_file::{
    Access, CreateOptions, FileRingWriter, OpenRing, Standing, create, inspect, open,
};

const CAPACITY: u64 = 40_000;
const BLOCK: u64 = 500;

fn format() -> RingFormat {
    RingFormat::new(48_000, 2, CAPACITY, BLOCK as u32).unwrap()
}

/// A ring of ours that went round once.
fn ours(path: &Path) -> FileRingWriter {
    let label = "test".to_owned();
    let mut writer = create(&CreateOptions {
        path: path.to_owned(),
        format: format(),
        label,
    })
    .unwrap();
    for _ in 0..CAPACITY / BLOCK + 3 {
        writer.write_block(&[0.5; 2 * BLOCK as usize]).unwrap();
    }
    writer
}

/// A writer of the base format in the naive way: with `pwrite`, in a file that it makes or finds.
struct Naive {
    file: File,
    sequence: u64,
    sound: f64,
}

impl Naive {
    fn field(&self, offset: u64, value: u64) {
        self.file
            .write_all_at(&value.to_le_bytes(), offset)
            .unwrap();
    }

    /// Starts in the file at `path`, which is emptied first or not.
    fn start(path: &Path, emptied: bool, sound: f64) -> Self {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(emptied)
            .open(path)
            .unwrap();
        let format = format();
        file.set_len(format.total_bytes()).unwrap();
        let writer = Self {
            file,
            sequence: 0,
            sound,
        };
        for (offset, value) in [
            (layout::OFFSET_SEQUENCE, 0),
            (layout::OFFSET_VERSION, layout::VERSION),
            (layout::OFFSET_SAMPLE_RATE, u64::from(format.sample_rate)),
            (layout::OFFSET_CHANNELS, u64::from(format.channels)),
            (layout::OFFSET_CAPACITY, format.capacity_frames),
            (layout::OFFSET_BLOCK, u64::from(format.block_frames)),
            (layout::OFFSET_MAGIC, layout::MAGIC),
        ] {
            writer.field(offset, value);
        }
        writer
    }

    fn write(&mut self, blocks: u64) {
        let samples: Vec<u8> = (0..BLOCK)
            .flat_map(|at| (self.sound + at as f64).to_le_bytes())
            .collect();
        for _ in 0..blocks {
            let at = self.sequence * BLOCK % CAPACITY;
            for channel in 0..2 {
                let place = layout::HEADER_BYTES + (channel * CAPACITY + at) * 8;
                self.file.write_all_at(&samples, place).unwrap();
            }
            self.sequence += 1;
            self.field(layout::OFFSET_SEQUENCE, self.sequence);
        }
    }
}

fn both(path: &Path) -> [OpenRing; 2] {
    let rings = [false, true].map(|safe_read| open(path, safe_read).unwrap());
    assert_eq!(rings[0].access, Access::Mapped);
    assert_eq!(rings[1].access, Access::Pread);
    rings
}

/// Opens what lies there now: sound of `sound` alone.
fn hears(ring: &OpenRing, sound: f64) {
    let again = ring.reopen().unwrap();
    let newest = again.ring.written_frames();
    let mut out = [0.0; BLOCK as usize];
    again.ring.read_f64(1, newest - BLOCK, &mut out).unwrap();
    assert_eq!(out[7], sound + 7.0);
}

#[test]
fn a_ring_that_goes_on_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let mut writer = Naive::start(&path, true, 1.0);
    let mut rings = both(&path);
    for blocks in [0, 1, 1, 3, 40, 79, 80, 81, 400, 1, 0] {
        writer.write(blocks);
        for ring in &mut rings {
            assert_eq!(ring.standing(), Standing::There, "{blocks} more");
        }
    }
}

#[test]
fn a_base_writer_that_starts_again_in_its_file_makes_another_ring() {
    // So much was written, and so much is written again before anybody looks.
    for emptied in [false, true] {
        for (before, after) in [
            (70, 0),
            (70, 3),
            (70, 69),
            (70, 70),
            (70, 71),
            (70, 100),
            (3, 2),
            (3, 3),
            (3, 60),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("ring");
            let mut writer = Naive::start(&path, true, 1.0);
            let mut rings = both(&path);
            for _ in 0..before {
                writer.write(1);
                assert!(
                    rings
                        .iter_mut()
                        .all(|ring| ring.standing() == Standing::There)
                );
            }
            drop(writer);
            let mut writer = Naive::start(&path, emptied, 7000.0);
            writer.write(after);
            for ring in &mut rings {
                let what = format!("emptied {emptied}, {before}, {after}, {:?}", ring.access);
                assert_eq!(ring.standing(), Standing::Restarted, "{what}");
                if after > 0 {
                    hears(ring, 7000.0);
                }
            }
        }
    }
}

#[test]
fn a_base_writer_that_makes_a_new_file_makes_another_ring() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    Naive::start(&path, true, 1.0).write(30);
    let mut rings = both(&path);
    assert!(
        rings
            .iter_mut()
            .all(|ring| ring.standing() == Standing::There)
    );
    fs::remove_file(&path).unwrap();
    for ring in &mut rings {
        assert_eq!(ring.standing(), Standing::Deleted);
        assert!(ring.reopen().is_err());
        ring.ring.read(1, 0, &mut [0.0; 99]).unwrap();
    }
    // As many blocks as the old one: nothing but the file tells them apart.
    Naive::start(&path, true, 7000.0).write(30);
    for ring in &mut rings {
        assert_eq!(ring.standing(), Standing::Replaced);
        hears(ring, 7000.0);
    }
}

#[test]
fn a_file_cut_off_and_grown_again_gives_no_zeros_as_sound() {
    let whole = format().total_bytes();
    for cut in [0, 4096, 4096 + 8 * CAPACITY, whole - 5000] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ring");
        let writer = ours(&path);
        assert!(!writer.is_lost());
        let mut rings = both(&path);
        let oldest = rings[0].ring.oldest_frame();
        let mut out = [0.0; 100];
        for ring in &mut rings {
            assert_eq!(ring.standing(), Standing::There);
            ring.ring.read(1, oldest, &mut out).unwrap();
        }
        // Between two reads.
        writer_side(&path).set_len(cut).unwrap();
        writer_side(&path).set_len(whole).unwrap();
        let [mapped, careful] = &mut rings;
        if cfg!(target_os = "linux") {
            let got = mapped.ring.read(1, oldest, &mut out);
            assert_eq!(
                got,
                Err(ReadError::Storage(StorageError::Regrown)),
                "cut to {cut}"
            );
            assert!(writer.is_lost(), "its writer knows");
        }
        // With `pread` the samples tell, where they were behind the cut.
        let gone = cut <= 4096 + 8 * CAPACITY;
        for ring in [mapped, careful] {
            if ring.access == Access::Mapped || gone {
                assert_eq!(ring.standing(), Standing::Restarted, "cut to {cut}");
            }
        }
    }
}

fn writer_side(path: &Path) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

#[test]
fn a_file_that_is_cut_off_is_broken_until_it_is_another_ring() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let writer = ours(&path);
    let mut rings = both(&path);
    let written = rings[0].ring.written_frames();
    writer_side(&path).set_len(4096).unwrap();
    for _ in 0..2 {
        for ring in &mut rings {
            let Standing::Broken(error) = ring.standing() else {
                panic!("{:?}", ring.standing());
            };
            let words = error.to_string();
            assert!(words.contains("shrank to 4096 of"), "{words}");
            assert!(ring.reopen().is_err());
            assert_eq!(
                ring.ring.written_frames(),
                written,
                "the last that is known"
            );
        }
    }
    // It grows again: what was seen cut off is never taken for whole.
    writer_side(&path).set_len(format().total_bytes()).unwrap();
    for ring in &mut rings {
        assert_eq!(ring.standing(), Standing::Restarted);
        assert!(ring.ring.read(1, written - 100, &mut [0.0; 100]).is_err());
    }
    drop(writer);
    drop(ours(&path));
    for ring in &mut rings {
        assert_eq!(ring.standing(), Standing::Replaced);
        assert_eq!(ring.reopen().unwrap().standing(), Standing::There);
    }
}

/// Four kilobytes on disk that say they are 2^40 frames, written and all.
fn hollow(path: &Path, written: bool) -> RingFormat {
    drop(create(&CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, 1, 1000, 500).unwrap(),
        label: "hollow".to_owned(),
    }));
    let format = RingFormat::new(48_000, 1, 1 << 40, 500).unwrap();
    let file = writer_side(path);
    file.set_len(4096).unwrap();
    file.set_len(format.total_bytes()).unwrap();
    let set = |offset: u64, value: u64| file.write_all_at(&value.to_le_bytes(), offset).unwrap();
    set(layout::OFFSET_CAPACITY, format.capacity_frames);
    if written {
        set(layout::OFFSET_SEQUENCE, (1 << 41) / 500);
    }
    format
}

#[test]
fn a_sparse_ring_of_a_million_million_frames_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let format = hollow(&path, true);
    let mut ring = open(&path, false).unwrap();
    assert!(ring.is_hollow());
    assert_eq!(
        ring.access,
        Access::Pread,
        "reading fills no memory file system"
    );
    assert_eq!(ring.file_bytes(), format.total_bytes());
    assert!(ring.stored_bytes().unwrap() < 100_000);
    assert_eq!(ring.standing(), Standing::There);
    let written = ring.ring.written_frames();
    ring.ring.read(0, written - 100, &mut [0.0; 100]).unwrap();
    assert!(ring.stored_bytes().unwrap() < 100_000);
    let words = inspect(&path).unwrap().to_string();
    assert!(
        words.contains("MB are stored, the rest are holes"),
        "{words}"
    );
    assert!(words.contains("most of it is not stored"), "{words}");
    // Nothing is said to be written: nothing is wrong.
    hollow(&path, false);
    assert!(!open(&path, false).unwrap().is_hollow());
    let whole = ours(&dir.path().join("whole"));
    assert!(!open(whole.path(), false).unwrap().is_hollow());
}
