//! Writers of other programs, which have no claim: what the guard of one block makes up for, and
//! what it does not.

use std::sync::atomic::Ordering;

use loom::sync::atomic::fence;
use loom::thread;
use soundfall_ring::copy::store_word;
use soundfall_ring::layout::{
    HEADER_WORDS, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS, OFFSET_MAGIC,
    OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_VERSION, VERSION, word,
};
use soundfall_ring::{RingReader, WriteStorage};

use crate::harness::{Tally, Words, holds, is_wrong};
use crate::samples::{Case, read, sample};

/// What a foreign writer does between its sequence and the samples of its next block.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Between {
    /// A release fence.
    Fence,
    /// Nothing, but each sample is stored with release.
    ReleaseSamples,
    /// Nothing; the sequence is stored with release.
    Nothing,
}

fn base_ring(case: &Case) -> Words {
    let words = Words::of(&case.format());
    for (offset, value) in [
        (OFFSET_MAGIC, MAGIC),
        (OFFSET_VERSION, VERSION),
        (OFFSET_SAMPLE_RATE, 48_000),
        (OFFSET_CHANNELS, u64::from(case.channels)),
        (OFFSET_CAPACITY, case.capacity),
        (OFFSET_BLOCK, u64::from(case.block)),
    ] {
        store_word(&words.words()[word(offset) as usize], value);
    }
    words
}

fn write_foreign(words: &Words, case: &Case, blocks: std::ops::Range<u64>, between: Between) {
    let words = words.words();
    let order = if between == Between::ReleaseSamples {
        Ordering::Release
    } else {
        Ordering::Relaxed
    };
    let block = u64::from(case.block);
    for number in blocks {
        if between == Between::Fence {
            fence(Ordering::Release);
        }
        for frame in number * block..(number + 1) * block {
            for channel in 0..case.channels {
                let place =
                    HEADER_WORDS + u64::from(channel) * case.capacity + frame % case.capacity;
                let bits = f64::from(sample(frame, channel)).to_bits();
                words[place as usize].store(bits.to_le(), order);
            }
        }
        words[word(OFFSET_SEQUENCE) as usize].store((number + 1).to_le(), Ordering::Release);
    }
}

fn model(case: Case, between: Between) -> impl Fn(&Tally) + Send + Sync + 'static {
    move |tally| {
        let words = base_ring(&case);
        write_foreign(&words, &case, 0..case.before, between);
        let reader = RingReader::new(words.clone()).unwrap();
        let writing = thread::spawn(move || {
            let blocks = case.before..case.before + case.meanwhile;
            write_foreign(&words, &case, blocks, between);
        });
        read(&case, &reader, tally);
        writing.join().unwrap();
    }
}

/// The oldest frames that the guard leaves, while two blocks are written.
const OLDEST: Case = Case {
    channels: 1,
    capacity: 4,
    block: 2,
    before: 2,
    meanwhile: 2,
    start: 2,
    len: 2,
};

/// One block further from the oldest end.
const TWO_BLOCKS_AWAY: Case = Case {
    channels: 1,
    capacity: 4,
    block: 1,
    before: 4,
    meanwhile: 3,
    start: 2,
    len: 2,
};

#[test]
fn the_guard_makes_up_for_the_claim_where_the_writer_has_a_fence() {
    holds("foreign, release fence", model(OLDEST, Between::Fence));
    holds(
        "foreign, release samples",
        model(OLDEST, Between::ReleaseSamples),
    );
}

/// On x86 all stores stay in order, which loom does not assume.
#[test]
fn without_a_fence_nothing_is_sure() {
    is_wrong("foreign, no fence", model(OLDEST, Between::Nothing));
    is_wrong(
        "foreign, no fence, two blocks away",
        model(TWO_BLOCKS_AWAY, Between::Nothing),
    );
}
