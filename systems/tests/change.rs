//! Changes while sound streams: the old picture stays until the new one is there, coarse first, and
//! reduced quality is made good.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use crossbeam::channel::Sender;
use soundfall_analysis::{Request, Response, SharedHistory, Worker};
use soundfall_dsp::rows::LEVEL_BYTES;
use soundfall_ring::{RingFormat, heap_ring};
use soundfall_systems::{
    analysis::{AnalysisProgress, AnalysisSettings, JobQueue, Quality, Reanalysis},
    backend::{AnalysisBackend, Pending, SharedBackend},
    stream::Stream,
    view::ViewSettings,
    waterfall::{FieldState, HeightField},
};
use support::{BLOCK, RATE, Rig, loudest, write_tones};

/// Works at once, when it is asked, as long as its allowance lasts; after that answers come late.
#[derive(Clone, Default)]
struct Slow(Arc<Ledger>);

#[derive(Default)]
struct Ledger {
    worker: Worker,
    /// Columns it may analyse now; `u64::MAX` for all.
    allowance: AtomicU64,
    /// Kinds of windows and mips it was asked for.
    asked: std::sync::Mutex<Vec<(usize, u64, std::ops::Range<u32>)>>,
    waiting: std::sync::Mutex<Vec<Waiting>>,
}

struct Waiting {
    history: SharedHistory,
    request: Request,
    /// Columns of all channels.
    columns: u64,
    to: Sender<Response>,
}

impl Slow {
    /// Does what waits, as far as the allowance goes.
    fn work(&self, columns: u64) {
        let allowance = &self.0.allowance;
        allowance.store(
            allowance.load(Ordering::Relaxed).min(1 << 40) + columns,
            Ordering::Relaxed,
        );
        let mut waiting = self.0.waiting.lock().unwrap();
        while let Some(next) = waiting.first() {
            if allowance.load(Ordering::Relaxed) < next.columns {
                break;
            }
            allowance.fetch_sub(next.columns, Ordering::Relaxed);
            let next = waiting.remove(0);
            let response = self.0.worker.answer(&*next.history, &next.request);
            let _ = next.to.send(response);
        }
        if waiting.is_empty() {
            allowance.store(0, Ordering::Relaxed);
        }
    }
}

impl AnalysisBackend for Slow {
    /// Little: a job must not bring more.
    fn max_bytes(&self) -> u64 {
        1 << 17
    }

    fn submit(&self, history: &SharedHistory, request: Request) -> Pending<Response> {
        let (to, answer) = crossbeam::channel::bounded(1);
        let mut waiting = Waiting {
            history: history.clone(),
            request,
            columns: 0,
            to,
        };
        if let Request::Rows(rows) = &waiting.request {
            let channels = rows.channels.len();
            let row_bytes = (rows.axis.bins() * channels * LEVEL_BYTES) as u64;
            let columns = rows.span.columns.end - rows.span.columns.start;
            assert!(
                rows.span.total_rows() * row_bytes <= self.max_bytes()
                    || columns <= rows.span.every,
                "{:?}",
                rows.span
            );
            let kind = (
                rows.stft.window_size,
                rows.span.every,
                rows.span.mips.clone(),
            );
            self.0.asked.lock().unwrap().push(kind);
            waiting.columns = rows.span.analysed() * channels as u64;
            self.0.waiting.lock().unwrap().push(waiting);
        } else {
            // Only rows are slow.
            let response = self.0.worker.answer(&*waiting.history, &waiting.request);
            let _ = waiting.to.send(response);
        }
        Pending::Reply(answer)
    }
}

#[test]
fn a_change_keeps_the_old_picture_until_the_new_one_is_whole() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 150);
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    engine.settle();
    let old = engine.plan().generation;
    engine.the_mut::<AnalysisSettings>().window_size = 8192;
    let mut blank = 0;
    loop {
        engine.step();
        let field = engine.the::<HeightField>();
        if !engine.the::<FieldState>().visible {
            blank += 1;
        }
        if field.shown_plan().unwrap().generation != old {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(blank, 0, "a blank frame");
    engine.settle();
    engine.books_balance();
    let shown = engine.shown();
    assert!(
        shown.end - shown.start > 80,
        "history came along: {shown:?}"
    );
    let peak = loudest(engine.row(1, shown.end - 1));
    assert!(peak.abs_diff(engine.plan().axis.bin(3000.0).unwrap()) <= 1);
}

/// 2048 → 8192 → 512 while eight channels stream: no blank frame, nothing lost, first a coarse
/// picture and then every column.
#[test]
fn windows_change_while_eight_channels_stream() {
    let format = RingFormat::new(RATE, 8, 480_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    let mut write = |blocks: usize| {
        for _ in 0..blocks {
            let from = writer.written_frames();
            let block: Vec<f32> = (from..from + u64::from(BLOCK))
                .flat_map(|frame| {
                    (0..8).map(move |c| {
                        let hz = 300.0 * f64::from(c + 1);
                        let turns = hz * frame as f64 / f64::from(RATE);
                        (turns.fract() * std::f64::consts::TAU).sin() as f32 * 0.5
                    })
                })
                .collect();
            writer.write_block(&block).unwrap();
        }
        writer.written_frames()
    };
    write(1200);
    let mut engine = Rig::new(ring, (0..8).collect(), 300);
    let backend = Slow::default();
    engine
        .world
        .insert_resource(SharedBackend(Arc::new(backend.clone())));
    engine.the_mut::<ViewSettings>().span_secs = 9.0;
    engine.settle_with(|| backend.work(1 << 30));
    for size in [8192, 512, 2048] {
        engine.the_mut::<AnalysisSettings>().window_size = size;
        backend.0.asked.lock().unwrap().clear();
        let mut frames = 0;
        while engine.the::<Reanalysis>().running() || frames < 5 {
            write(2);
            engine.pass(Duration::from_millis(17));
            engine.step();
            backend.work(1000);
            assert!(engine.the::<FieldState>().visible, "a blank frame");
            let behind = engine.the::<FieldState>().texels.behind;
            assert!(behind >= 0.0, "the head left what is known: {behind}");
            frames += 1;
            assert!(frames < 5000, "never finished");
        }
        let end = write(1);
        engine.settle_with(|| backend.work(1 << 30));
        engine.books_balance();
        let plan = engine.the::<HeightField>().shown_plan().unwrap().clone();
        assert_eq!(plan.stft().window_size, size);
        let level = engine.mip();
        assert_eq!(level, if size == 512 { 3 } else { 2 });
        assert_eq!(engine.shown().end, plan.columns_complete_at(end) >> level);
        assert!(
            engine.shown().end - engine.shown().start > 200,
            "{:?}",
            engine.shown()
        );
        for row in engine.shown() {
            for slot in 0..8 {
                let peak = loudest(engine.row(slot, row));
                let wanted = plan.axis.bin(300.0 * f64::from(slot + 1)).unwrap();
                let off = peak.abs_diff(wanted);
                assert!(
                    off <= if size == 512 { 8 } else { 2 },
                    "row {row}: {peak} {wanted}"
                );
            }
        }
        // Coarse first, at the level shown, windows side by side; then all of it.
        let asked = backend.0.asked.lock().unwrap();
        let coarse = size as u64 / plan.hop_frames();
        let first = asked.iter().position(|(_, every, _)| *every == coarse);
        if coarse > 1 {
            let whole = asked.iter().rposition(|(_, every, _)| *every == 1);
            assert!(first < whole && first.is_some(), "{asked:?}");
            let (.., levels) = asked[first.unwrap()].clone();
            assert_eq!(levels, level..level + 1);
        }
    }
    let progress = engine.the::<AnalysisProgress>();
    assert_eq!((progress.laps, progress.lapped_frames), (0, 0));
    let reanalysis = engine.the::<Reanalysis>();
    assert_eq!(reanalysis.count, 3);
    assert!(reanalysis.first_ms.max() > 0.0);
    assert!(reanalysis.first_ms.max() <= reanalysis.whole_ms.max());
}

/// Jobs that have finished are taken in before new ones are handed out: with a backend that is done by the next
/// display frame, every frame has jobs under way until all history is scheduled.
#[test]
fn finished_jobs_leave_their_room_to_new_ones_in_the_same_frame() {
    let format = RingFormat::new(RATE, 2, 960_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 1900);
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    let slow = Slow::default();
    engine
        .world
        .insert_resource(SharedBackend(Arc::new(slow.clone())));
    let mut busy = 0;
    for frame in 0..2000 {
        engine.step();
        if frame > 0 && !engine.the::<JobQueue>().history_waits() {
            break;
        }
        assert!(!slow.0.waiting.lock().unwrap().is_empty(), "frame {frame}");
        busy += 1;
        slow.work(1 << 40);
    }
    assert!(busy >= 4, "{busy} frames with jobs");
}

/// More channels and fewer: other textures, and still no blank frame.
#[test]
fn channels_change_without_a_blank_frame() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 150);
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    engine.settle();
    for channels in [vec![1], vec![0, 1], vec![1, 0], vec![0]] {
        engine.the_mut::<ViewSettings>().channels = channels.clone();
        for _ in 0..100 {
            write_tones(&mut writer, 1);
            engine.step();
            assert!(engine.the::<FieldState>().visible, "a blank frame");
            std::thread::yield_now();
        }
        engine.settle();
        let field = engine.the::<HeightField>();
        assert_eq!(*field.shown_plan().unwrap().channels, *channels);
        let drawn = engine.the::<FieldState>().drawn.iter();
        assert!(drawn.map(|one| one.channel).eq(channels.iter().copied()));
        assert!(engine.the::<HeightField>().allocations().count() <= 3);
        let hz = if channels[0] == 0 { 440.0 } else { 3000.0 };
        let row = engine.shown().end - 1;
        let wanted = engine.plan().axis.bin(hz).unwrap();
        assert!(loudest(engine.row(0, row)).abs_diff(wanted) <= 1);
    }
}

/// An analysis that is too slow does less, says what, and makes it good when it can.
#[test]
fn quality_steps_down_and_recovers_and_makes_good() {
    let format = RingFormat::new(RATE, 2, 1_920_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 10);
    let idle_ring = ring.clone();
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    let backend = Slow::default();
    engine
        .world
        .insert_resource(SharedBackend(Arc::new(backend.clone())));
    engine.the_mut::<ViewSettings>().span_secs = 30.0;
    engine.settle_with(|| backend.work(1 << 30));
    // 100 blocks a second are 94 columns a second of each channel: 1.9 a frame of 10 ms.
    let mut seen = Vec::new();
    for _ in 0..600 {
        write_tones(&mut writer, 1);
        engine.pass(Duration::from_millis(10));
        engine.step();
        backend.work(1);
        let name = engine.the::<Quality>().name();
        if seen.last() != Some(&name) {
            seen.push(name);
        }
    }
    assert_eq!(seen[..2], ["full", "hop \u{00d7}2"], "{seen:?}");
    let progress = engine.the::<AnalysisProgress>();
    assert!(progress.columns_left_out > 100);
    assert_eq!(progress.laps, 0);
    for _ in 0..1900 {
        write_tones(&mut writer, 1);
        engine.pass(Duration::from_millis(10));
        engine.step();
        backend.work(1 << 30);
    }
    let quality = engine.the::<Quality>().clone();
    assert_eq!(
        (quality.name(), quality.reduced()),
        ("full", false),
        "{quality:?}"
    );
    assert_eq!(quality.steps_down, quality.steps_up);
    assert_ne!(quality.lowest_name(), "full");
    engine.settle_with(|| backend.work(1 << 30));
    engine.books_balance();
    // What was left out is there now: every row is that of a display that never fell behind.
    let plan = engine.plan().clone();
    let history = engine.the::<Stream>().history.clone();
    let mut whole = Rig::new(idle_ring, vec![0, 1], 300);
    whole.the_mut::<Stream>().history = history;
    whole.the_mut::<ViewSettings>().span_secs = 30.0;
    whole.settle();
    for level in plan.mips.clone() {
        let field = whole.the::<HeightField>();
        let rows = field.shown_rows(level).unwrap();
        assert!(rows.end - rows.start > 100);
        for row in rows {
            for slot in 0..2 {
                assert_eq!(
                    engine.row_of(level, slot, row),
                    whole.row_of(level, slot, row),
                    "level {level} row {row}"
                );
            }
        }
    }
}
