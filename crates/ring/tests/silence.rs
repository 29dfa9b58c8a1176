//! Silence of any length: what readers see is what as many silent blocks would leave, and no frame of
//! the ring is set to zero twice. Never times anything.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_ring::layout::{OFFSET_EPOCH, OFFSET_MAGIC, OFFSET_SEQUENCE, word};
use soundfall_ring::{
    Extension, GapReason, HeapStorage, MAX_FRAME, ReadError, RingFormat, RingRead, RingReader,
    RingWriter, SharedRing, WriteError, WriteStorage, heap_ring,
};

const CHANNELS: u32 = 2;

fn rig(capacity: u64, block: u32) -> (RingWriter<HeapStorage>, SharedRing) {
    let format = RingFormat::new(8_000, CHANNELS, capacity, block).unwrap();
    heap_ring(&format, "silence").unwrap()
}

fn write(writer: &mut RingWriter<HeapStorage>) {
    let (first, frames) = (writer.written_frames(), writer.format().block_frames);
    let block: Vec<f32> = (first..first + u64::from(frames))
        .flat_map(|frame| [1.0 + (frame % 9_999) as f32, -1.0])
        .collect();
    writer.write_block(&block).unwrap();
}

/// All that can be read, and its first frame.
fn all(ring: &dyn RingRead) -> (u64, Vec<f64>) {
    let oldest = ring.oldest_frame();
    let mut out = vec![0.5; (ring.written_frames() - oldest) as usize];
    ring.read_f64(0, oldest, &mut out).unwrap();
    (oldest, out)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_long_silence_is_as_many_silent_blocks(
        block in 1..40u32,
        more in 1..90u64,
        steps in prop::collection::vec((0..9u64, 0..30u64, 1..50u64), 1..12),
    ) {
        let capacity = u64::from(block) + more;
        let (mut at_once, one) = rig(capacity, block);
        let (mut by_blocks, other) = rig(capacity, block);
        for (sound, silent, step) in steps {
            for _ in 0..sound {
                write(&mut at_once);
                write(&mut by_blocks);
            }
            let before = all(&*one);
            at_once.begin_silence(silent).unwrap();
            let mut calls = 1;
            while !at_once.fill_silence(step) {
                calls += 1;
                // Until it is whole nothing of it is seen, and nothing older is read wrongly.
                prop_assert_eq!(one.written_frames(), before.0 + before.1.len() as u64);
                for (frame, was) in (before.0..).zip(&before.1) {
                    let mut now = [0.5];
                    match one.read_f64(0, frame, &mut now) {
                        Ok(()) => prop_assert_eq!(now[0], *was),
                        Err(ReadError::Lapped { .. }) => {}
                        Err(error) => prop_assert!(false, "{}", error),
                    }
                }
            }
            let frames = (silent * u64::from(block)).min(capacity);
            prop_assert_eq!(calls, frames.div_ceil(step).max(1));
            for _ in 0..silent {
                by_blocks.write_silence_block().unwrap();
            }
            prop_assert_eq!(all(&*one), all(&*other));
        }
    }
}

#[test]
fn a_loss_of_a_week_costs_one_round_of_the_ring() {
    let (mut writer, ring) = rig(1_000, 64);
    for _ in 0..20 {
        write(&mut writer);
    }
    let week = 7 * 24 * 3_600 * 384_000 / 64;
    writer.record_gap(writer.written_frames(), week * 64, GapReason::DeviceLost);
    writer.begin_silence(week).unwrap();
    let steps = 1 + (0..).take_while(|_| !writer.fill_silence(10)).count();
    assert_eq!(steps, 100, "each frame of the ring once");
    assert_eq!(ring.written_frames(), (20 + week) * 64);
    assert!(all(&*ring).1.iter().all(|sample| *sample == 0.0));
    write(&mut writer);
    let mut newest = [0.0];
    let first = ring.written_frames() - 64;
    ring.read(0, first, &mut newest).unwrap();
    assert_eq!(newest, [1.0 + (first % 9_999) as f32]);
}

#[test]
fn what_follows_a_begun_silence_comes_after_it() {
    let (mut writer, ring) = rig(1_000, 64);
    write(&mut writer);
    writer.begin_silence(3).unwrap();
    assert!(!writer.fill_silence(1));
    writer.write_block(&[9.0; 2 * 64]).unwrap();
    assert_eq!(ring.written_frames(), 5 * 64);
    let (_, samples) = all(&*ring);
    assert!(samples[64..256].iter().all(|sample| *sample == 0.0));
    assert_eq!(samples[256], 9.0);
    writer.begin_silence(2).unwrap();
    writer.close();
    assert_eq!(ring.written_frames(), 7 * 64);
    assert_eq!(writer.begin_silence(1), Err(WriteError::Closed));
    let (mut writer, _) = rig(1_000, 64);
    for blocks in [MAX_FRAME / 64, u64::MAX] {
        assert_eq!(writer.begin_silence(blocks), Err(WriteError::Full));
    }
    assert!(writer.fill_silence(1), "none was begun");
    assert_eq!(writer.written_frames(), 0);
}

#[test]
fn a_writer_knows_whether_its_header_is_still_its_own() {
    let format = RingFormat::new(8_000, CHANNELS, 1_000, 64).unwrap();
    let storage = HeapStorage::new(format.total_words()).unwrap();
    let extension = Extension {
        epoch: 7,
        ..Extension::default()
    };
    let mut writer = RingWriter::create(storage.clone(), &format, &extension).unwrap();
    let _reader = RingReader::new(storage.clone()).unwrap();
    write(&mut writer);
    writer.begin_silence(4).unwrap();
    assert!(writer.owns_header());
    for offset in [OFFSET_MAGIC, OFFSET_EPOCH, OFFSET_SEQUENCE] {
        let place = &storage.words()[word(offset) as usize];
        let was = soundfall_ring::copy::load_word(place);
        soundfall_ring::copy::store_word(place, was ^ 1);
        assert!(!writer.owns_header());
        soundfall_ring::copy::store_word(place, was);
        assert!(writer.owns_header());
    }
}
