//! The rules of the protocol one by one: guard, claim, epoch, state, gaps, foreign base rings.
//! Words are put into the storage by hand where a well-behaved writer would never do it.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_ring::copy::store_word;
use soundfall_ring::layout::{
    MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS, OFFSET_CLAIM, OFFSET_EPOCH,
    OFFSET_MAGIC, OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_START_UNIX_NS, OFFSET_VERSION,
    VERSION, word,
};
use soundfall_ring::{
    Cursor, Extension, Gap, GapReason, HeapStorage, Poll, ReadError, RingFormat, RingRead,
    RingReader, RingWriter, WriteError, WriteStorage, WriterState, heap_ring,
};

fn set(storage: &HeapStorage, offset: u64, value: u64) {
    store_word(&storage.words()[word(offset) as usize], value);
}

fn ours(
    format: &RingFormat,
) -> (
    HeapStorage,
    RingWriter<HeapStorage>,
    RingReader<HeapStorage>,
) {
    let storage = HeapStorage::new(format.total_words()).unwrap();
    let extension = Extension {
        epoch: 77,
        start_unix_ns: 5,
        label: "Mic ä".to_owned(),
        writer_pid: 42,
    };
    let writer = RingWriter::create(storage.clone(), format, &extension).unwrap();
    let reader = RingReader::new(storage.clone()).unwrap();
    assert_eq!(reader.extension(), Some(&extension));
    (storage, writer, reader)
}

#[test]
fn a_claimed_block_is_no_longer_readable() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let (storage, mut writer, reader) = ours(&format);
    for _ in 0..20 {
        writer.write_block(&[0.25; 10]).unwrap();
    }
    let mut out = [0.0; 10];
    // 200 frames are written; the guard keeps 100..110 back although nothing overwrites it yet.
    assert_eq!(reader.oldest_frame(), 110);
    assert!(matches!(
        reader.read(0, 109, &mut out),
        Err(ReadError::Lapped { .. })
    ));
    assert_eq!(reader.read(0, 110, &mut out), Ok(()));
    // A claim beyond the guard, as while two blocks pass during a copy.
    set(&storage, OFFSET_CLAIM, 22);
    assert!(matches!(
        reader.read(0, 110, &mut out),
        Err(ReadError::Lapped { .. })
    ));
    assert_eq!(reader.read(0, 120, &mut out), Ok(()));
    // Nonsense in the claim ends in an error, not in a wrap.
    set(&storage, OFFSET_CLAIM, u64::MAX);
    assert!(matches!(
        reader.read(0, 190, &mut out),
        Err(ReadError::Lapped { .. })
    ));
    set(&storage, OFFSET_SEQUENCE, u64::MAX);
    assert!(reader.read(0, 190, &mut out).is_err());
    assert!(reader.read(0, u64::MAX, &mut out).is_err());
}

#[test]
fn another_ring_in_the_same_memory_is_noticed() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let (storage, mut writer, reader) = ours(&format);
    writer.write_block(&[0.25; 10]).unwrap();
    let mut out = [0.0; 10];
    assert_eq!(reader.read(0, 0, &mut out), Ok(()));
    set(&storage, OFFSET_EPOCH, 78);
    assert_eq!(reader.read(0, 0, &mut out), Err(ReadError::Replaced));
    set(&storage, OFFSET_EPOCH, 77);
    set(&storage, OFFSET_CAPACITY, 50);
    assert_eq!(reader.read(0, 0, &mut out), Err(ReadError::Replaced));
    assert_eq!(reader.writer_state(), WriterState::Unknown);
}

#[test]
fn state_heartbeat_and_close() {
    let format = RingFormat::new(48_000, 2, 100, 10).unwrap();
    let (_storage, mut writer, reader) = ours(&format);
    writer.heartbeat(1_000);
    let open = WriterState::Open {
        heartbeat_unix_ns: 1_000,
        pid: 42,
    };
    assert_eq!(reader.writer_state(), open);
    let wrong = WriteError::WrongLength {
        got: 19,
        expected: 20,
    };
    assert_eq!(writer.write_block(&[0.0; 19]), Err(wrong));
    writer.write_block(&[0.5; 20]).unwrap();
    writer.close();
    assert!(writer.is_closed());
    assert_eq!(reader.writer_state(), WriterState::Closed);
    assert_eq!(writer.write_block(&[0.0; 20]), Err(WriteError::Closed));
    let mut out = [0.0; 10];
    assert_eq!(reader.read_latest(1, &mut out), Ok(0));
    assert_eq!(out, [0.5; 10]);
}

#[test]
fn gaps_are_kept_in_order_and_the_table_wraps() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let (mut writer, ring) = heap_ring(&format, "").unwrap();
    assert!(ring.gaps().is_empty());
    let reasons = [
        GapReason::CaptureOverrun,
        GapReason::DeviceLost,
        GapReason::SourceDiscontinuity,
        GapReason::Unknown(9),
    ];
    let gap = |number: u64| Gap {
        start_frame: number * 10,
        length_frames: number + 1,
        reason: reasons[number as usize % 4],
    };
    for number in 0..300 {
        let Gap {
            start_frame,
            length_frames,
            reason,
        } = gap(number);
        writer.record_gap(start_frame, length_frames, reason);
        let kept: Vec<Gap> = (0..=number).rev().take(111).map(gap).collect();
        let got: Vec<Gap> = ring.gaps().into_iter().rev().collect();
        assert_eq!(got, kept);
    }
    writer.record_gap(5, 0, GapReason::DeviceLost);
    assert_eq!(ring.gap_total(), 300);
    // An entry that cannot be a gap is left out.
    writer.record_gap(u64::MAX, 2, GapReason::DeviceLost);
    assert_eq!(ring.gap_total(), 301);
    assert_eq!(ring.gaps().last(), Some(&gap(299)));
}

#[test]
fn a_base_ring_of_another_program_is_read() {
    let format = RingFormat::new(44_100, 2, 25, 4).unwrap();
    let storage = HeapStorage::new(format.total_words()).unwrap();
    for (offset, value) in [
        (OFFSET_MAGIC, MAGIC),
        (OFFSET_VERSION, VERSION),
        (OFFSET_SAMPLE_RATE, 44_100),
        (OFFSET_CHANNELS, 2),
        (OFFSET_CAPACITY, 25),
        (OFFSET_BLOCK, 4),
        // Reserved in the base format: must not be taken for a claim or an epoch.
        (OFFSET_CLAIM, 1 << 40),
        (OFFSET_EPOCH, 3),
    ] {
        set(&storage, offset, value);
    }
    let ring = RingReader::new(storage.clone()).unwrap();
    assert_eq!((ring.epoch(), ring.extension()), (0, None));
    assert_eq!((ring.gap_total(), ring.gaps()), (0, Vec::new()));
    assert_eq!(ring.writer_state(), WriterState::Unknown);
    // 13 blocks of 4 frames = 52 frames by the formula of the format document.
    for frame in 0..52u64 {
        for channel in 0..2 {
            let value = frame as f64 + 0.5 * channel as f64;
            set(
                &storage,
                4096 + (channel * 25 + frame % 25) * 8,
                value.to_bits(),
            );
        }
    }
    set(&storage, OFFSET_SEQUENCE, 13);
    assert_eq!((ring.written_frames(), ring.oldest_frame()), (52, 31));
    let mut out = [0.0; 21];
    for channel in 0..2 {
        ring.read_f64(channel, 31, &mut out).unwrap();
        for (frame, got) in (31u64..).zip(out) {
            assert_eq!(got, frame as f64 + 0.5 * f64::from(channel));
        }
    }
    // The other program starts anew in the same memory: that is another ring.
    let mut cursor = Cursor::at_live_edge(&ring);
    set(&storage, OFFSET_SEQUENCE, 2);
    let mut planar = Vec::new();
    let poll = cursor.poll(&ring, 0..2, 100, &mut planar);
    assert_eq!(poll, Err(ReadError::Replaced));
    assert_eq!(ring.written_frames(), 52, "the last that is known");
    // For good, also when the new one has as much as the old one had.
    set(&storage, OFFSET_SEQUENCE, 14);
    assert_eq!(ring.check(), Err(ReadError::Replaced));
    assert_eq!(
        ring.read_f64(0, 31, &mut [0.0; 21]),
        Err(ReadError::Replaced)
    );
    assert_eq!(
        cursor.poll(&ring, 0..2, 100, &mut planar),
        Err(ReadError::Replaced)
    );
    set(&storage, OFFSET_SEQUENCE, 2);
    let ring = RingReader::new(storage.clone()).unwrap();
    let poll = Cursor::at_oldest(&ring).poll(&ring, 0..2, 100, &mut planar);
    assert_eq!(
        poll,
        Ok(Poll::Frames {
            start: 0,
            frames: 8
        })
    );
}

/// A writer that gives its rings no epochs of their own, or that starts again before anyone looks:
/// every other sign is enough.
#[test]
fn a_ring_that_starts_anew_is_another_one() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let anew: [(&str, &[(u64, u64)]); 3] = [
        ("start stamp", &[(OFFSET_START_UNIX_NS, 6)]),
        ("sequence", &[(OFFSET_SEQUENCE, 2)]),
        (
            "claim and sequence",
            &[(OFFSET_CLAIM, 1), (OFFSET_SEQUENCE, 0)],
        ),
    ];
    for (what, words) in anew {
        let (storage, mut writer, reader) = ours(&format);
        for _ in 0..3 {
            writer.write_block(&[0.25; 10]).unwrap();
        }
        assert_eq!(reader.check(), Ok(()));
        assert_eq!(reader.written_frames(), 30);
        for &(offset, value) in words {
            set(&storage, offset, value);
        }
        assert_eq!(
            reader.read(0, 0, &mut [0.0; 10]),
            Err(ReadError::Replaced),
            "{what}"
        );
        // The new one gets as far as the old one was, and further.
        for sequence in [3, 4] {
            set(&storage, OFFSET_SEQUENCE, sequence);
            assert_eq!(reader.check(), Err(ReadError::Replaced), "{what}");
            let latest = reader.read_latest(0, &mut [0.0; 10]);
            assert_eq!(latest, Err(ReadError::Replaced), "{what}");
            assert_eq!((reader.written_frames(), reader.gap_total()), (30, 0));
        }
        assert!(RingReader::new(storage).unwrap().check().is_ok());
    }
}

/// Threads that look at one reader at the same time see the sequence grow, whichever is first.
#[test]
fn readers_in_step_never_take_a_growing_ring_for_another_one() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let (_storage, mut writer, reader) = ours(&format);
    std::thread::scope(|scope| {
        let looking: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| while reader.written_frames() < 200_000 {}))
            .collect();
        for _ in 0..20_000 {
            writer.write_block(&[0.25; 10]).unwrap();
        }
        for thread in looking {
            thread.join().unwrap();
        }
    });
    assert_eq!(reader.check(), Ok(()));
}

#[test]
fn a_lapped_cursor_says_what_it_lost_and_goes_on_with_a_margin() {
    let format = RingFormat::new(48_000, 1, 1_000, 10).unwrap();
    let (mut writer, ring) = heap_ring(&format, "").unwrap();
    let mut cursor = Cursor::at(0);
    assert_eq!((cursor.laps(), cursor.lost_frames()), (0, 0));
    let mut planar = Vec::new();
    for _ in 0..250 {
        writer.write_block(&[0.0; 10]).unwrap();
    }
    let poll = cursor.poll(&*ring, 0..1, 1_000, &mut planar).unwrap();
    // Oldest is 2500 + 10 − 1000 = 1510; an eighth of the 990 readable frames is the margin.
    assert_eq!(poll, Poll::Lost(0..1_633));
    assert_eq!((cursor.laps(), cursor.lost_frames()), (1, 1_633));
    let poll = cursor.poll(&*ring, 0..1, 100, &mut planar).unwrap();
    assert_eq!(
        poll,
        Poll::Frames {
            start: 1_633,
            frames: 100
        }
    );
    assert_eq!(cursor.backlog(&*ring), 2_500 - 1_733);
    // Elsewhere, without forgetting.
    cursor.seek(2_490);
    let poll = cursor.poll(&*ring, 0..1, 100, &mut planar).unwrap();
    let last = Poll::Frames {
        start: 2_490,
        frames: 10,
    };
    assert_eq!((poll, cursor.laps()), (last, 1));
    let text = ReadError::Lapped {
        lost_frames: 3,
        resume_at: 4,
    }
    .to_string();
    assert!(text.starts_with("Data loss detected (buffer overrun)"));
}

#[test]
fn long_labels_are_clipped_between_characters_and_controls_are_replaced() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let (_writer, ring) = heap_ring(&format, &"ä".repeat(200)).unwrap();
    assert_eq!(ring.extension().unwrap().label, "ä".repeat(128));
    let odd = format!("x{}", "ä".repeat(200));
    let (_writer, ring) = heap_ring(&format, &odd).unwrap();
    assert_eq!(
        ring.extension().unwrap().label,
        format!("x{}", "ä".repeat(127))
    );
    let (_writer, ring) = heap_ring(&format, "a\u{1b}[31mb").unwrap();
    assert_eq!(ring.extension().unwrap().label, "a\u{fffd}[31mb");
}
