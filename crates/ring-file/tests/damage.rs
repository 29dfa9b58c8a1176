//! Random damage to the bytes and the length of a ring file, before and after it was opened, mapped
//! and with `pread`: every outcome is a value or an error, never a crash, and both ways to read
//! agree.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use proptest::prelude::*;
use soundfall_ring::{Cursor, ReadError, RingFormat, StorageError};
use soundfall_ring_file::{CreateOptions, OpenRing, create, inspect, open};

/// A word of the header, or a new length of the file.
#[derive(Clone, Debug)]
enum Damage {
    Word(u64, u64),
    Length(u64),
}

fn damage() -> impl Strategy<Value = Damage> {
    let value = prop_oneof![
        0..300u64,
        (0..64u32).prop_map(|bit| 1 << bit),
        (0..300u64).prop_map(|small| u64::MAX - small),
        any::<u64>(),
    ];
    prop_oneof![
        4 => (0..80u64, value).prop_map(|(word, value)| Damage::Word(word, value)),
        1 => (0..8_000u64).prop_map(Damage::Length),
    ]
}

fn apply(path: &Path, damage: &[Damage]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    for damage in damage {
        match *damage {
            Damage::Word(word, value) => file.write_all_at(&value.to_le_bytes(), word * 8).unwrap(),
            Damage::Length(length) => file.set_len(length).unwrap(),
        }
    }
}

/// Everything a reader can ask for.
fn use_it(open: &OpenRing, start: u64, len: usize) -> (Result<(), ReadError>, Vec<f32>) {
    let mut out = vec![0.0; len];
    let read = open.ring.read(1, start, &mut out);
    let _ = open.ring.read_latest(0, &mut vec![0.0; len]);
    let _ = (
        open.ring.gaps(),
        open.ring.writer_state(),
        open.ring.oldest_frame(),
    );
    let mut cursor = Cursor::at_oldest(&*open.ring);
    let _ = cursor.poll(&*open.ring, 0..2, len, &mut Vec::new());
    let _ = (open.is_replaced(), open.shrunk(), open.file_bytes());
    if read.is_err() {
        out.clear();
    }
    (read, out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_survived(
        damage in prop::collection::vec(damage(), 1..6),
        start in 0..200u64,
        len in 0..120usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ring");
        let format = RingFormat::new(48_000, 2, 100, 10).unwrap();
        let mut writer = create(&CreateOptions { path: path.clone(), format, label: "x".to_owned() }).unwrap();
        for number in 0..15u8 {
            writer.write_block(&[f32::from(number); 20]).unwrap();
        }
        drop(writer);
        let copy = dir.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        let before = [open(&copy, false).unwrap(), open(&copy, true).unwrap()];
        apply(&copy, &damage);
        let [mapped, careful] = before.map(|open| use_it(&open, start, len));
        // A mapping knows of a cut that has healed; `pread` does not.
        if mapped.0 == Err(ReadError::Storage(StorageError::Regrown)) {
            let cut = damage.iter().any(|damage| matches!(damage, Damage::Length(length) if *length < 5696));
            prop_assert!(cut, "nothing was cut off");
        } else {
            prop_assert_eq!(mapped, careful);
        }
        let after = [open(&copy, false), open(&copy, true)].map(|open| {
            open.map(|open| use_it(&open, start, len)).map_err(|error| error.to_string())
        });
        prop_assert_eq!(&after[0], &after[1]);
        prop_assert_eq!(inspect(&copy).is_ok(), after[0].is_ok());
        // A new writer replaces it or refuses, but never crashes.
        let _ = create(&CreateOptions { path: copy, format, label: String::new() });
    }
}
