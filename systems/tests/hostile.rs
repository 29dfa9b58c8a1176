//! Rings that lie: every display of a ring whose header and gaps are nonsense, from the start or while it
//! is viewed, goes on without a panic and within bounded memory. The same tries in every run;
//! `SOUNDFALL_FUZZ_ROUNDS` makes it longer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bevy_ecs::prelude::Entity;
use soundfall_analysis::RingHistory;
use soundfall_dsp::instruments::{Instrument, InstrumentSet};
use soundfall_ring::copy::store_word;
use soundfall_ring::layout::{
    GAP_ENTRIES, HEADER_WORDS, OFFSET_CLAIM, OFFSET_EPOCH, OFFSET_GAP_TOTAL, OFFSET_HEARTBEAT,
    OFFSET_SEQUENCE, OFFSET_STATE, gap_word, word,
};
use soundfall_ring::{
    Extension, HeapStorage, MAX_FRAME, ReadStorage, RingFormat, RingReader, StorageError,
    WriteStorage, header_words,
};
use soundfall_systems::analysis::{AnalysisProgress, AnalysisSettings, RowPlan};
use soundfall_systems::bare::BareDisplay;
use soundfall_systems::instruments::{InstrumentChoice, InstrumentReadings};
use soundfall_systems::stream::{Stream, StreamStatus};
use soundfall_systems::view::{Follow, TimeWindow, ViewSettings};
use soundfall_systems::waterfall::{FieldState, HeightField, HeightFieldSize, HeightUpload};
use soundfall_systems::waveform::LaneWidth;

#[path = "../../fuzz/src/mutate.rs"]
#[allow(dead_code, reason = "only the numbers")]
mod mutate;

use mutate::Random;

fn of<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.below(choices.len())]
}

/// A number below `end`.
fn below(random: &mut Random, end: u64) -> u64 {
    random.number() % end.max(1)
}

/// A number that arithmetic stumbles over.
fn edge(random: &mut Random, format: &RingFormat) -> u64 {
    let block = u64::from(format.block_frames);
    let near = of(
        random,
        &[
            0,
            1,
            format.capacity_frames,
            format.capacity_frames / block,
            u64::from(format.sample_rate),
            1 << 31,
            u64::from(u32::MAX),
            1 << 53,
            MAX_FRAME / block,
            MAX_FRAME,
            i64::MAX as u64,
            u64::MAX,
        ],
    );
    match random.below(4) {
        0 => near.wrapping_add(below(random, 5)).wrapping_sub(2),
        1 => random.number() >> random.below(64),
        _ => near,
    }
}

fn format(random: &mut Random) -> RingFormat {
    loop {
        let rate = of(
            &mut *random,
            &[
                1, 7, 8000, 44_100, 48_000, 192_000, 1_000_000, 5_000_000, 50_000_000,
            ],
        );
        let channels = of(&mut *random, &[1, 1, 2, 2, 3, 64, 65, 4096]);
        let most = (1 << 19) / u64::from(channels);
        let capacity = 2 + below(random, most);
        let block = match random.below(3) {
            0 => 1,
            1 => capacity - 1,
            _ => 1 + below(random, capacity),
        };
        if let Ok(format) = RingFormat::new(rate, channels, capacity, block as u32) {
            return format;
        }
    }
}

/// Changes one of the words that a writer changes, or one of the gap table.
fn disturb(storage: &HeapStorage, format: &RingFormat, random: &mut Random) {
    let place = match random.below(12) {
        0..=3 => word(OFFSET_SEQUENCE),
        4 => word(OFFSET_CLAIM),
        5 => word(OFFSET_EPOCH),
        6 => word(OFFSET_HEARTBEAT),
        7 => word(OFFSET_STATE),
        8 => word(OFFSET_GAP_TOTAL),
        9 => below(random, word(512)),
        _ => {
            let gap = below(random, GAP_ENTRIES);
            for index in 0..3 {
                let value = edge(random, format);
                store_word(&storage.words()[(gap_word(gap) + index) as usize], value);
            }
            let total = &storage.words()[word(OFFSET_GAP_TOTAL) as usize];
            store_word(total, gap + 1);
            return;
        }
    };
    store_word(&storage.words()[place as usize], edge(random, format));
}

/// A display with everything on: a live view of all channels with all instruments, and one that stands
/// still somewhere.
fn display(stream: Stream, random: &mut Random) -> BareDisplay {
    let format = stream.history.format();
    let size = HeightFieldSize {
        axis_bins: 32,
        rows: 48,
    };
    let mut display = BareDisplay::new(size, LaneWidth(64));
    let most = of(&mut *random, &[1, 6, 6, 64]);
    let settings = ViewSettings {
        channels: (0..format.channels.min(most)).collect(),
        span_secs: of(&mut *random, &[0.05, 1.0, 10.0, 3600.0]),
        ..ViewSettings::default()
    };
    let analysis = AnalysisSettings {
        window_size: of(&mut *random, &[64, 256, 2048]),
        hop_frames: of(&mut *random, &[1, 64, 512]),
        ..AnalysisSettings::default()
    };
    let live = display.show(stream, analysis, settings.clone());
    let shown = Instrument::ALL
        .into_iter()
        .fold(InstrumentSet::NONE, InstrumentSet::with);
    let choice = InstrumentChoice {
        shown,
        ..InstrumentChoice::default()
    };
    display.world.entity_mut(live).insert(choice);
    let frame = of(&mut *random, &[0.0, 1e3, 1e9, MAX_FRAME as f64]);
    let frozen = (
        soundfall_systems::view::View,
        soundfall_systems::view::ViewOf(display.analysis_of(live)),
        settings,
        TimeWindow {
            follow: Follow::Frozen { frame },
        },
    );
    display.world.spawn(frozen);
    display
}

/// What must hold of every display frame.
fn judge(display: &mut BareDisplay, what: &str) {
    let world = &mut display.world;
    let mut books = world.query::<&AnalysisProgress>();
    for book in books.iter(world) {
        assert_eq!(book.panics, 0, "{what}: {:?}", book.last_panic);
        assert!(
            book.columns_analysed + book.columns_dropped <= book.columns_due,
            "{what}"
        );
    }
    let mut states = world.query::<(&FieldState, Option<&InstrumentReadings>)>();
    for (state, readings) in states.iter(world) {
        let texels = state.texels;
        let grid = texels.grid_rows.max(1);
        // A vertex looks at no more texels than there are.
        assert!(
            texels.stride <= texels.rows / (grid - 2).max(1) + 1,
            "{what}: a stride of {} rows",
            texels.stride
        );
        let refusal = readings.and_then(|readings| readings.refusal.as_deref());
        assert!(
            refusal.is_none_or(|words| !words.contains("panic")),
            "{what}: {refusal:?}"
        );
    }
    let mut fields = world.query::<&HeightField>();
    let layers: u32 = fields
        .iter(world)
        .flat_map(HeightField::allocations)
        .map(|one| one.layers)
        .sum();
    assert!(layers <= 1024, "{what}: {layers} layers");
    let mut plans = world.query::<&RowPlan>();
    assert!(plans.iter(world).all(|plan| plan.layers() <= 256), "{what}");
}

fn run(display: &mut BareDisplay, frames: u32, what: &str, mut between: impl FnMut(u32)) {
    for frame in 0..frames {
        display.pass(Duration::from_millis(16));
        display.step();
        judge(display, what);
        // Uploads are taken out, as a renderer does.
        let bytes: usize = display.heights.try_iter().map(|u| u.bytes.len()).sum();
        let lanes: usize = display.lanes.try_iter().map(|u| u.bytes.len()).sum();
        assert!(bytes + lanes < 64 << 20, "{what}: {bytes} + {lanes} bytes");
        std::thread::yield_now();
        between(frame);
    }
}

#[test]
fn rings_that_lie_are_displayed_without_a_panic() {
    let rounds =
        std::env::var("SOUNDFALL_FUZZ_ROUNDS").map_or(150, |text| text.parse().expect("a number"));
    let mut opened = 0;
    for round in 0..rounds {
        let mut random = Random(round);
        let format = format(&mut random);
        let storage = HeapStorage::new(format.total_words()).unwrap();
        let extension = Extension {
            epoch: 1 + below(&mut random, 3),
            ..Extension::default()
        };
        for (index, value) in header_words(&format, &extension) {
            store_word(&storage.words()[index as usize], value);
        }
        // Samples that are no numbers, now and then.
        for word in storage.words()[HEADER_WORDS as usize..].iter().step_by(97) {
            store_word(word, random.number());
        }
        for _ in 0..random.below(6) {
            disturb(&storage, &format, &mut random);
        }
        let Ok(ring) = RingReader::new(storage.clone()) else {
            continue;
        };
        opened += 1;
        let what = format!("round {round}, {format:?}");
        let stream = Stream::new(RingHistory::shared(Arc::new(ring)), "a liar");
        let mut display = display(stream, &mut random);
        run(&mut display, 40, &what, |_| {
            if random.below(3) == 0 {
                disturb(&storage, &format, &mut random);
            }
        });
    }
    println!("{opened} of {rounds} rings opened");
    assert!(opened > rounds / 3);
}

/// Four lost spans that together are longer than any number of frames, as an issue had it.
#[test]
fn gaps_longer_than_all_time_are_counted_and_shown() {
    let format = RingFormat::new(48_000, 2, 96_000, 480).unwrap();
    let (mut writer, ring) = soundfall_ring::heap_ring(&format, "gaps").unwrap();
    for _ in 0..100 {
        writer.write_silence_block().unwrap();
    }
    for start in 0..4 {
        let reason = soundfall_ring::GapReason::DeviceLost;
        writer.record_gap(start, MAX_FRAME - 4, reason);
    }
    let stream = Stream::new(RingHistory::shared(ring), "gaps");
    let mut display = display(stream, &mut Random(1));
    run(&mut display, 30, "gaps", |_| {});
    let mut status = display.world.query::<&StreamStatus>();
    let status = status.single(&display.world).unwrap();
    assert_eq!(status.gaps.len(), 4);
    // No more is lost than is written.
    assert_eq!(status.lost_frames, status.written_frames);
}

/// A ring of which only the header is there; everything else reads as zeros.
#[derive(Clone)]
struct Sparse {
    header: Arc<[AtomicU64]>,
    words: u64,
}

impl Sparse {
    fn new(format: &RingFormat, sequence: u64) -> Self {
        let header = (0..HEADER_WORDS).map(|_| AtomicU64::new(0)).collect();
        let ring = Self {
            header,
            words: format.total_words(),
        };
        for (index, value) in header_words(format, &Extension::default()) {
            ring.header[index as usize].store(value, Ordering::Relaxed);
        }
        ring.leap_to(sequence);
        ring
    }

    fn leap_to(&self, sequence: u64) {
        self.header[word(OFFSET_SEQUENCE) as usize].store(sequence, Ordering::Relaxed);
    }
}

impl ReadStorage for Sparse {
    fn word_count(&self) -> u64 {
        self.words
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        for (at, word) in (first..).zip(out) {
            let known = self.header.get(at as usize);
            *word = known.map_or(0, |word| word.load(Ordering::Relaxed));
        }
        Ok(())
    }
}

/// Eight bytes for each of 2^40 frames are promised, and 4 kB are there: what is allocated follows what
/// is written.
#[test]
fn a_sparse_ring_of_a_trillion_frames_takes_little_memory() {
    let before = resident_mb();
    let format = RingFormat::new(48_000, 1, 1 << 40, 480).unwrap();
    for sequence in [0, 1000, (1 << 40) / 480] {
        let ring = RingReader::new(Sparse::new(&format, sequence)).unwrap();
        let history = RingHistory::shared(Arc::new(ring));
        assert_eq!(history.format().capacity_frames, 1 << 40);
        let mut display = display(Stream::new(history, "sparse"), &mut Random(2));
        run(&mut display, 200, "sparse", |_| {});
    }
    if let (Some(before), Some(after)) = (before, resident_mb()) {
        println!("{before} MB before, {after} MB after");
        assert!(after < before + 500, "{before} MB became {after} MB");
    }
}

/// A ring of 64 channels in blocks of 480 frames that leaps, and the display of all of them.
struct Leaping {
    storage: Sparse,
    display: BareDisplay,
    view: Entity,
}

impl Leaping {
    fn new(capacity_frames: u64, blocks_written: u64) -> Self {
        let format = RingFormat::new(48_000, 64, capacity_frames, 480).unwrap();
        let storage = Sparse::new(&format, blocks_written);
        let ring = RingReader::new(storage.clone()).unwrap();
        let stream = Stream::new(RingHistory::shared(Arc::new(ring)), "leaps");
        let mut display = BareDisplay::new(HeightFieldSize::default(), LaneWidth(64));
        let settings = ViewSettings {
            channels: (0..64).collect(),
            ..ViewSettings::default()
        };
        let view = display.show(stream, AnalysisSettings::default(), settings);
        Self {
            storage,
            display,
            view,
        }
    }

    fn shown(&self, mip: u32) -> Option<Range<u64>> {
        self.display.get::<HeightField>(self.view)?.shown_rows(mip)
    }

    /// Goes on until all there is to read is on screen: the newest column, and no job under way. Gives the
    /// bytes of holes of the frame that handed over most of them: a hole comes layer by layer, sound for
    /// all 64 channels at a time.
    fn settle(&mut self, newest: u64) -> usize {
        let mut most = 0;
        for _ in 0..60_000 {
            self.display.pass(Duration::from_millis(16));
            self.display.step();
            judge(&mut self.display, "leaps");
            let is_hole = |upload: &HeightUpload| upload.parts.iter().all(|part| part.layers == 1);
            let uploads = self.display.heights.try_iter().filter(is_hole);
            most = most.max(uploads.map(|upload| upload.bytes.len()).sum());
            let idle = self
                .display
                .get::<AnalysisProgress>(self.view)
                .unwrap()
                .idle();
            if idle && self.shown(0).is_some_and(|rows| rows.end >= newest) {
                return most;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("column {newest} never comes, shown are {:?}", self.shown(0));
    }
}

/// Columns of 2048 frames every 512 that are complete after so many blocks of 480.
fn columns_after(blocks: u64) -> u64 {
    (blocks * 480 - 2048) / 512
}

/// A viewer that was stopped for minutes, or a ring that leaps: what is lost is a few bytes for the
/// renderer, not a texture full of holes for each of 64 channels (64 MB). A dozen jobs may arrive in one
/// frame. Beyond all that is kept, the picture begins anew.
#[test]
fn a_leap_of_64_channels_hands_over_few_bytes() {
    let capacity = 2_100_000;
    let mut leaping = Leaping::new(capacity, 5000);
    leaping.settle(columns_after(5000));
    leaping.storage.leap_to(5_000_000);
    let bytes = leaping.settle(columns_after(5_000_000));
    assert_eq!(bytes, 0, "the picture begins anew, without holes");
    let oldest = (5_000_000 * 480 - capacity) / 512;
    for mip in 0..4 {
        let rows = leaping.shown(mip);
        assert!(
            rows.as_ref().is_none_or(|rows| rows.start >= oldest >> mip),
            "mip {mip}: {rows:?}"
        );
    }
}

/// 600 columns are lost: they are holes, and what was before stays. The ring is so short that what comes
/// after the holes does not take the places of it.
#[test]
fn a_leap_within_the_picture_leaves_what_was_before() {
    let capacity = 60_000;
    let mut leaping = Leaping::new(capacity, 5000);
    leaping.settle(columns_after(5000));
    let before = leaping.shown(0).unwrap();
    let blocks = (before.end * 512 + 600 * 512 + capacity) / 480;
    leaping.storage.leap_to(blocks);
    let bytes = leaping.settle(columns_after(blocks));
    // So short a history has one mip: a row a column.
    let rows = bytes / 1024;
    assert!((600..=602).contains(&rows), "{bytes} bytes of holes");
    let after = leaping.shown(0).unwrap();
    assert!(after.start < before.end, "{before:?} {after:?}");
}

fn resident_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kb: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb / 1024)
}
