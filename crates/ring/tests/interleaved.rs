//! Every read against an oracle while a writer goes on in the middle of it: the storage lets a naive
//! writer of our own do a few of its stores between two loads of the reader. Any block size,
//! capacity, distance and straddling; whole laps may pass within one read. One thread, so that each
//! case can be repeated; the orders of memory are for `loom` and the hardware (`threads`).
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use soundfall_ring::copy::{load_word, store_word};
use soundfall_ring::layout::{
    HEADER_WORDS, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS, OFFSET_CLAIM,
    OFFSET_EPOCH, OFFSET_EXT_MAGIC, OFFSET_EXT_VERSION, OFFSET_GAP_TOTAL, OFFSET_MAGIC,
    OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_VERSION, VERSION, gap_word, word,
};
use soundfall_ring::{
    Gap, GapReason, HeapStorage, ReadError, ReadStorage, RingFormat, RingRead, RingReader,
    StorageError, WriteStorage,
};

/// Not 0 for any frame, and exact.
fn sample(frame: u64, channel: u32) -> f64 {
    (1 + frame * 16 + u64::from(channel)) as f64
}

fn gap(number: u64) -> [u64; 4] {
    [1_000 + number, 1 + number, 50 + number, 0]
}

/// A writer written from the format's page alone, store by store.
#[derive(Debug)]
struct Naive {
    format: RingFormat,
    claims: bool,
    sequence: u64,
    gaps: u64,
    /// Stores done so far.
    stores: usize,
    /// Stores to come: word and value.
    pending: VecDeque<(u64, u64)>,
}

impl Naive {
    fn plan_block(&mut self) {
        let (block, capacity) = (
            u64::from(self.format.block_frames),
            self.format.capacity_frames,
        );
        if self.claims {
            self.pending
                .push_back((word(OFFSET_CLAIM), self.sequence + 1));
        }
        for frame in self.sequence * block..(self.sequence + 1) * block {
            for channel in 0..self.format.channels {
                let place = HEADER_WORDS + u64::from(channel) * capacity + frame % capacity;
                self.pending
                    .push_back((place, sample(frame, channel).to_bits()));
            }
        }
        self.sequence += 1;
        self.pending
            .push_back((word(OFFSET_SEQUENCE), self.sequence));
    }

    fn plan_gap(&mut self) {
        let places = gap_word(self.gaps)..;
        self.pending.extend(places.zip(gap(self.gaps)));
        self.gaps += 1;
        self.pending.push_back((word(OFFSET_GAP_TOTAL), self.gaps));
    }

    /// Does `stores` stores; what is planned when nothing is left is a block, or every so often a
    /// gap.
    fn go_on(&mut self, words: &HeapStorage, stores: usize, gap_every: u64) {
        for _ in 0..stores {
            if self.pending.is_empty() {
                if gap_every > 0 && (self.gaps + self.sequence).is_multiple_of(gap_every) {
                    self.plan_gap();
                } else {
                    self.plan_block();
                }
            }
            let (place, value) = self.pending.pop_front().unwrap();
            store_word(&words.words()[place as usize], value);
            self.stores += 1;
        }
    }
}

/// Words on which the writer goes on whenever one of them is loaded.
#[derive(Clone, Debug)]
struct Busy {
    words: HeapStorage,
    writer: Arc<Mutex<(Naive, VecDeque<usize>, u64)>>,
}

impl ReadStorage for Busy {
    fn word_count(&self) -> u64 {
        self.words.word_count()
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        for (place, value) in (first..).zip(out) {
            let mut busy = self.writer.lock().unwrap();
            let (writer, strides, gap_every) = &mut *busy;
            // The header is looked at in one go, or nothing else would ever happen.
            if place >= HEADER_WORDS || place == first {
                let stores = strides.pop_front().unwrap_or(0);
                strides.push_back(stores);
                writer.go_on(&self.words, stores, *gap_every);
            }
            *value = load_word(&self.words.words()[place as usize]);
        }
        Ok(())
    }
}

fn busy(format: RingFormat, claims: bool, blocks: u64) -> Busy {
    let words = HeapStorage::new(format.total_words()).unwrap();
    let ours = if claims {
        [
            (OFFSET_EXT_MAGIC, soundfall_ring::layout::EXT_MAGIC),
            (OFFSET_EXT_VERSION, soundfall_ring::layout::EXT_VERSION),
            (OFFSET_EPOCH, 3),
        ]
    } else {
        [(OFFSET_EPOCH, 0); 3]
    };
    for (offset, value) in [
        (OFFSET_MAGIC, MAGIC),
        (OFFSET_VERSION, VERSION),
        (OFFSET_SAMPLE_RATE, u64::from(format.sample_rate)),
        (OFFSET_CHANNELS, u64::from(format.channels)),
        (OFFSET_CAPACITY, format.capacity_frames),
        (OFFSET_BLOCK, u64::from(format.block_frames)),
    ]
    .into_iter()
    .chain(ours)
    {
        store_word(&words.words()[word(offset) as usize], value);
    }
    let mut writer = Naive {
        format,
        claims,
        sequence: 0,
        gaps: 0,
        stores: 0,
        pending: VecDeque::new(),
    };
    for _ in 0..blocks {
        writer.plan_block();
        let stores = writer.pending.len();
        writer.go_on(&words, stores, 0);
    }
    let writer = Arc::new(Mutex::new((writer, VecDeque::new(), 0)));
    Busy { words, writer }
}

/// How many stores happen at each load: mostly none or few, sometimes blocks or laps.
fn strides() -> impl Strategy<Value = Vec<usize>> {
    let stride = prop_oneof![8 => Just(0), 6 => 1..4usize, 2 => 1..40usize, 1 => 1..600usize];
    prop::collection::vec(stride, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_torn_is_accepted_and_nothing_whole_refused(
        claims in any::<bool>(),
        channels in 1..4u32,
        block in 1..20u32,
        more in 1..50u64,
        blocks in 0..60u64,
        reads in prop::collection::vec((0..4u64, 0..60usize, strides()), 1..12),
    ) {
        let format = RingFormat::new(48_000, channels, u64::from(block) + more, block).unwrap();
        let storage = busy(format, claims, blocks);
        let ring = RingReader::new(storage.clone()).unwrap();
        let sequence = || {
            let words = storage.words.words();
            (load_word(&words[word(OFFSET_SEQUENCE) as usize]), load_word(&words[word(OFFSET_CLAIM) as usize]))
        };
        for (number, (nearness, len, strides)) in reads.into_iter().enumerate() {
            let len = len.min(format.readable_frames() as usize);
            let channel = number as u32 % channels;
            let (before, _) = sequence();
            let start = (ring.oldest_frame() + nearness).saturating_sub(1);
            storage.writer.lock().unwrap().1 = strides.into();
            let mut out = vec![0.0; len];
            let got = ring.read_f64(channel, start, &mut out);
            storage.writer.lock().unwrap().1.clear();
            let (after, claim) = sequence();
            let whole = |next: u64| next * u64::from(block) <= start + format.capacity_frames;
            let written = |sequence: u64| start + len as u64 <= sequence * u64::from(block);
            match got {
                Ok(()) => {
                    prop_assert!(written(after));
                    for (frame, got) in (start..).zip(out) {
                        prop_assert_eq!(got, sample(frame, channel), "torn at frame {}", frame);
                    }
                }
                Err(ReadError::Lapped { lost_frames, resume_at }) => {
                    prop_assert!(!whole(claim.max(after + 1)), "refused without need");
                    prop_assert_eq!(start + lost_frames, resume_at);
                    prop_assert!(resume_at <= after * u64::from(block));
                }
                Err(ReadError::NotYet { .. }) => prop_assert!(!written(before), "refused without need"),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn no_torn_gap_is_accepted(before in 0..300u64, gap_every in 1..4u64, looks in prop::collection::vec(strides(), 1..8)) {
        let format = RingFormat::new(48_000, 1, 7, 3).unwrap();
        let storage = busy(format, true, 2);
        let ring = RingReader::new(storage.clone()).unwrap();
        {
            let mut busy = storage.writer.lock().unwrap();
            for _ in 0..before {
                busy.0.plan_gap();
            }
            let stores = busy.0.pending.len();
            busy.0.go_on(&storage.words, stores, 0);
            busy.2 = gap_every;
        }
        for strides in looks {
            let first = ring.gap_total();
            storage.writer.lock().unwrap().1 = strides.into();
            let gaps = ring.gaps();
            storage.writer.lock().unwrap().1.clear();
            let last = ring.gap_total();
            for got in &gaps {
                let number = got.start_frame - 1_000;
                let [start_frame, length_frames, reason, _] = gap(number);
                prop_assert_eq!(*got, Gap { start_frame, length_frames, reason: GapReason::from_word(reason) });
                prop_assert!(number < last);
            }
            prop_assert!(gaps.windows(2).all(|pair| pair[0].start_frame + 1 == pair[1].start_frame));
            if first == last {
                prop_assert_eq!(gaps.len() as u64, first.min(111), "refused without need");
            }
        }
    }
}

/// "At most three tries" for the newest frames: lapped during the first tries, good in the next,
/// or lapped in all of them.
#[test]
fn the_newest_frames_are_tried_three_times() {
    const FRAMES: usize = 10;
    // Stores that take the writer round the ring and over what is being read.
    const LAP: usize = 84;
    let format = RingFormat::new(48_000, 2, 40, 5).unwrap();
    for claims in [false, true] {
        for laps in 0..=4 {
            let storage = busy(format, claims, 20);
            let ring = RingReader::new(storage.clone()).unwrap();
            // A try loads the header for its newest frame, the sequence, the samples, and the header again: the
            // writer goes on at the first sample.
            let mut tries = VecDeque::new();
            for number in 0..5 {
                let lap = if number < laps { LAP } else { 0 };
                tries.extend([0, 0, lap]);
                tries.resize(tries.len() + FRAMES - 1 + 1, 0);
            }
            let before = {
                let mut busy = storage.writer.lock().unwrap();
                busy.1 = tries;
                busy.0.stores
            };
            let mut out = [0.0; FRAMES];
            let got = ring.read_latest(1, &mut out);
            let after = {
                let mut busy = storage.writer.lock().unwrap();
                busy.1.clear();
                busy.0.stores
            };
            // So many tries met the writer: never a fourth.
            assert_eq!(
                after - before,
                laps.min(3) * LAP,
                "{laps} laps, claims {claims}"
            );
            match got {
                Ok(start) => {
                    assert!(laps < 3, "{laps} laps, claims {claims}");
                    assert_eq!(start + FRAMES as u64, ring.written_frames());
                    for (frame, got) in (start..).zip(out) {
                        assert_eq!(f64::from(got), sample(frame, 1));
                    }
                }
                Err(ReadError::Lapped { resume_at, .. }) => {
                    assert!(laps >= 3, "{laps} laps, claims {claims}");
                    assert!((ring.oldest_frame()..=ring.written_frames()).contains(&resume_at));
                }
                Err(other) => panic!("{laps} laps, claims {claims}: {other}"),
            }
        }
    }
}
