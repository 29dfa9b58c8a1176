//! Rows of a height field against columns taken one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::ops::Range;

use half::f16;
use proptest::prelude::*;
use soundfall_dsp::rows::{
    HOLE, RowEngine, RowShape, RowSpan, merge_rows, push_holes, stored_level,
};
use soundfall_dsp::scale::{BinMap, FrequencyAxis, Scale};
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_dsp::window::Window;

const WIDTH: usize = 24;
const RATE: u32 = 48_000;

fn shape(size: usize, hop: usize) -> RowShape {
    let stft = StftParams::new(Window::Hann, size, hop).unwrap();
    let axis = FrequencyAxis::new(Scale::Linear, 0.0, 24_000.0, WIDTH).unwrap();
    RowShape::new(stft, axis, RATE)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(2)
        .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
        .collect()
}

/// Some sound in which every frame differs.
fn sound(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
    (0..frames)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let envelope = (i as f32 * 0.004).sin().powi(2);
            state as i32 as f32 / 2_147_483_648.0 * envelope
        })
        .collect()
}

/// The stored mips of one column by a transform and a map of our own making.
fn column(stft: StftParams, frames: &[f32]) -> Vec<f32> {
    let axis = FrequencyAxis::new(Scale::Linear, 0.0, 24_000.0, WIDTH).unwrap();
    let map = BinMap::new(&axis, f64::from(RATE), stft.fft_size);
    let mut engine = Stft::new(&stft).unwrap();
    let (mut bins, mut out) = (vec![0.0; engine.bins()], vec![0.0; WIDTH]);
    engine.column(frames, &mut bins);
    map.apply(&bins, &mut out);
    out.iter().map(|&db| stored_level(db)).collect()
}

/// Rows of one of `channels` channels.
fn made(shape: &RowShape, span: &RowSpan, samples: &[f32], lost: &[Range<u64>]) -> Vec<u8> {
    let mut out = vec![0; span.total_rows() as usize * WIDTH * 2];
    let is_lost = |frames: Range<u64>| {
        lost.iter()
            .any(|l| l.start < frames.end && l.end > frames.start)
    };
    let mut bench = RowEngine::new(&shape.stft).unwrap();
    // Twice with the same bench: the second must not remember the first.
    bench.rows(shape, span, samples, is_lost, (0, 1), &mut out);
    bench.rows(shape, span, samples, is_lost, (0, 1), &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Every row of every mip is the maximum of the columns it covers, whatever part of the
    /// stream a job has and however few columns are analysed.
    #[test]
    fn rows_are_the_maxima_of_their_columns(
        start in 0u64..1000,
        count in 1u64..40,
        first_level in 0u32..3,
        mips in 1u32..4,
        every_log2 in 0u32..4,
        halvings in 0u32..3,
        seed in 0u32..1000,
    ) {
        let whole = shape(256, 64);
        let shape = whole.shortened(halvings);
        prop_assert_eq!(shape.stft.window_size, 256 >> halvings.min(2));
        prop_assert_eq!(shape.lead_in(&whole) as usize * 2 + shape.stft.window_size, 256);
        let span = RowSpan {
            columns: start..start + count,
            mips: first_level..first_level + mips,
            every: 1 << every_log2,
        };
        let samples = sound(shape.frames(count) as usize, seed);
        let bytes = made(&shape, &span, &samples, &[]);

        // Column by column; those that are left out repeat the one before.
        let mut columns: Vec<Vec<f32>> = Vec::new();
        let mut analysed = 0;
        for c in span.columns.clone() {
            let repeated = c > start && c % span.every != 0;
            let next = if repeated {
                columns.last().unwrap().clone()
            } else {
                analysed += 1;
                let at = (c - start) as usize * 64;
                column(shape.stft, &samples[at..at + shape.stft.window_size])
            };
            columns.push(next);
        }
        prop_assert_eq!(span.analysed(), analysed);
        let mut at = 0;
        for mip in span.mips.clone() {
            prop_assert_eq!(span.first_row(mip, 1) as usize, at / WIDTH / 2);
            for row in span.rows(mip) {
                let mut expected = [0.0_f32; WIDTH];
                for (c, column) in span.columns.clone().zip(&columns) {
                    if c >> mip == row {
                        for (top, &new) in expected.iter_mut().zip(column) {
                            *top = top.max(new);
                        }
                    }
                }
                let got = floats(&bytes[at..at + WIDTH * 2]);
                at += WIDTH * 2;
                for (got, want) in got.iter().zip(expected) {
                    prop_assert!((got - want).abs() <= 2.5e-4, "mip {} row {}: {} {}", mip, row, got, want);
                }
            }
        }
        prop_assert_eq!(at, bytes.len());
    }

    /// Two jobs side by side, merged where they share a row, give what one job gives.
    #[test]
    fn parts_merge_to_the_whole(start in 0u64..100, first in 1u64..20, second in 1u64..20, seed in 0u32..100) {
        let shape = shape(128, 32);
        let span = |columns: Range<u64>| RowSpan { columns, mips: 3..4, every: 1 };
        let end = start + first + second;
        let samples = sound(shape.frames(first + second) as usize, seed);
        let whole = made(&shape, &span(start..end), &samples, &[]);
        let (a, b) = (span(start..start + first), span(start + first..end));
        let mut merged = vec![0; whole.len()];
        for part in [a, b] {
            let from = (part.columns.start - start) as usize * 32;
            let bytes = made(&shape, &part, &samples[from..from + shape.frames(part.columns.end - part.columns.start) as usize], &[]);
            let at = (part.rows(3).start - (start >> 3)) as usize * WIDTH * 2;
            merge_rows(&mut merged[at..at + bytes.len()], &bytes);
        }
        prop_assert_eq!(merged, whole);
    }
}

#[test]
fn a_row_that_touches_a_loss_is_a_hole_on_every_level() {
    let shape = shape(256, 128);
    let span = RowSpan {
        columns: 0..8,
        mips: 0..3,
        every: 1,
    };
    let samples = vec![0.1; shape.frames(8) as usize];
    // Column c covers the frames 128·c … 128·c + 255: lost are 3 and 4.
    let lost = std::iter::once(600..601).collect::<Vec<_>>();
    let bytes = made(&shape, &span, &samples, &lost);
    let holes: Vec<bool> = floats(&bytes)
        .chunks(WIDTH)
        .map(|row| {
            assert!(row.iter().all(|&mip| (mip == HOLE) == (row[0] == HOLE)));
            row[0] == HOLE
        })
        .collect();
    let (t, f) = (true, false);
    assert_eq!(holes[..8], [f, f, f, t, t, f, f, f]);
    assert_eq!(holes[8..12], [f, t, t, f]);
    assert_eq!(holes[12..], [t, t]);
}

#[test]
fn a_hole_stays_when_rows_are_merged() {
    let mut hole = Vec::new();
    push_holes(3, &mut hole);
    assert_eq!(floats(&hole), [HOLE; 3]);
    let loud: Vec<u8> = [0.0, 1.0, 1.25]
        .iter()
        .flat_map(|&v| f16::from_f32(v).to_le_bytes())
        .collect();
    let mut top = loud.clone();
    merge_rows(&mut top, &hole);
    assert_eq!(top, hole);
    merge_rows(&mut top, &loud);
    assert_eq!(top, hole);
}
