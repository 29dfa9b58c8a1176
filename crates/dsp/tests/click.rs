//! Proof that nothing is lost on the way to the screen: one loud sample, on any channel, at any
//! place, is seen at every level of time, on every axis, at every zoom.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::envelope::{MinMaxRms, points};
use soundfall_dsp::pyramid::{EnvelopePyramid, MaxRows};
use soundfall_dsp::scale::{BinMap, FrequencyAxis, Scale};
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_dsp::window::Window;

const LEVELS: usize = 9;

/// The level a click of amplitude 1 has at the least, in every bin: under the best of the
/// columns it lies in, where hops are at most half a window.
fn lowest_level(params: &StftParams, click: usize, columns: usize) -> f64 {
    let window = params.window.coefficients(params.window_size);
    let sum: f64 = window.iter().sum();
    (0..columns)
        .filter_map(|c| click.checked_sub(c * params.hop_frames))
        .filter_map(|at| window.get(at))
        .map(|w| 20.0 * (w / sum).max(1e-10).log10())
        .fold(-200.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_click_is_seen_in_the_spectra_of_its_channel_at_every_level_and_axis(
        channels in 1usize..5,
        on in 0usize..5,
        exponent in 6u32..10,
        hops_per_window in 2usize..9,
        columns in 4usize..120,
        place in 0.0f64..1.0,
        first in 0u64..1000,
        scale in 0usize..5,
        width in 1usize..600,
    ) {
        let on = on % channels;
        let size = 1usize << exponent;
        let params = StftParams::new(Window::Hann, size, size / hops_per_window).unwrap();
        let frames = size + (columns - 1) * params.hop_frames;
        // Not in the half windows at both ends, which no column looks at in full.
        let click = size / 2 + (place * (frames - size) as f64) as usize;
        let mut samples = vec![vec![0.0f32; frames]; channels];
        samples[on][click] = 1.0;
        let slices: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
        let mut levels = vec![0.0; channels * columns * params.bins()];
        prop_assert_eq!(Stft::new(&params).unwrap().batch(&slices, &mut levels), columns);
        // Half the window apart, a Hann window is at least at half its height somewhere.
        let least = lowest_level(&params, click, columns);
        let half = 20.0 * (0.5 / (size as f64 / 2.0)).log10();
        prop_assert!(least > half - 0.01, "{} {}", least, half);

        let axis = FrequencyAxis::new(Scale::ALL[scale], 20.0, 20_000.0, width).unwrap();
        let map = BinMap::new(&axis, 48_000.0, params.fft_size);
        let mut row = vec![0.0; width];
        for channel in 0..channels {
            let block = &levels[channel * columns * params.bins()..][..columns * params.bins()];
            // In absolute columns; the click lies in these.
            let hop = params.hop_frames;
            let touched = click.saturating_sub(size - 1).div_ceil(hop)..(click / hop + 1).min(columns);
            let mut rows = MaxRows::new(params.bins(), LEVELS, first);
            let mut seen = [false; LEVELS];
            let mut check = |level: usize, index: u64, values: &[f32]| {
                map.apply(values, &mut row);
                let shown = row.iter().copied().fold(f32::INFINITY, f32::min);
                let covers = touched
                    .clone()
                    .any(|column| (first + column as u64) >> level == index);
                // All bins and so all columns of the axis are that high, or all at the floor.
                if channel == on && covers {
                    seen[level] |= f64::from(shown) > least - 0.02;
                } else {
                    assert!(row.iter().all(|&db| db == -200.0), "invented at level {level}");
                }
            };
            for column in block.chunks_exact(params.bins()) {
                rows.push(column, |r| check(r.level, r.index, r.row));
            }
            let mut open = vec![0.0; params.bins()];
            for level in 0..LEVELS {
                if let Some(index) = rows.open_row(level, &mut open) {
                    check(level, index, &open);
                }
            }
            prop_assert!(channel != on || seen.iter().all(|&s| s), "{:?}", seen);
        }
    }

    #[test]
    fn a_click_is_seen_in_the_lane_of_its_channel_at_every_level_and_zoom(
        channels in 1usize..5,
        on in 0usize..5,
        history in 100u64..60_000,
        first in 0u64..1_000_000,
        place in 0.0f64..1.0,
        piece in 1usize..5000,
        width in 1usize..800,
        amplitude in prop_oneof![-1.0f32..-0.01, 0.01f32..1.0],
    ) {
        let on = on % channels;
        let click = ((place * history as f64) as u64).min(history - 1);
        for channel in 0..channels {
            let mut samples = vec![0.0f32; history as usize];
            if channel == on {
                samples[click as usize] = amplitude;
            }
            let mut pyramid = EnvelopePyramid::new(history, first);
            for chunk in samples.chunks(piece) {
                pyramid.push(chunk);
            }
            let shows = |e: &MinMaxRms| e.min == amplitude || e.max == amplitude;
            for level in 0..pyramid.levels() {
                let index = (first + click) / pyramid.entry_frames(level);
                prop_assert_eq!(shows(&pyramid.entry(level, index)), channel == on, "level {}", level);
            }
            // Every zoom from all of the history down to a few frames around the click.
            let mut out = vec![MinMaxRms::EMPTY; width];
            let mut span = history;
            while span > 0 {
                let start = first + click.saturating_sub(span / 2).min(history - span);
                pyramid.summarise(start..start + span, &mut out);
                prop_assert_eq!(out.iter().any(shows), channel == on, "span {}", span);
                span /= 2;
            }
            points(&samples, &mut out);
            prop_assert_eq!(out.iter().any(shows), channel == on);
        }
    }
}
