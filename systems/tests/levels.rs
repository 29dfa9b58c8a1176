//! Mips of rows: maxima over time, kept as sound comes in, and nothing is ever lost in them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use soundfall_ring::{HeapStorage, RingFormat, RingWriter, SharedRing, heap_ring};
use soundfall_systems::{
    analysis::AnalysisProgress, diagnostics::RunStats, stream::StreamStatus, view::ViewSettings,
    waterfall::HeightField,
};
use support::{BLOCK, RATE, Rig, write_tones};

#[test]
fn only_new_rows_are_uploaded() {
    let format = RingFormat::new(RATE, 2, 96_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_tones(&mut writer, 100);
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    engine.settle();
    let before = engine.world.resource::<RunStats>().rows_uploaded;
    let rows_before = engine.shown().end;
    write_tones(&mut writer, 40);
    engine.settle();
    let rows = engine.shown().end - rows_before;
    let uploaded = engine.world.resource::<RunStats>().rows_uploaded - before;
    // Two seconds fit 300 rows of single columns: there is one mip only.
    assert_eq!(engine.plan().mips, 0..1);
    assert_eq!(uploaded, rows * 2);
}

/// A ring of ten seconds with noise below −60 dBFS and one click of a single sample a channel.
fn clicks(channels: u32, at: &[u64], blocks: u64) -> (RingWriter<HeapStorage>, SharedRing) {
    let format = RingFormat::new(RATE, channels, 480_000, BLOCK).unwrap();
    let (mut writer, ring) = heap_ring(&format, "t").unwrap();
    write_clicks(&mut writer, at, blocks);
    (writer, ring)
}

fn write_clicks(writer: &mut RingWriter<HeapStorage>, at: &[u64], blocks: u64) {
    let mut state = 1_u32;
    for _ in 0..blocks {
        let from = writer.written_frames();
        let mut block = Vec::new();
        for frame in from..from + u64::from(BLOCK) {
            for click in at {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = state as i32 as f32 / 2_147_483_648.0 * 1e-5;
                block.push(if frame == *click { 1.0 } else { noise });
            }
        }
        writer.write_block(&block).unwrap();
    }
}

/// Rows of a mip of a slot that are far above the noise.
fn bright(engine: &Rig, mip: u32, slot: u32) -> Vec<u64> {
    let field = engine.the::<HeightField>();
    let rows = field.shown_rows(mip).unwrap();
    rows.filter(|row| {
        let mips = engine.row_of(mip, slot, *row);
        // A click is as loud at every frequency: under a Hann window of 2048 about −54 dBFS at
        // its highest, down to less than −70 where windows overlap.
        mips.iter().all(|mip| *mip > 1.0 - 85.0 / 160.0)
    })
    .collect()
}

/// A click of a single sample on every channel, at places all over the ring, is on every mip.
#[test]
fn a_click_is_on_every_level_of_its_channel() {
    let places = [
        9_001, 77_777, 200_123, 201_000, 333_333, 420_007, 300_003, 123_456,
    ];
    let (mut writer, ring) = clicks(8, &places, 600);
    let mut engine = Rig::new(ring, (0..8).collect(), 300);
    engine.the_mut::<ViewSettings>().span_secs = 9.0;
    engine.settle();
    // One arrives live, in blocks.
    for _ in 0..300 {
        write_clicks(&mut writer, &places, 1);
        engine.step();
    }
    engine.settle();
    engine.books_balance();
    let plan = engine.plan().clone();
    assert_eq!(plan.mips, 0..3);
    assert_eq!(engine.mip(), 2);
    for (slot, click) in (0..).zip(places) {
        for mip in plan.mips.clone() {
            let rows = bright(&engine, mip, slot);
            let newest = engine.shown().end << engine.mip() >> mip;
            if plan.row_centre(mip, newest.saturating_sub(280)) > click as f64 {
                // Finer mips hold less than the whole ring.
                continue;
            }
            assert!(!rows.is_empty(), "no click of channel {slot} on mip {mip}");
            for row in rows {
                assert!(
                    plan.row_start(mip, row) <= click && click < plan.row_end(mip, row),
                    "channel {slot} mip {mip} row {row}"
                );
            }
        }
    }
}

/// Every mip is the maximum of the one below it, also where live sound and history meet.
#[test]
fn a_row_is_the_maximum_of_the_two_below() {
    let (mut writer, ring) = clicks(1, &[100_000], 501);
    let mut engine = Rig::new(ring, vec![0], 300);
    engine.settle();
    for blocks in [1, 3, 2, 5, 1, 1, 7, 2, 1, 90] {
        write_clicks(&mut writer, &[245_678], blocks);
        engine.step();
    }
    engine.settle();
    let plan = engine.plan().clone();
    let field = engine.the::<HeightField>();
    for mip in 1..plan.mips.end {
        let below = field.shown_rows(mip - 1).unwrap();
        let rows = field.shown_rows(mip).unwrap();
        let both = below.start.div_ceil(2).max(rows.start)..rows.end;
        assert!(both.end - both.start > 100, "{both:?}");
        for row in both {
            let (a, b) = (
                engine.row_of(mip - 1, 0, 2 * row),
                engine.row_of(mip - 1, 0, 2 * row + 1),
            );
            let most: Vec<f32> = a.iter().zip(b).map(|(a, b)| a.max(*b)).collect();
            assert_eq!(engine.row_of(mip, 0, row), most, "mip {mip} row {row}");
        }
    }
}

/// Another span shows another mip at once: nothing is analysed again, as long as the rows are as
/// short as the span has room for.
#[test]
fn a_span_picks_a_level_without_new_work() {
    let (_writer, ring) = clicks(2, &[100_000, 300_000], 900);
    let mut engine = Rig::new(ring, vec![0, 1], 300);
    let due = |engine: &Rig| {
        let progress = engine.the::<AnalysisProgress>();
        (progress.columns_due, engine.plan().generation)
    };
    engine.settle();
    let before = due(&engine);
    for (span_secs, mip) in [(2.5, 0), (4.0, 1), (9.0, 2), (1.6, 0), (30.0, 2)] {
        engine.the_mut::<ViewSettings>().span_secs = span_secs;
        engine.step();
        assert_eq!(engine.mip(), mip, "{span_secs} s");
    }
    assert_eq!(due(&engine), before);
}

/// When the sound has ended, what is left of a coarse row is shown too.
#[test]
fn a_click_at_the_very_end_is_seen_once_the_sound_has_ended() {
    for blocks in 590..600 {
        let click = blocks * u64::from(BLOCK) - 1200;
        let (_writer, ring) = clicks(1, &[click], blocks);
        let mut engine = Rig::new(ring, vec![0], 300);
        engine.the_mut::<ViewSettings>().span_secs = 9.0;
        engine.settle();
        engine.the_mut::<StreamStatus>().held = true;
        engine.settle();
        assert_eq!(engine.mip(), 2);
        assert!(!bright(&engine, 2, 0).is_empty(), "{blocks} blocks");
    }
}
