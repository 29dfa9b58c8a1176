//! The whole way from ring to uploads on a bare world: no app, no renderer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use soundfall_ring::{GapReason, RingFormat, heap_ring, heap_ring_with};
use soundfall_systems::{
    analysis::AnalysisProgress,
    stream::Stream,
    waterfall::{FieldState, HeightField},
};
use support::{BLOCK, RATE, Rig, loudest, sine, write_tones};

#[test]
fn history_and_live_edge_arrive_whole_and_in_place() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 100);
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    engine.settle();
    write_tones(&mut writer, 60);
    engine.settle();
    engine.books_balance();
    let plan = engine.plan().clone();
    let shown = engine.shown();
    assert_eq!(shown.end, plan.columns_complete_at(writer.written_frames()));
    assert!(shown.end - shown.start >= 90, "about a second: {shown:?}");
    for row in shown.end - 80..shown.end {
        for (slot, hz) in [(0, 440.0), (1, 3000.0)] {
            let peak = loudest(engine.row(slot, row));
            let wanted = plan.axis.bin(hz).unwrap();
            assert!(
                peak.abs_diff(wanted) <= 1,
                "row {row}: {peak} instead of {wanted}"
            );
            // Half scale is −6 dBFS; stored over 160 dB.
            let level = (engine.row(slot, row)[peak] - 1.0) * 160.0;
            assert!((level + 6.02).abs() < 1.6, "{level} dBFS");
        }
    }
    let progress = engine.the::<AnalysisProgress>();
    assert_eq!((progress.laps, progress.columns_dropped), (0, 0));
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
    let mut engine = Rig::new(ring, vec![0], 300);
    engine.settle();
    let plan = engine.plan().clone();
    let shown = engine.shown();
    let mut holes = 0;
    for row in shown.start.max(1)..shown.end {
        let touches = plan.row_start(0, row) < start + 2400 && plan.row_end(0, row) > start;
        let is_hole = engine.row(0, row).iter().all(|level| *level < -0.5);
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
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    engine.settle();
    // Three times the ring passes between two frames.
    write_tones(&mut writer, 150);
    engine.settle();
    engine.books_balance();
    let progress = engine.the::<AnalysisProgress>();
    assert_eq!(progress.laps, 1);
    assert!(progress.lapped_frames > 40_000, "{progress:?}");
    let shown = engine.shown();
    assert_eq!(
        shown.end,
        engine.plan().columns_complete_at(writer.written_frames())
    );
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
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    engine.settle();
    let (mut writer, ring) = heap_ring_with(&format, &extension(8)).unwrap();
    let stream = engine.stream_of(engine.view);
    engine
        .world
        .entity_mut(stream)
        .insert(support::stream(ring));
    for _ in 0..200 {
        write_tones(&mut writer, 1);
        engine.step();
        assert!(engine.the::<FieldState>().visible, "a blank frame");
        // Known rows reach from behind the head to ahead of it: something is under the edge.
        let behind = engine.the::<FieldState>().texels.behind;
        assert!(behind >= 0.0, "the head left what is known: {behind}");
        std::thread::yield_now();
    }
    engine.settle();
    engine.books_balance();
    let there = engine.world.get::<Stream>(stream).unwrap().history.epoch();
    let shown = engine.the::<HeightField>().shown_plan().unwrap().epoch;
    assert_eq!(shown, there);
}
