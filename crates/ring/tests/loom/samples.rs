//! Reads of samples while blocks are written: fresh frames, the oldest end, straddling blocks, two
//! channels, a cursor, and another ring in the same memory. The frame number is in every sample.

use std::sync::atomic::Ordering;

use loom::sync::atomic::fence;
use loom::thread;
use soundfall_ring::copy::store_word;
use soundfall_ring::layout::{HEADER_WORDS, OFFSET_CLAIM, OFFSET_EPOCH, OFFSET_SEQUENCE, word};
use soundfall_ring::sync::Order;
use soundfall_ring::{Cursor, Poll, ReadError, RingFormat, RingRead, RingWriter, WriteStorage};

use crate::harness::{Tally, Words, holds, is_wrong, needs, ring};

/// What is read while what is written.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub channels: u32,
    pub capacity: u64,
    pub block: u32,
    /// Blocks that are there when the reader starts.
    pub before: u64,
    /// Blocks that are written meanwhile.
    pub meanwhile: u64,
    pub start: u64,
    pub len: usize,
}

impl Case {
    pub fn format(&self) -> RingFormat {
        RingFormat::new(48_000, self.channels, self.capacity, self.block).unwrap()
    }
}

/// Never 0, so that what was never written is not taken for a frame.
pub fn sample(frame: u64, channel: u32) -> f32 {
    (1 + frame * 10 + u64::from(channel)) as f32
}

pub fn write(writer: &mut RingWriter<Words>, blocks: u64) {
    let format = *writer.format();
    for _ in 0..blocks {
        let first = writer.written_frames();
        let block: Vec<f32> = (first..first + u64::from(format.block_frames))
            .flat_map(|frame| (0..format.channels).map(move |channel| sample(frame, channel)))
            .collect();
        writer.write_block(&block).unwrap();
    }
}

/// Reads the case's span of the last channel and judges what comes.
pub fn read(case: &Case, reader: &dyn RingRead, tally: &Tally) {
    let channel = case.channels - 1;
    let mut out = vec![0.0; case.len];
    match reader.read(channel, case.start, &mut out) {
        Ok(()) => tally.accepted(
            (case.start..)
                .zip(&out)
                .all(|(frame, &got)| got == sample(frame, channel)),
        ),
        Err(ReadError::Lapped { .. } | ReadError::NotYet { .. }) => tally.refused(),
        Err(other) => panic!("{other}"),
    }
}

fn model(case: Case) -> impl Fn(&Tally) + Send + Sync + 'static {
    move |tally| {
        let (_words, mut writer, reader) = ring(&case.format(), 7);
        write(&mut writer, case.before);
        let writing = thread::spawn(move || write(&mut writer, case.meanwhile));
        read(&case, &reader, tally);
        writing.join().unwrap();
    }
}

/// The newest block is read while it is written.
const FRESH: Case = Case {
    channels: 1,
    capacity: 5,
    block: 2,
    before: 0,
    meanwhile: 2,
    start: 1,
    len: 2,
};

/// As [`FRESH`], where a lap of older samples lies in the same place.
const FRESH_LAP: Case = Case {
    channels: 1,
    capacity: 4,
    block: 2,
    before: 3,
    meanwhile: 1,
    start: 6,
    len: 2,
};

/// The oldest whole block is read while the writer comes up to it and over it.
const OLDEST: Case = Case {
    channels: 1,
    capacity: 4,
    block: 2,
    before: 2,
    meanwhile: 2,
    start: 2,
    len: 2,
};

/// All three frames that can be read, which lie across the end of the ring, at the places 3, 4, 0.
const STRADDLING: Case = Case {
    channels: 1,
    capacity: 5,
    block: 2,
    before: 3,
    meanwhile: 2,
    start: 3,
    len: 3,
};

/// A block that is written straddles the end: the frames 4 and 5 come to the places 4 and 0.
const STRADDLING_BLOCK: Case = Case {
    channels: 1,
    capacity: 5,
    block: 2,
    before: 1,
    meanwhile: 2,
    start: 0,
    len: 2,
};

/// The second of two channels, whose samples are written last.
const SECOND_CHANNEL: Case = Case {
    channels: 2,
    capacity: 3,
    block: 1,
    before: 3,
    meanwhile: 2,
    start: 1,
    len: 2,
};

#[test]
fn fresh_frames_are_whole() {
    holds("fresh", model(FRESH));
    holds("fresh, second lap", model(FRESH_LAP));
}

#[test]
fn the_oldest_block_is_never_torn() {
    holds("oldest", model(OLDEST));
}

#[test]
fn straddling_reads_and_blocks_are_never_torn() {
    holds("straddling read", model(STRADDLING));
    holds("straddling block", model(STRADDLING_BLOCK));
}

#[test]
fn channels_are_never_torn() {
    holds("second channel", model(SECOND_CHANNEL));
}

#[test]
fn every_order_of_the_samples_is_needed() {
    needs("fresh", Order::SamplesThenSequence, model(FRESH));
    needs("fresh", Order::SequenceThenCopy, model(FRESH));
    needs(
        "fresh, second lap",
        Order::SamplesThenSequence,
        model(FRESH_LAP),
    );
    needs(
        "fresh, second lap",
        Order::SequenceThenCopy,
        model(FRESH_LAP),
    );
    for (name, case) in [
        ("oldest", OLDEST),
        ("straddling read", STRADDLING),
        ("straddling block", STRADDLING_BLOCK),
        ("second channel", SECOND_CHANNEL),
    ] {
        needs(name, Order::ClaimThenSamples, model(case));
        needs(name, Order::CopyThenCheck, model(case));
    }
}

/// A cursor polls two channels while the writer laps it.
fn cursor_model(tally: &Tally) {
    let format = RingFormat::new(48_000, 2, 3, 1).unwrap();
    let (_words, mut writer, reader) = ring(&format, 7);
    write(&mut writer, 3);
    let writing = thread::spawn(move || write(&mut writer, 2));
    let (mut cursor, mut planar) = (Cursor::at(1), Vec::new());
    match cursor.poll(&reader, 0..2, 1, &mut planar).unwrap() {
        Poll::Frames { start, frames } => {
            tally.accepted((start, frames) == (1, 1) && planar == [sample(1, 0), sample(1, 1)])
        }
        Poll::Lost(span) => {
            assert!(span.start == 1 && span.end == cursor.position());
            tally.refused();
        }
        other => panic!("{other:?}"),
    }
    writing.join().unwrap();
}

#[test]
fn a_cursor_gives_out_what_was_written() {
    holds("cursor", cursor_model);
    needs("cursor", Order::CopyThenCheck, cursor_model);
}

/// Another program makes a ring in the same memory, and writes it up to the same sequence, while
/// the first is read. `epoch` is that of the new ring.
fn epoch_model(epoch: u64) -> impl Fn(&Tally) + Send + Sync + 'static {
    move |tally| {
        let format = RingFormat::new(48_000, 1, 3, 1).unwrap();
        let (words, mut writer, reader) = ring(&format, 7);
        write(&mut writer, 2);
        let writing = thread::spawn(move || {
            let set = |index: u64, value: u64| store_word(&words.words()[index as usize], value);
            set(word(OFFSET_EPOCH), epoch);
            set(word(OFFSET_SEQUENCE), 0);
            for block in 0..2 {
                set(word(OFFSET_CLAIM), block + 1);
                fence(Ordering::Release);
                set(HEADER_WORDS + block, 1000f64.to_bits());
                fence(Ordering::Release);
                set(word(OFFSET_SEQUENCE), block + 1);
            }
        });
        let mut out = [0.0; 2];
        match reader.read(0, 0, &mut out) {
            Ok(()) => tally.accepted(out == [sample(0, 0), sample(1, 0)]),
            Err(ReadError::Replaced | ReadError::NotYet { .. }) => tally.refused(),
            Err(other) => panic!("{other}"),
        }
        writing.join().unwrap();
    }
}

#[test]
fn another_ring_in_the_same_memory_is_never_mixed_in() {
    holds("new epoch", epoch_model(8));
    needs("new epoch", Order::CopyThenCheck, epoch_model(8));
    is_wrong("the same epoch", epoch_model(7));
}

/// The oldest block is read while a silence of `blocks` blocks takes its place.
fn silence_model(blocks: u64) -> impl Fn(&Tally) + Send + Sync + 'static {
    move |tally| {
        let (_words, mut writer, reader) = ring(&OLDEST.format(), 7);
        write(&mut writer, OLDEST.before);
        let writing = thread::spawn(move || {
            writer.begin_silence(blocks).unwrap();
            while !writer.fill_silence(2) {}
        });
        read(&OLDEST, &reader, tally);
        writing.join().unwrap();
    }
}

#[test]
fn a_silence_is_never_mixed_into_what_was_there() {
    for blocks in [2, 5] {
        holds("silence", silence_model(blocks));
        needs("silence", Order::ClaimThenSamples, silence_model(blocks));
        needs("silence", Order::CopyThenCheck, silence_model(blocks));
    }
}

/// A silence longer than the ring is read while it is written: no sample of before it.
fn long_silence_model(tally: &Tally) {
    let (_words, mut writer, reader) = ring(&OLDEST.format(), 7);
    write(&mut writer, OLDEST.before);
    let writing = thread::spawn(move || {
        writer.begin_silence(3).unwrap();
        while !writer.fill_silence(2) {}
    });
    let mut out = [0.5; 2];
    match reader.read(0, 8, &mut out) {
        Ok(()) => tally.accepted(out == [0.0; 2]),
        Err(ReadError::Lapped { .. } | ReadError::NotYet { .. }) => tally.refused(),
        Err(other) => panic!("{other}"),
    }
    writing.join().unwrap();
}

#[test]
fn a_silence_longer_than_the_ring_is_whole_when_it_is_seen() {
    holds("long silence", long_silence_model);
    for order in [Order::SamplesThenSequence, Order::SequenceThenCopy] {
        needs("long silence", order, long_silence_model);
    }
}
