//! Bins to columns: no peak lost, nothing invented, smooth where narrow.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::scale::{BinMap, FrequencyAxis, Scale};

const RATE: f64 = 48_000.0;

fn apply(axis: &FrequencyAxis, fft: usize, bins: &[f32]) -> Vec<f32> {
    let mut out = vec![9.0; axis.bins()];
    BinMap::new(axis, RATE, fft).apply(bins, &mut out);
    out
}

/// Any axis, from far narrower than a bin a column to the whole spectrum in one.
fn axes() -> impl Strategy<Value = FrequencyAxis> {
    (0usize..5, 1.0f64..20_000.0, 0.001f64..1.5, 1usize..700).prop_map(
        |(scale, low, share, columns)| {
            let high = low + share * (24_000.0 - low);
            FrequencyAxis::new(Scale::ALL[scale], low, high, columns).unwrap()
        },
    )
}

/// The definition, in `f64`: the monotone cubic at both edges, and every bin between.
fn naive(axis: &FrequencyAxis, fft: usize, bins: &[f32]) -> Vec<f64> {
    let last = bins.len() - 1;
    let level = |k: usize| f64::from(bins[k.min(last)]);
    let rise = |k: usize| {
        if k >= last {
            0.0
        } else {
            level(k + 1) - level(k)
        }
    };
    let tangent = |k: usize| {
        let (a, b) = (if k == 0 { 0.0 } else { rise(k - 1) }, rise(k));
        if a * b > 0.0 {
            2.0 * a * b / (a + b)
        } else {
            0.0
        }
    };
    let curve = |place: f64| {
        let k = (place as usize).min(last - 1);
        let t = place - k as f64;
        let (t2, t3) = (t * t, t * t * t);
        (2.0 * t3 - 3.0 * t2 + 1.0) * level(k)
            + (t3 - 2.0 * t2 + t) * tangent(k)
            + (3.0 * t2 - 2.0 * t3) * level(k + 1)
            + (t3 - t2) * tangent(k + 1)
    };
    (0..axis.bins())
        .map(|column| {
            let place = |c: usize| axis.edge_hz(c) * fft as f64 / RATE;
            let (low, high) = (place(column), place(column + 1).min(last as f64));
            if low > last as f64 {
                return -200.0;
            }
            (low.ceil() as usize..=high.floor() as usize)
                .map(level)
                .fold(curve(low).max(curve(high)), f64::max)
        })
        .collect()
}

proptest! {
    #[test]
    fn columns_equal_the_definition(
        axis in axes(),
        levels in prop::collection::vec(-200.0f32..20.0, 2..600),
    ) {
        let fft = (levels.len() - 1) * 2;
        let ours = apply(&axis, fft, &levels);
        for (ours, theirs) in ours.iter().zip(naive(&axis, fft, &levels)) {
            prop_assert!((f64::from(*ours) - theirs).abs() < 1e-3, "{} {}", ours, theirs);
        }
    }

    #[test]
    fn a_peak_in_any_bin_is_seen_at_its_height(axis in axes(), fft in 64usize..2048, at in 0.0f64..1.0) {
        let bins = fft / 2 + 1;
        let peak = ((at * bins as f64) as usize).min(bins - 1);
        let mut levels = vec![-120.0; bins];
        levels[peak] = -3.0;
        let out = apply(&axis, fft, &levels);
        let hz = peak as f64 * RATE / fft as f64;
        if let Some(column) = axis.bin(hz) {
            // Rounding may put a bin on an edge into the neighbour.
            let around = &out[column.saturating_sub(1)..(column + 2).min(out.len())];
            prop_assert!(around.contains(&-3.0), "{:?}", around);
        }
    }

    #[test]
    fn nothing_rises_above_the_bins_around_it(
        axis in axes(),
        levels in prop::collection::vec(-200.0f32..20.0, 33..500),
    ) {
        let fft = (levels.len() - 1) * 2;
        let out = apply(&axis, fft, &levels);
        for (column, &level) in out.iter().enumerate() {
            let bin = |hz: f64| hz * fft as f64 / RATE;
            let first = bin(axis.edge_hz(column)) - 1e-9;
            let last = bin(axis.edge_hz(column + 1)) + 1e-9;
            let Some(around) = levels.get(first as usize..(last.ceil() as usize + 1).min(levels.len()))
            else {
                continue;
            };
            let top = around.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert!(level <= top.max(-200.0), "{} above {}", level, top);
        }
    }

    #[test]
    fn whatever_the_bins_the_columns_are_finite(
        axis in axes(),
        levels in prop::collection::vec(any::<f32>(), 0..200),
        fft in 1usize..400,
        rate in any::<f64>(),
    ) {
        let mut out = vec![f32::NAN; axis.bins() + 3];
        BinMap::new(&axis, rate, fft).apply(&levels, &mut out);
        prop_assert!(out.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn a_column_a_bin_shows_the_bins() {
    // Columns centred on bins 1..=31 of 64 at 48 kHz, each half a bin to both sides.
    let axis = FrequencyAxis::new(Scale::Linear, 375.0, 375.0 + 31.0 * 750.0, 31).unwrap();
    let levels: Vec<f32> = (0..33)
        .map(|k| if k % 2 == 0 { -10.0 } else { -90.0 })
        .collect();
    let out = apply(&axis, 64, &levels);
    for (column, pair) in out.windows(2).enumerate() {
        // Even bins at their height; odd ones as high as the curve gets within half a bin.
        let even = pair[(column + 1) % 2];
        assert_eq!(even, -10.0);
        assert!(pair[column % 2] <= -49.0);
    }
}

#[test]
fn between_bins_the_curve_is_smooth_and_monotone() {
    // 64 columns a bin, between two bins that rise.
    let levels: Vec<f32> = (0..33)
        .map(|k| -100.0 + (k as f32).powi(2) / 12.0)
        .collect();
    let axis = FrequencyAxis::new(Scale::Linear, 750.0 * 8.0, 750.0 * 12.0, 256).unwrap();
    let out = apply(&axis, 64, &levels);
    let steps: Vec<f32> = out.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().all(|&step| step > 0.0));
    let largest_bend = steps
        .windows(2)
        .map(|s| (s[1] - s[0]).abs())
        .fold(0.0, f32::max);
    assert!(
        largest_bend < 0.1 * steps[0],
        "{largest_bend} against {}",
        steps[0]
    );
}

#[test]
fn above_half_the_rate_there_is_only_the_floor() {
    let axis = FrequencyAxis::new(Scale::Linear, 0.0, 48_000.0, 100).unwrap();
    let out = apply(&axis, 256, &[-20.0; 129]);
    assert!(out[..50].iter().all(|&db| db == -20.0));
    assert!(out[51..].iter().all(|&db| db == -200.0));
}
