//! Changes while sound streams: the old picture stays until the new one is there, coarse first, and
//! reduced quality is made good.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use soundfall_ring::{RingFormat, SharedRing, heap_ring};
use soundfall_systems::{
    backend::{AnalysisBackend, Pending, SharedBackend},
    instruments::{InstrumentResponse, InstrumentRequest},
    analysis::{
        AnalysisSettings, JobOutput, JobRows, Quality, Reanalysis, AnalysisProgress, EnginePool,
        run_job,
    },
    view::View,
    waterfall::{FieldState, HeightField},
    waveform::{LaneStore, LaneRequest},
};
use support::{BLOCK, Bench, RATE, loudest, write_tones};

/// Works at once, when it is asked, as long as its allowance lasts; after that answers come late.
#[derive(Clone, Default)]
struct Slow(Arc<Ledger>);

#[derive(Default)]
struct Ledger {
    /// Columns it may analyse now; `u64::MAX` for all.
    allowance: AtomicU64,
    /// Kinds of windows and levels it was asked for.
    asked: std::sync::Mutex<Vec<(usize, u64, std::ops::Range<u32>)>>,
    waiting: std::sync::Mutex<Vec<Waiting>>,
}

struct Waiting {
    ring: SharedRing,
    engines: Arc<EnginePool>,
    job: JobRows,
    to: crossbeam_channel::Sender<JobOutput>,
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
            let cost = next.job.work();
            if allowance.load(Ordering::Relaxed) < cost {
                break;
            }
            allowance.fetch_sub(cost, Ordering::Relaxed);
            let next = waiting.remove(0);
            let _ = next.to.send(run_job(&next.ring, &next.engines, &next.job));
        }
        if waiting.is_empty() {
            allowance.store(0, Ordering::Relaxed);
        }
    }
}

impl AnalysisBackend for Slow {
    /// Little: a job must not bring more.
    fn most_bytes(&self) -> u64 {
        1 << 17
    }

    fn rows(
        &self,
        ring: &SharedRing,
        engines: &Arc<EnginePool>,
        job: JobRows,
    ) -> Pending<JobOutput> {
        let (to, answer) = crossbeam_channel::bounded(1);
        let window = job.plan.shape(job.halvings).stft.window_size;
        let row_bytes = (job.plan.axis.bins() * job.plan.channels.len() * 2) as u64;
        let columns = job.span.columns.end - job.span.columns.start;
        assert!(
            job.span.total_rows() * row_bytes <= self.most_bytes() || columns <= job.span.every,
            "{:?}",
            job.span
        );
        self.0
            .asked
            .lock()
            .unwrap()
            .push((window, job.span.every, job.span.levels.clone()));
        self.0.waiting.lock().unwrap().push(Waiting {
            ring: ring.clone(),
            engines: engines.clone(),
            job,
            to,
        });
        Pending::Reply(answer)
    }

    fn lanes(&self, _: &SharedRing, request: LaneRequest, _: u64) -> Pending<LaneStore> {
        let (to, answer) = crossbeam_channel::bounded(1);
        let _ = to.send(request.depart());
        Pending::Reply(answer)
    }

    fn instruments(&self, _: &SharedRing, request: InstrumentRequest) -> Pending<InstrumentResponse> {
        let (to, answer) = crossbeam_channel::bounded(1);
        let _ = to.send(InstrumentResponse {
            plan: request.plan,
            engine: request.engine,
            report: Ok(None),
        });
        Pending::Reply(answer)
    }
}

#[test]
fn a_change_keeps_the_old_picture_until_the_new_one_is_whole() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 150);
    let mut engine = Bench::new(ring, vec![0, 1], 300);
    engine.settle();
    let old = engine.plan().generation;
    engine.world.resource_mut::<AnalysisSettings>().window_size = 8192;
    let mut blank = 0;
    loop {
        engine.step();
        let field = engine.world.resource::<HeightField>();
        if !engine.world.resource::<FieldState>().visible {
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
    assert!(peak.abs_diff(engine.plan().axis.column(3000.0).unwrap()) <= 1);
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
    let mut engine = Bench::new(ring, (0..8).collect(), 300);
    let backend = Slow::default();
    engine
        .world
        .insert_resource(SharedBackend(Arc::new(backend.clone())));
    engine.world.resource_mut::<View>().span_secs = 9.0;
    engine.settle_with(|| backend.work(1 << 30));
    for size in [8192, 512, 2048] {
        engine.world.resource_mut::<AnalysisSettings>().window_size = size;
        backend.0.asked.lock().unwrap().clear();
        let mut frames = 0;
        while engine.world.resource::<Reanalysis>().running() || frames < 5 {
            write(2);
            engine.pass(Duration::from_millis(17));
            engine.step();
            backend.work(1000);
            assert!(
                engine.world.resource::<FieldState>().visible,
                "a blank frame"
            );
            let [.., behind] = engine.world.resource::<FieldState>().texels[1];
            assert!(behind >= 0.0, "the head left what is known: {behind}");
            frames += 1;
            assert!(frames < 5000, "never finished");
        }
        let end = write(1);
        engine.settle_with(|| backend.work(1 << 30));
        engine.books_balance();
        let plan = engine
            .world
            .resource::<HeightField>()
            .shown_plan()
            .unwrap()
            .clone();
        assert_eq!(plan.stft().window_size, size);
        let level = engine.level();
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
                let wanted = plan.axis.column(300.0 * f64::from(slot + 1)).unwrap();
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
    let progress = engine.world.resource::<AnalysisProgress>();
    assert_eq!((progress.laps, progress.lapped_frames), (0, 0));
    let reanalysis = engine.world.resource::<Reanalysis>();
    assert_eq!(reanalysis.count, 3);
    assert!(reanalysis.first_ms.max() > 0.0);
    assert!(reanalysis.first_ms.max() <= reanalysis.whole_ms.max());
}

/// More channels and fewer: other textures, and still no blank frame.
#[test]
fn channels_change_without_a_blank_frame() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 150);
    let mut engine = Bench::new(ring, vec![0, 1], 300);
    engine.settle();
    for channels in [vec![1], vec![0, 1], vec![1, 0], vec![0]] {
        engine.world.resource_mut::<View>().channels = channels.clone();
        for _ in 0..100 {
            write_tones(&mut writer, 1);
            engine.step();
            assert!(
                engine.world.resource::<FieldState>().visible,
                "a blank frame"
            );
            std::thread::yield_now();
        }
        engine.settle();
        let field = engine.world.resource::<HeightField>();
        assert_eq!(*field.shown_plan().unwrap().channels, *channels);
        assert_eq!(field.channels() as usize, channels.len());
        assert!(field.allocations().count() <= 3);
        let hz = if channels[0] == 0 { 440.0 } else { 3000.0 };
        let row = engine.shown().end - 1;
        let wanted = engine.plan().axis.column(hz).unwrap();
        assert!(loudest(engine.row(0, row)).abs_diff(wanted) <= 1);
    }
}

/// An analysis that is too slow does less, says what, and makes it good when it can.
#[test]
fn quality_steps_down_and_recovers_and_makes_good() {
    let format = RingFormat::new(RATE, 2, 1_920_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 10);
    let mut engine = Bench::new(ring, vec![0, 1], 300);
    let backend = Slow::default();
    engine
        .world
        .insert_resource(SharedBackend(Arc::new(backend.clone())));
    engine.world.resource_mut::<View>().span_secs = 30.0;
    engine.settle_with(|| backend.work(1 << 30));
    // 100 blocks a second are 94 columns a second of each channel: 1.9 a frame of 10 ms.
    let mut seen = Vec::new();
    for _ in 0..600 {
        write_tones(&mut writer, 1);
        engine.pass(Duration::from_millis(10));
        engine.step();
        backend.work(1);
        let name = engine.world.resource::<Quality>().name();
        if seen.last() != Some(&name) {
            seen.push(name);
        }
    }
    assert_eq!(seen[..2], ["full", "hop \u{00d7}2"], "{seen:?}");
    let progress = engine.world.resource::<AnalysisProgress>();
    assert!(progress.columns_left_out > 100);
    assert_eq!(progress.laps, 0);
    for _ in 0..1900 {
        write_tones(&mut writer, 1);
        engine.pass(Duration::from_millis(10));
        engine.step();
        backend.work(1 << 30);
    }
    let quality = engine.world.resource::<Quality>().clone();
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
    let mut whole = Bench::new(
        engine
            .world
            .resource::<soundfall_systems::stream::Source>()
            .ring
            .clone(),
        vec![0, 1],
        300,
    );
    whole.world.resource_mut::<View>().span_secs = 30.0;
    whole.settle();
    for level in plan.levels.clone() {
        let field = whole.world.resource::<HeightField>();
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
