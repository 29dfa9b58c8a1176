//! Many views in one world: live and frozen, of one analysis or of several, of one stream or of
//! several; the hop follows the zoom.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::time::Duration;

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::{LEVEL_BYTES, RowEngine, RowSpan};
use soundfall_ring::{HeapStorage, RingFormat, RingWriter, SharedRing, heap_ring};
use soundfall_systems::{
    analysis::{
        Analysis, AnalysisOf, AnalysisProgress, AnalysisSettings, DetailRows, RowPlan, RowWindow,
    },
    diagnostics::RunStats,
    stream::StreamStatus,
    view::{Follow, TimeWindow, View, ViewOf, ViewSettings},
    waterfall::{FieldState, HeightField},
};
use support::{BLOCK, RATE, Rig, loudest, stream};

/// A sweep, so that every moment looks different: 200 Hz at frame 0, rising by 150 Hz a second; the
/// second channel an octave above.
fn sample(frame: u64, channel: u32, rate: u32) -> f32 {
    let secs = frame as f64 / f64::from(rate);
    let turns = 200.0 * secs + 75.0 * secs * secs;
    let turns = turns * f64::from(channel + 1);
    (turns.fract() * std::f64::consts::TAU).sin() as f32 * 0.5
}

fn write(writer: &mut RingWriter<HeapStorage>, rate: u32, blocks: usize) {
    for _ in 0..blocks {
        let from = writer.written_frames();
        let block: Vec<f32> = (from..from + u64::from(BLOCK))
            .flat_map(|frame| [0, 1].map(|channel| sample(frame, channel, rate)))
            .collect();
        writer.write_block(&block).unwrap();
    }
}

fn ring(rate: u32, secs: u64) -> (RingWriter<HeapStorage>, SharedRing) {
    let format = RingFormat::new(rate, 2, secs * u64::from(rate), BLOCK).unwrap();
    heap_ring(&format, "t").unwrap()
}

/// The levels of one row by the transform itself.
fn oracle(plan: &RowPlan, mip: u32, row: u64, channel: u32) -> Vec<u8> {
    let shape = plan.shape(0);
    let span = RowSpan {
        columns: row << mip..(row + 1) << mip,
        mips: mip..mip + 1,
        every: 1,
    };
    let first = plan.column_start(span.columns.start);
    let frames = shape.frames(1 << mip);
    let samples: Vec<f32> = (first..first + frames)
        .map(|frame| sample(frame, channel, plan.sample_rate))
        .collect();
    let mut out = vec![0; shape.width() * LEVEL_BYTES];
    let mut engine = RowEngine::new(&shape.stft).unwrap();
    engine.rows(shape, &span, &samples, |_| false, (0, 1), &mut out);
    out
}

/// What a view shows: the state, the plan of its rows and the known ones, newest first.
fn shown(rig: &Rig, view: Entity) -> (FieldState, RowPlan, Vec<u64>) {
    let state = rig.world.get::<FieldState>(view).unwrap().clone();
    assert!(state.visible);
    let window = state.window.unwrap();
    let plan = state.plan.clone().unwrap();
    let field = rig.world.get::<HeightField>(window).unwrap();
    let head =
        (state.head_frames - plan.row_centre(state.mip, 0)) / plan.row_frames(state.mip) as f64;
    let head = (head + 1e-6) as u64;
    let behind = state.texels.behind as u64;
    assert!(field.shown_rows(state.mip).is_some());
    (state, plan, (head - behind..=head).rev().collect())
}

/// The rows that a view shows are those of the transform, exactly.
fn check_rows(rig: &Rig, view: Entity, count: usize) {
    let (state, plan, rows) = shown(rig, view);
    assert!(rows.len() >= count, "only {} rows", rows.len());
    // The oldest may be there in part.
    for row in rows.into_iter().take(count) {
        for drawn in &state.drawn {
            let expected = oracle(&plan, state.mip, row, drawn.channel);
            let ours: Vec<u8> = rig
                .row_in(state.window.unwrap(), state.mip, drawn.layer, row)
                .iter()
                .flat_map(|level| half::f16::from_f32(*level).to_le_bytes())
                .collect();
            assert_eq!(ours, expected, "row {row} of channel {}", drawn.channel);
        }
    }
}

fn add_view(rig: &mut Rig, analysis: Entity, span_secs: f64, follow: Follow) -> Entity {
    let settings = ViewSettings {
        channels: vec![0, 1],
        span_secs,
        ..ViewSettings::default()
    };
    rig.world
        .spawn((View, ViewOf(analysis), settings, TimeWindow { follow }))
        .id()
}

#[test]
fn a_frozen_view_stays_while_the_live_one_runs_on() {
    let (mut writer, ring) = ring(RATE, 20);
    write(&mut writer, RATE, 1500);
    let mut rig = Rig::new(ring, vec![0, 1], 300);
    let live = rig.view;
    rig.settle();
    // Ten seconds back, and a quarter of the span.
    let frame = f64::from(RATE) * 5.0;
    let analysis = rig.analysis_of(live);
    let frozen = add_view(&mut rig, analysis, 0.5, Follow::Frozen { frame });
    rig.settle();
    let (state, plan, rows) = shown(&rig, frozen);
    assert!(
        (state.head_frames - frame).abs() < 1.0,
        "{}",
        state.head_frames
    );
    // Half a second of 300 rows: the hop is finer than the 512 that was chosen.
    assert_eq!((plan.hop_frames(), state.mip), (128, 0));
    assert!(rows.len() as f64 * plan.row_frames(0) as f64 >= 0.5 * f64::from(RATE));
    check_rows(&rig, frozen, 180);
    check_rows(&rig, live, 100);
    let peak = loudest(rig.row_in(state.window.unwrap(), 0, 0, rows[0]));
    let hz = 200.0 + 150.0 * frame / f64::from(RATE);
    assert!(peak.abs_diff(plan.axis.bin(hz).unwrap()) <= 2);

    // The live edge runs on for three rounds of the ring; the frozen sound is gone from it by then.
    for _ in 0..3000 {
        write(&mut writer, RATE, 2);
        rig.pass(Duration::from_millis(20));
        // In step with the sound, however slow the machine: quality is never reduced.
        rig.settle();
    }
    rig.settle();
    rig.books_balance();
    let status = rig.the::<StreamStatus>();
    assert!(status.oldest_frame > frame as u64);
    let (after, ..) = shown(&rig, frozen);
    assert_eq!(after.head_frames, state.head_frames);
    check_rows(&rig, frozen, 180);
    check_rows(&rig, live, 100);
    let (live_state, ..) = shown(&rig, live);
    assert!(live_state.head_frames > writer.written_frames() as f64 - 0.2 * f64::from(RATE));
    let progress = rig.the::<AnalysisProgress>();
    assert_eq!(
        (progress.laps, progress.columns_dropped),
        (0, 0),
        "{progress:?}"
    );
}

#[test]
fn a_window_that_is_moved_asks_for_what_is_missing_at_its_edge() {
    let (mut writer, ring) = ring(RATE, 30);
    write(&mut writer, RATE, 2800);
    let mut rig = Rig::new(ring, vec![0, 1], 300);
    let view = rig.view;
    rig.the_mut::<ViewSettings>().span_secs = 0.5;
    let freeze = |rig: &mut Rig, secs: f64| {
        let frame = secs * f64::from(RATE);
        rig.the_mut::<TimeWindow>().follow = Follow::Frozen { frame };
    };
    freeze(&mut rig, 12.0);
    rig.settle();
    let whole = rig.the::<AnalysisProgress>().columns_due;
    // A tenth of a span to and fro costs less than a whole span.
    for secs in [12.05, 12.1, 12.15, 12.1, 12.0, 11.9, 11.8, 11.7] {
        freeze(&mut rig, secs);
        rig.settle();
        check_rows(&rig, view, 180);
    }
    let moved = rig.the::<AnalysisProgress>().columns_due - whole;
    assert!(moved < 900, "{moved} columns for half a span");
    // Far away, back to the start, and into the future.
    for secs in [25.0, 0.7, 27.9, 3.0] {
        freeze(&mut rig, secs);
        rig.settle();
        check_rows(&rig, view, 150);
    }
    rig.books_balance();
    // Live again: the base window has it at once.
    rig.the_mut::<TimeWindow>().follow = Follow::default();
    rig.the_mut::<ViewSettings>().span_secs = 2.0;
    rig.step();
    rig.step();
    assert!(rig.the::<FieldState>().visible);
    assert_eq!(rig.the::<FieldState>().window, rig.base_of(view));
}

#[test]
fn the_hop_follows_the_zoom_and_nothing_is_blank_meanwhile() {
    let (mut writer, ring) = ring(RATE, 20);
    write(&mut writer, RATE, 1000);
    let mut rig = Rig::new(ring, vec![0, 1], 300);
    rig.settle();
    for (span_secs, hop) in [
        (2.0, 512),
        (1.0, 256),
        (0.5, 128),
        (0.02, 16),
        (0.005, 16),
        (0.1, 32),
        (2.0, 512),
    ] {
        rig.the_mut::<ViewSettings>().span_secs = span_secs;
        for _ in 0..20 {
            write(&mut writer, RATE, 1);
            rig.pass(Duration::from_millis(10));
            rig.step();
            assert!(rig.the::<FieldState>().visible, "blank at {span_secs} s");
            std::thread::yield_now();
        }
        rig.settle();
        let plan = rig.the::<FieldState>().plan.clone().unwrap();
        assert_eq!(plan.hop_frames(), hop, "{span_secs} s");
        check_rows(&rig, rig.view, 15);
    }
    // What stands still needs no rows ahead: from one frame up.
    let frame = writer.written_frames() as f64 - 24_000.0;
    rig.the_mut::<TimeWindow>().follow = Follow::Frozen { frame };
    rig.the_mut::<ViewSettings>().span_secs = 0.005;
    rig.settle();
    let plan = rig.the::<FieldState>().plan.clone().unwrap();
    assert_eq!(plan.hop_frames(), 1);
    check_rows(&rig, rig.view, 230);
    rig.the_mut::<TimeWindow>().follow = Follow::default();
    rig.the_mut::<ViewSettings>().span_secs = 2.0;
    rig.settle();
    rig.books_balance();
    // No window is left behind.
    let mut windows = rig.display.world.query::<&RowWindow>();
    assert_eq!(windows.iter(&rig.display.world).count(), 1);
}

#[test]
fn two_views_that_look_as_closely_share_their_rows() {
    let (mut writer, ring) = ring(RATE, 20);
    write(&mut writer, RATE, 1000);
    let mut rig = Rig::new(ring, vec![0, 1], 300);
    rig.the_mut::<ViewSettings>().span_secs = 0.5;
    let analysis = rig.analysis_of(rig.view);
    rig.settle();
    let before = rig.the::<AnalysisProgress>().columns_due;
    let second = add_view(&mut rig, analysis, 0.5, Follow::default());
    rig.settle();
    assert_eq!(rig.the::<AnalysisProgress>().columns_due, before);
    let detail = |rig: &Rig, view| rig.world.get::<DetailRows>(view).unwrap().0;
    assert!(detail(&rig, second).is_some());
    assert_eq!(detail(&rig, second), detail(&rig, rig.view));
    // One looks closer: the other keeps its rows.
    rig.world.get_mut::<ViewSettings>(second).unwrap().span_secs = 0.1;
    rig.settle();
    let hop = |rig: &Rig, view| {
        let state = rig.world.get::<FieldState>(view).unwrap();
        state.plan.as_ref().unwrap().hop_frames()
    };
    assert_eq!((hop(&rig, rig.view), hop(&rig, second)), (128, 32));
    rig.books_balance();
}

#[test]
fn two_analyses_of_one_stream_and_two_streams_of_different_rates() {
    let (mut writer, first) = ring(RATE, 20);
    write(&mut writer, RATE, 800);
    // Long enough that nothing is overwritten before its turn, however late that comes.
    let (mut other, second) = ring(96_000, 20);
    write(&mut other, 96_000, 1600);
    let mut rig = Rig::new(first, vec![0, 1], 300);
    let base = rig.view;
    // Another window over the same sound.
    let of = rig.stream_of(base);
    let wide = AnalysisSettings {
        window_size: 8192,
        ..AnalysisSettings::default()
    };
    let analysis = rig.world.spawn((Analysis, AnalysisOf(of), wide)).id();
    let wide = add_view(&mut rig, analysis, 2.0, Follow::default());
    // Another sound.
    let settings = ViewSettings {
        channels: vec![1],
        span_secs: 2.0,
        ..ViewSettings::default()
    };
    let fast = rig.show(stream(second), AnalysisSettings::default(), settings);
    for _ in 0..200 {
        write(&mut writer, RATE, 1);
        write(&mut other, 96_000, 2);
        rig.step();
        std::thread::yield_now();
    }
    rig.settle();
    rig.books_balance();
    for view in [base, wide, fast] {
        check_rows(&rig, view, 100);
        let progress = rig.get::<AnalysisProgress>(view).unwrap();
        assert!(progress.columns_due > 200);
        assert_eq!((progress.laps, progress.columns_dropped), (0, 0));
        assert_eq!(rig.get::<StreamStatus>(view).unwrap().lost_frames, 0);
    }
    assert_eq!(rig.get::<RowPlan>(wide).unwrap().stft().window_size, 8192);
    assert_eq!(rig.get::<RowPlan>(fast).unwrap().sample_rate, 96_000);
    assert!(rig.world.resource::<RunStats>().rows_uploaded > 0);

    // A view that goes over to another analysis; the one it leaves has no view any more and goes.
    let kept = rig.analysis_of(base);
    rig.world.entity_mut(wide).insert(ViewOf(kept));
    rig.settle();
    assert!(rig.world.get_entity(analysis).is_err());
    check_rows(&rig, wide, 100);
    // A stream goes with everything that is made of it.
    let gone = rig.stream_of(fast);
    let its_analysis = rig.analysis_of(fast);
    rig.world.despawn(gone);
    rig.step();
    rig.step();
    assert!(rig.world.get_entity(its_analysis).is_err());
    assert!(!rig.world.get::<FieldState>(fast).unwrap().visible);
}
