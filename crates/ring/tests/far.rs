//! Rings far from the usual: sequences up to the last frame number there is, blocks larger than a
//! step of the copies, many channels, and gaps. Against formulae in wide numbers. Never times
//! anything.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_ring::copy::store_word;
use soundfall_ring::layout::{
    HEADER_WORDS, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS, OFFSET_MAGIC,
    OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_VERSION, VERSION, word,
};
use soundfall_ring::{
    Cursor, Gap, GapReason, HeapStorage, MAX_FRAME, Poll, ReadError, RingFormat, RingRead,
    RingReader, WriteStorage, heap_ring,
};

/// What a foreign writer leaves behind after `sequence` blocks: each sample is its frame modulo a
/// prime, plus the channel.
fn foreign(format: &RingFormat, sequence: u64) -> RingReader<HeapStorage> {
    let storage = HeapStorage::new(format.total_words()).unwrap();
    let set = |index: u64, value: u64| store_word(&storage.words()[index as usize], value);
    for (offset, value) in [
        (OFFSET_MAGIC, MAGIC),
        (OFFSET_VERSION, VERSION),
        (OFFSET_SAMPLE_RATE, u64::from(format.sample_rate)),
        (OFFSET_CHANNELS, u64::from(format.channels)),
        (OFFSET_CAPACITY, format.capacity_frames),
        (OFFSET_BLOCK, u64::from(format.block_frames)),
        (OFFSET_SEQUENCE, sequence),
    ] {
        set(word(offset), value);
    }
    let written = u128::from(sequence) * u128::from(format.block_frames);
    let capacity = u128::from(format.capacity_frames);
    for frame in written.saturating_sub(capacity)..written {
        for channel in 0..u128::from(format.channels) {
            let index = u128::from(HEADER_WORDS) + channel * capacity + frame % capacity;
            set(index as u64, sample(frame, channel as u32).to_bits());
        }
    }
    RingReader::new(storage).unwrap()
}

fn sample(frame: u128, channel: u32) -> f64 {
    (frame % 65_521) as f64 + f64::from(channel) / 16.0
}

/// Sequences near 0, near the end, near powers of two, and any.
fn sequences() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..50u64,
        (0..63u32, 0..40u64).prop_map(|(bit, less)| (1u64 << bit).saturating_sub(less)),
        (0..50u64).prop_map(|less| u64::MAX - less),
        any::<u64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_is_read_by_the_rule(
        channels in 1..4u32,
        block in 1..60u32,
        more in 1..130u64,
        sequence in sequences(),
        reads in prop::collection::vec((-260..200i128, 0..200usize), 1..20),
    ) {
        let format = RingFormat::new(44_100, channels, u64::from(block) + more, block).unwrap();
        let most = MAX_FRAME / u64::from(block) - 1;
        let sequence = sequence.min(most);
        let ring = foreign(&format, sequence);
        let written = u128::from(sequence) * u128::from(block);
        let (capacity, guard) = (u128::from(format.capacity_frames), u128::from(block));
        let oldest = (written + guard).saturating_sub(capacity);
        prop_assert_eq!(u128::from(ring.written_frames()), written);
        prop_assert_eq!(u128::from(ring.oldest_frame()), oldest);
        for (away, len) in reads {
            let start = (written as i128 + away).max(0) as u128;
            let end = start + len as u128;
            let mut out = vec![0.0; len];
            let got = ring.read_f64(channels - 1, start as u64, &mut out);
            if len as u128 > capacity - guard {
                let too_long = matches!(got, Err(ReadError::TooLong { .. }));
                prop_assert!(too_long, "{:?}", got);
            } else if end > written {
                prop_assert_eq!(got, Err(ReadError::NotYet { available: written as u64 }));
            } else if start < oldest {
                match got {
                    Err(ReadError::Lapped { lost_frames, resume_at }) => {
                        prop_assert_eq!(start + u128::from(lost_frames), u128::from(resume_at));
                        prop_assert!((oldest..=written).contains(&u128::from(resume_at)));
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            } else {
                prop_assert_eq!(got, Ok(()));
                for (frame, got) in (start..).zip(out) {
                    prop_assert_eq!(got, sample(frame, channels - 1));
                }
            }
        }
        // A cursor from anywhere ends up at the edge, frame by frame accounted for.
        let from = oldest.saturating_sub(guard) as u64;
        let (mut cursor, mut planar, mut seen) = (Cursor::at(from), Vec::new(), 0);
        loop {
            match cursor.poll(&ring, 0..channels, 37, &mut planar).unwrap() {
                Poll::Nothing => break,
                Poll::Frames { start, frames } => {
                    prop_assert_eq!(start + frames as u64, cursor.position());
                    seen += frames as u64;
                    for (channel, line) in planar.chunks_exact(frames).enumerate() {
                        for (frame, got) in (u128::from(start)..).zip(line) {
                            prop_assert_eq!(f64::from(*got), sample(frame, channel as u32));
                        }
                    }
                }
                Poll::Lost(span) => prop_assert_eq!(span.end, cursor.position()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(u128::from(from + seen + cursor.lost_frames()), written);
    }

    #[test]
    fn gaps_come_back_as_they_were_recorded(
        recorded in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..260),
    ) {
        let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
        let (mut writer, ring) = heap_ring(&format, "").unwrap();
        let mut oracle = Vec::new();
        for (start, length, reason) in recorded {
            // Some are gaps as a writer records them, some are nonsense that must be passed over.
            let (start, length) = if reason % 3 == 0 { (start, length) } else { (start >> 3, length % 1000) };
            let reason = GapReason::from_word(reason % 5);
            writer.record_gap(start, length, reason);
            if length > 0 {
                oracle.push(Gap { start_frame: start, length_frames: length, reason });
            }
        }
        prop_assert_eq!(ring.gap_total(), oracle.len() as u64);
        let possible = |gap: &Gap| {
            u128::from(gap.start_frame) + u128::from(gap.length_frames) <= u128::from(MAX_FRAME)
        };
        let newest = oracle.len().saturating_sub(111);
        let expected: Vec<Gap> = oracle.drain(newest..).filter(possible).collect();
        prop_assert_eq!(ring.gaps(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocks_larger_than_a_step_of_the_copies_arrive_whole(
        channels in 1..80u32,
        block in 1..2500u32,
        more in 1..3000u64,
        blocks in 1..7u64,
    ) {
        let format = RingFormat::new(48_000, channels, u64::from(block) + more, block).unwrap();
        let (mut writer, ring) = heap_ring(&format, "").unwrap();
        for number in 0..blocks {
            let first = u128::from(number * u64::from(block));
            let interleaved: Vec<f32> = (first..first + u128::from(block))
                .flat_map(|frame| (0..channels).map(move |channel| sample(frame, channel) as f32))
                .collect();
            writer.write_block(&interleaved).unwrap();
        }
        let oldest = ring.oldest_frame();
        let mut out = vec![0.0; (ring.written_frames() - oldest) as usize];
        for channel in 0..channels {
            ring.read_f64(channel, oldest, &mut out).unwrap();
            for (frame, got) in (u128::from(oldest)..).zip(&out) {
                // As f32 the fraction may be rounded, as it was on the way in.
                prop_assert_eq!(*got, f64::from(sample(frame, channel) as f32));
            }
        }
    }
}
