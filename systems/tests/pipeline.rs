//! The whole way from ring to uploads on a bare world: no app, no renderer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::f32::consts::TAU;

use bevy_ecs::prelude::*;
use bevy_tasks::{AsyncComputeTaskPool, TaskPool};
use bevy_time::{Real, Time};
use crossbeam_channel::Receiver;
use half::f16;
use soundfall_ring::{GapReason, RingFormat, SharedRing, heap_ring, heap_ring_with};
use soundfall_systems::{
    analyst::SharedAnalyst,
    clock::{StreamClock, advance_clock},
    present::RunStats,
    source::{Feed, Source, poll_source},
    spectrum::{
        AnalysisSettings, Frontier, PlanRefusal, Released, RowBlocks, SharedWorkshop, SpectrumPlan,
        SpectrumProgress, collect_jobs, plan_spectrum, schedule_jobs,
    },
    view::View,
    waterfall::{
        FieldState, Grid, HeightField, HeightFieldSize, HeightUpload, HeightUploads, stage_rows,
        stage_state,
    },
};

const RATE: u32 = 48_000;
const BLOCK: u32 = 480;

/// A world with the spectrum's systems, and what it uploads.
struct Bench {
    world: World,
    schedule: Schedule,
    uploads: Receiver<HeightUpload>,
    /// (layer, texture row) to levels, as a texture would hold them.
    texture: BTreeMap<(u32, u32), Vec<f32>>,
}

impl Bench {
    fn new(ring: SharedRing, channels: Vec<u32>, rows: u32) -> Self {
        AsyncComputeTaskPool::get_or_init(TaskPool::default);
        let (sender, uploads) = crossbeam_channel::unbounded();
        let mut world = World::new();
        world.insert_resource(Time::<Real>::default());
        world.insert_resource(Source {
            ring,
            name: "test".into(),
            probe: None,
        });
        world.insert_resource(View {
            channels,
            span_secs: 1.0,
            ..View::default()
        });
        world.insert_resource(HeightFieldSize { columns: 256, rows });
        world.insert_resource(HeightUploads(sender));
        world.init_resource::<Feed>();
        world.init_resource::<SharedAnalyst>();
        world.init_resource::<StreamClock>();
        world.init_resource::<AnalysisSettings>();
        world.init_resource::<PlanRefusal>();
        world.init_resource::<SpectrumProgress>();
        world.init_resource::<SharedWorkshop>();
        world.init_resource::<Frontier>();
        world.init_resource::<Released>();
        world.init_resource::<RowBlocks>();
        world.init_resource::<HeightField>();
        world.init_resource::<FieldState>();
        world.init_resource::<Grid>();
        world.init_resource::<RunStats>();
        let mut schedule = Schedule::default();
        schedule.add_systems(
            (
                poll_source,
                advance_clock,
                plan_spectrum,
                schedule_jobs,
                collect_jobs,
                stage_rows,
                stage_state,
            )
                .chain(),
        );
        Self {
            world,
            schedule,
            uploads,
            texture: BTreeMap::new(),
        }
    }

    fn step(&mut self) {
        self.schedule.run(&mut self.world);
        let size = *self.world.resource::<HeightFieldSize>();
        for upload in self.uploads.try_iter() {
            let texel = size.columns as usize * 2;
            for layer in 0..upload.layers {
                for row in 0..upload.rows {
                    let at = (layer * upload.rows + row) as usize * texel;
                    let levels = upload.bytes[at..at + texel]
                        .chunks_exact(2)
                        .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                        .collect();
                    self.texture.insert(
                        (
                            upload.first_layer + layer,
                            (upload.first_row + row) % size.rows,
                        ),
                        levels,
                    );
                }
            }
        }
    }

    /// Steps until nothing is under way.
    fn settle(&mut self) {
        for _ in 0..5000 {
            self.step();
            let progress = self.world.resource::<SpectrumProgress>();
            if progress.backlog == 0 && progress.in_flight == 0 {
                self.step();
                return;
            }
            std::thread::yield_now();
        }
        panic!(
            "never settled: {:?}",
            self.world.resource::<SpectrumProgress>()
        );
    }

    fn plan(&self) -> &SpectrumPlan {
        self.world.resource::<SpectrumPlan>()
    }

    fn books_balance(&self) {
        let p = self.world.resource::<SpectrumProgress>();
        assert_eq!(
            p.columns_due,
            p.columns_analysed + p.columns_dropped,
            "{p:?}"
        );
    }

    /// Levels of an absolute row of a slot, as stored in the set on screen.
    fn row(&self, slot: u32, row: u64) -> &[f32] {
        let state = self.world.resource::<FieldState>();
        let rows = self.world.resource::<HeightFieldSize>().rows;
        let layer = state.texels[0][0] as u32 + slot;
        &self.texture[&(layer, (row % u64::from(rows)) as u32)]
    }
}

fn sine(hz: f32, from: u64, frames: usize) -> Vec<f32> {
    (0..frames)
        .map(|i| (TAU * hz * ((from as usize + i) as f32 / RATE as f32)).sin() * 0.5)
        .collect()
}

/// Writes `blocks` blocks of two channels: 440 Hz and 3 kHz.
fn write_tones(
    writer: &mut soundfall_ring::RingWriter<soundfall_ring::HeapStorage>,
    blocks: usize,
) {
    for _ in 0..blocks {
        let from = writer.written_frames();
        let (low, high) = (
            sine(440.0, from, BLOCK as usize),
            sine(3000.0, from, BLOCK as usize),
        );
        let block: Vec<f32> = low.iter().zip(&high).flat_map(|(a, b)| [*a, *b]).collect();
        writer.write_block(&block).unwrap();
    }
}

fn loudest(levels: &[f32]) -> usize {
    (0..levels.len())
        .max_by(|a, b| levels[*a].total_cmp(&levels[*b]))
        .unwrap()
}

#[test]
fn history_and_live_edge_arrive_whole_and_in_place() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 100);
    let mut bench = Bench::new(ring, vec![0, 1], 300);
    bench.settle();
    write_tones(&mut writer, 60);
    bench.settle();
    bench.books_balance();
    let plan = bench.plan().clone();
    let shown = bench.world.resource::<HeightField>().shown_rows().unwrap();
    assert_eq!(shown.end, plan.rows_complete_at(writer.written_frames()));
    assert!(shown.end - shown.start >= 90, "about a second: {shown:?}");
    for row in shown.end - 80..shown.end {
        for (slot, hz) in [(0, 440.0), (1, 3000.0)] {
            let peak = loudest(bench.row(slot, row));
            let wanted = plan.axis.column(hz).unwrap();
            assert!(
                peak.abs_diff(wanted) <= 1,
                "row {row}: {peak} instead of {wanted}"
            );
            // Half scale is −6 dBFS; stored over 160 dB.
            let level = (bench.row(slot, row)[peak] - 1.0) * 160.0;
            assert!((level + 6.02).abs() < 1.6, "{level} dBFS");
        }
    }
    let progress = bench.world.resource::<SpectrumProgress>();
    assert_eq!((progress.laps, progress.columns_dropped), (0, 0));
}

#[test]
fn only_new_rows_are_uploaded() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 100);
    let mut bench = Bench::new(ring, vec![0, 1], 300);
    bench.settle();
    let before = bench.world.resource::<RunStats>().bytes_of_new_rows;
    let rows_before = bench
        .world
        .resource::<HeightField>()
        .shown_rows()
        .unwrap()
        .end;
    write_tones(&mut writer, 40);
    bench.settle();
    let rows = bench
        .world
        .resource::<HeightField>()
        .shown_rows()
        .unwrap()
        .end
        - rows_before;
    let bytes = bench.world.resource::<RunStats>().bytes_of_new_rows - before;
    assert_eq!(bytes, rows * 2 * 256 * 2);
}

#[test]
fn a_change_keeps_the_old_picture_until_the_new_one_is_whole() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 150);
    let mut bench = Bench::new(ring, vec![0, 1], 300);
    bench.settle();
    let old = bench.plan().generation;
    bench.world.resource_mut::<AnalysisSettings>().window_size = 8192;
    let mut blank = 0;
    loop {
        bench.step();
        let field = bench.world.resource::<HeightField>();
        if !bench.world.resource::<FieldState>().visible {
            blank += 1;
        }
        if field.shown_plan().unwrap().generation != old {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(blank, 0, "a blank frame");
    bench.settle();
    bench.books_balance();
    let shown = bench.world.resource::<HeightField>().shown_rows().unwrap();
    assert!(
        shown.end - shown.start > 80,
        "history came along: {shown:?}"
    );
    let peak = loudest(bench.row(1, shown.end - 1));
    assert!(peak.abs_diff(bench.plan().axis.column(3000.0).unwrap()) <= 1);
}

#[test]
fn a_gap_is_a_hole_and_its_neighbours_are_not() {
    let format = RingFormat::new(RATE, 1, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    let tone = |from: u64| sine(440.0, from, BLOCK as usize);
    for _ in 0..50 {
        let block = tone(writer.written_frames());
        writer.write_block(&block).unwrap();
    }
    let start = writer.written_frames();
    writer.record_gap(start, 2400, GapReason::CaptureOverrun);
    for _ in 0..5 {
        writer.write_silence_block().unwrap();
    }
    for _ in 0..50 {
        let block = tone(writer.written_frames());
        writer.write_block(&block).unwrap();
    }
    let mut bench = Bench::new(ring, vec![0], 300);
    bench.settle();
    let plan = bench.plan().clone();
    let shown = bench.world.resource::<HeightField>().shown_rows().unwrap();
    let mut holes = 0;
    for row in shown.start.max(1)..shown.end {
        let touches = plan.row_start(row) < start + 2400 && plan.row_end(row) > start;
        let is_hole = bench.row(0, row).iter().all(|level| *level < -0.5);
        assert_eq!(is_hole, touches, "row {row}");
        holes += u32::from(is_hole);
    }
    assert!(holes >= 4, "{holes} holes");
}

#[test]
fn a_lapped_reader_says_so_and_goes_on() {
    let format = RingFormat::new(RATE, 2, 24_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 30);
    let mut bench = Bench::new(ring, vec![0, 1], 300);
    bench.settle();
    // Three times the ring passes between two frames.
    write_tones(&mut writer, 150);
    bench.settle();
    bench.books_balance();
    let progress = bench.world.resource::<SpectrumProgress>();
    assert_eq!(progress.laps, 1);
    assert!(progress.lapped_frames > 40_000, "{progress:?}");
    let shown = bench.world.resource::<HeightField>().shown_rows().unwrap();
    assert_eq!(
        shown.end,
        bench.plan().rows_complete_at(writer.written_frames())
    );
}

#[test]
fn long_spans_fold_columns_and_keep_the_click() {
    let format = RingFormat::new(RATE, 1, 480_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    let click_at = 200_123_u64;
    for _ in 0..900 {
        let from = writer.written_frames();
        let mut block = vec![0.0_f32; BLOCK as usize];
        if (from..from + u64::from(BLOCK)).contains(&click_at) {
            block[(click_at - from) as usize] = 1.0;
        }
        writer.write_block(&block).unwrap();
    }
    let mut bench = Bench::new(ring, vec![0], 300);
    bench.world.resource_mut::<View>().span_secs = 9.0;
    bench.settle();
    let plan = bench.plan().clone();
    assert!(plan.level >= 2, "level {}", plan.level);
    let shown = bench.world.resource::<HeightField>().shown_rows().unwrap();
    let seen: Vec<u64> = (shown.start..shown.end)
        .filter(|row| bench.row(0, *row).iter().any(|level| *level > 0.4))
        .collect();
    assert!(!seen.is_empty(), "the click is nowhere");
    for row in seen {
        assert!(plan.row_start(row) <= click_at && click_at < plan.row_end(row));
    }
}

#[test]
fn another_ring_takes_over_without_a_blank_frame() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let extension = |epoch| soundfall_ring::Extension {
        epoch,
        start_unix_ns: 0,
        label: "t".into(),
        writer_pid: 1,
    };
    let (mut writer, ring) = heap_ring_with(&format, &extension(7)).unwrap();
    write_tones(&mut writer, 150);
    let mut bench = Bench::new(ring, vec![0, 1], 300);
    bench.settle();
    let (mut writer, ring) = heap_ring_with(&format, &extension(8)).unwrap();
    bench.world.resource_mut::<Source>().ring = ring;
    for _ in 0..200 {
        write_tones(&mut writer, 1);
        bench.step();
        assert!(
            bench.world.resource::<FieldState>().visible,
            "a blank frame"
        );
        // Known rows reach from behind the head to ahead of it: something is under the edge.
        let [.., behind] = bench.world.resource::<FieldState>().texels[1];
        assert!(behind >= 0.0, "the head left what is known: {behind}");
        std::thread::yield_now();
    }
    bench.settle();
    bench.books_balance();
    let shown = bench
        .world
        .resource::<HeightField>()
        .shown_plan()
        .unwrap()
        .epoch;
    assert_eq!(shown, 8);
}
