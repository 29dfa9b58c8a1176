//! Hostile headers: each ends in its own error, none in a panic, a wrap or a huge
//! allocation.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_ring::copy::store_word;
use soundfall_ring::layout::{
    HEADER_WORDS, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS, OFFSET_GAP_TOTAL,
    OFFSET_MAGIC, OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_VERSION, VERSION, gap_word, word,
};
use soundfall_ring::{
    Cursor, FormatError, Header, HeaderError, HeapRingError, HeapStorage, MAX_FRAME, RingFormat,
    RingRead, RingReader, WriteStorage, heap_ring, lost_frames,
};

fn with_fields(words: u64, fields: &[(u64, u64)]) -> HeapStorage {
    let storage = HeapStorage::new(words).unwrap();
    for &(offset, value) in fields {
        store_word(&storage.words()[word(offset) as usize], value);
    }
    storage
}

/// A good header of 2 × 100 frames with one field changed.
fn parse_with(offset: u64, value: u64) -> Result<Header, HeaderError> {
    let mut fields = vec![
        (OFFSET_MAGIC, MAGIC),
        (OFFSET_VERSION, VERSION),
        (OFFSET_SAMPLE_RATE, 48_000),
        (OFFSET_CHANNELS, 2),
        (OFFSET_CAPACITY, 100),
        (OFFSET_BLOCK, 10),
    ];
    fields.push((offset, value));
    Header::parse(&with_fields(HEADER_WORDS + 200, &fields))
}

#[test]
fn every_bad_field_has_its_own_error() {
    assert!(parse_with(OFFSET_SEQUENCE, 7).is_ok());
    let cases = [
        (OFFSET_MAGIC, 0, HeaderError::NotARing(0)),
        (OFFSET_MAGIC, MAGIC.swap_bytes(), HeaderError::ByteSwapped),
        (OFFSET_VERSION, 2, HeaderError::Version(2)),
        (OFFSET_SAMPLE_RATE, 0, FormatError::SampleRate(0).into()),
        (
            OFFSET_SAMPLE_RATE,
            1 << 32,
            FormatError::SampleRate(1 << 32).into(),
        ),
        (OFFSET_CHANNELS, 0, FormatError::Channels(0).into()),
        (
            OFFSET_CHANNELS,
            u64::MAX,
            FormatError::Channels(u64::MAX).into(),
        ),
        (OFFSET_BLOCK, 0, FormatError::Block(0).into()),
        (OFFSET_BLOCK, u64::MAX, FormatError::Block(u64::MAX).into()),
        (
            OFFSET_BLOCK,
            100,
            FormatError::Capacity {
                capacity: 100,
                block: 100,
            }
            .into(),
        ),
        (
            OFFSET_CAPACITY,
            0,
            FormatError::Capacity {
                capacity: 0,
                block: 10,
            }
            .into(),
        ),
        (
            OFFSET_CAPACITY,
            u64::MAX,
            FormatError::TooLarge {
                channels: 2,
                capacity: u64::MAX,
            }
            .into(),
        ),
        (
            OFFSET_CAPACITY,
            101,
            HeaderError::Truncated {
                need_bytes: 4096 + 1616,
                have_bytes: 4096 + 1600,
            },
        ),
        (OFFSET_SEQUENCE, u64::MAX, HeaderError::Sequence(u64::MAX)),
        (OFFSET_SEQUENCE, 1 << 62, HeaderError::Sequence(1 << 62)),
    ];
    for (offset, value, error) in cases {
        assert_eq!(parse_with(offset, value), Err(error), "{offset} {value:#x}");
        assert!(!error.to_string().contains('\n'));
    }
    assert_eq!(
        Header::parse(&with_fields(0, &[])),
        Err(HeaderError::TooShort(0))
    );
    assert_eq!(
        Header::parse(&with_fields(511, &[])),
        Err(HeaderError::TooShort(4088))
    );
    assert!(
        parse_with(OFFSET_MAGIC, MAGIC.swap_bytes())
            .unwrap_err()
            .to_string()
            .contains("byte order")
    );
}

#[test]
fn formats_are_checked() {
    assert!(RingFormat::new(48_000, 64, 1_440_000, 512).is_ok());
    assert_eq!(
        RingFormat::new(48_000, 8, 1_440_000, 512)
            .unwrap()
            .total_bytes(),
        92_160_000 + 4096
    );
    assert_eq!(
        RingFormat::with_seconds(48_000, 2, 30.0, 512)
            .unwrap()
            .capacity_frames,
        1_440_000
    );
    for seconds in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        assert!(RingFormat::with_seconds(48_000, 2, seconds, 512).is_err());
    }
    assert!(RingFormat::with_seconds(48_000, 2, 1e300, 512).is_err());
    let huge = RingFormat::new(48_000, 4096, 1 << 40, 512).unwrap();
    assert!(matches!(
        heap_ring(&huge, "").map(|_| ()),
        Err(HeapRingError::OutOfMemory { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_under_a_reader_never_panics(
        damage in prop::collection::vec((0..64u64, interesting()), 1..12),
        start in interesting(),
        len in 0..300usize,
    ) {
        let format = RingFormat::new(48_000, 2, 100, 10).unwrap();
        let storage = HeapStorage::new(format.total_words()).unwrap();
        let extension = soundfall_ring::Extension { epoch: 1, ..Default::default() };
        let mut writer = soundfall_ring::RingWriter::create(storage.clone(), &format, &extension).unwrap();
        for _ in 0..15 {
            writer.write_block(&[0.5; 20]).unwrap();
        }
        let opened_before = RingReader::new(storage.clone()).unwrap();
        for (index, value) in damage {
            store_word(&storage.words()[index as usize], value);
        }
        let readers = [Some(opened_before), RingReader::new(storage).ok()];
        for reader in readers.iter().flatten() {
            let mut out = vec![0.0; len];
            let _ = reader.read(0, start, &mut out);
            let _ = reader.read_latest(1, &mut out);
            let _ = (reader.written_frames(), reader.oldest_frame(), reader.writer_state());
            let gaps = reader.gaps();
            prop_assert!(gaps.len() <= 112);
            let mut cursor = Cursor::at_oldest(reader);
            let _ = cursor.poll(reader, 0..2, len, &mut Vec::new());
        }
    }
}

/// Entries of a gap table: mostly near the largest frame, where sums of a few wrap.
fn gap_entry() -> impl Strategy<Value = [u64; 4]> {
    let far = |away: u64| MAX_FRAME - away;
    let start = prop_oneof![0..400u64, (0..400u64).prop_map(far), interesting()];
    let length = prop_oneof![
        1..400u64,
        Just(MAX_FRAME),
        (0..400u64).prop_map(far),
        interesting()
    ];
    (start, length, 0..6u64, interesting()).prop_map(|(start, length, reason, more)| {
        // As often as not it ends where the largest frame is.
        let length = if more % 2 == 0 {
            MAX_FRAME.saturating_sub(start)
        } else {
            length
        };
        [start, length, reason, more]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a gap table says, what is given out lies within frame numbers, and sums of it
    /// within what is asked for.
    #[test]
    fn hostile_gap_tables_are_bounded(
        entries in prop::collection::vec(gap_entry(), 0..112),
        total in prop_oneof![0..400u64, interesting()],
        sequence in prop_oneof![0..50u64, (1..50u64).prop_map(|less| MAX_FRAME / 10 - less)],
        asked in (interesting(), interesting()),
    ) {
        let format = RingFormat::new(48_000, 2, 100, 10).unwrap();
        let storage = HeapStorage::new(format.total_words()).unwrap();
        let extension = soundfall_ring::Extension { epoch: 1, ..Default::default() };
        soundfall_ring::RingWriter::create(storage.clone(), &format, &extension).unwrap();
        for (number, entry) in (0u64..).zip(&entries) {
            for (index, value) in (gap_word(number)..).zip(*entry) {
                store_word(&storage.words()[index as usize], value);
            }
        }
        for (offset, value) in [(OFFSET_GAP_TOTAL, total), (OFFSET_SEQUENCE, sequence)] {
            store_word(&storage.words()[word(offset) as usize], value);
        }
        let ring = RingReader::new(storage).unwrap();
        let gaps = ring.gaps();
        prop_assert!(gaps.iter().all(|gap| gap.end_frame() <= MAX_FRAME));
        let written = ring.written_frames();
        prop_assert!(lost_frames(&gaps, &(0..written)) <= written);
        let asked = asked.0.min(asked.1)..asked.0.max(asked.1);
        let lost = lost_frames(&gaps, &asked);
        // Every frame of a short span by hand.
        let short = asked.start..asked.end.min(asked.start.saturating_add(500));
        let by_hand = short.clone().filter(|&at| gaps.iter().any(|gap| (gap.start_frame..gap.end_frame()).contains(&at)));
        prop_assert_eq!(lost_frames(&gaps, &short), by_hand.count() as u64);
        prop_assert!(lost <= asked.end - asked.start);
    }
}

/// Small numbers, powers of two, the ends, and anything.
fn interesting() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..300u64,
        (0..64u32).prop_map(|bit| 1 << bit),
        (0..64u32).prop_map(|bit| (1u64 << bit) - 1),
        (0..300u64).prop_map(|small| u64::MAX - small),
        any::<u64>(),
    ]
}
