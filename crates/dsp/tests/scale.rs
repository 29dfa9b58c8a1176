//! Scales against published figures, their inverses, and axes.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::scale::{AxisError, FrequencyAxis, Scale};

#[test]
fn published_figures_are_met() {
    // O'Shaughnessy: 1000 mel at 1000 Hz by construction.
    assert!((Scale::Mel.from_hz(1000.0) - 1000.0).abs() < 0.02);
    // Zwicker's critical-band edges 1 to 24 Bark (J. Acoust. Soc. Am. 33, 1961, p. 248), which
    // Traunmüller's formula meets within 0.05 Bark from 0.2 to 6.7 kHz, beyond with corrections.
    let edges = [
        100.0, 200.0, 300.0, 400.0, 510.0, 630.0, 770.0, 920.0, 1080.0, 1270.0, 1480.0, 1720.0,
        2000.0, 2320.0, 2700.0, 3150.0, 3700.0, 4400.0, 5300.0, 6400.0, 7700.0, 9500.0, 12_000.0,
        15_500.0,
    ];
    for (edge, hz) in edges.into_iter().enumerate() {
        let off = (Scale::Bark.from_hz(hz) - (edge + 1) as f64).abs();
        // Rounded as it is in the paper.
        let stated = (200.0..=6700.0).contains(&hz);
        assert!(off < if stated { 0.055 } else { 0.1 }, "{hz}: {off}");
    }
    // Glasberg & Moore: the bandwidth 24.7·(4.37 f/kHz + 1) is the slope's inverse.
    for hz in [50.0, 500.0, 1000.0, 8000.0] {
        let slope = (Scale::Erb.from_hz(hz + 0.5) - Scale::Erb.from_hz(hz - 0.5)).recip();
        assert!(
            (slope / (24.7 * (0.00437 * hz + 1.0)) - 1.0).abs() < 0.01,
            "{hz}"
        );
    }
    // The number of bandwidths below f: 1/bandwidth summed over frequency from 0 Hz, which the
    // authors give with the rounded factor 21.4 for 21.33.
    let (mut sum, mut hz) = (0.0, 0.0);
    for end in [100.0, 1000.0, 4000.0, 15_000.0] {
        while hz < end {
            sum += 0.5 / (24.7 * (0.00437 * (hz + 0.25) + 1.0));
            hz += 0.5;
        }
        assert!((Scale::Erb.from_hz(end) / sum - 1.0).abs() < 0.004, "{end}");
    }
    assert_eq!(Scale::Log.from_hz(880.0) - Scale::Log.from_hz(440.0), 1.0);
}

#[test]
fn names_are_read_back() {
    for scale in Scale::ALL {
        assert_eq!(scale.to_string().parse(), Ok(scale));
    }
    assert!(
        "octave"
            .parse::<Scale>()
            .unwrap_err()
            .to_string()
            .contains("erb")
    );
}

#[test]
fn impossible_axes_are_refused() {
    let new = FrequencyAxis::new;
    for (low, high) in [
        (100.0, 100.0),
        (200.0, 100.0),
        (-1.0, 100.0),
        (f64::NAN, 100.0),
        (0.0, f64::NAN),
        (0.0, f64::INFINITY),
    ] {
        assert!(matches!(
            new(Scale::Linear, low, high, 8),
            Err(AxisError::Range { .. })
        ));
    }
    assert_eq!(
        new(Scale::Log, 0.0, 100.0, 8),
        Err(AxisError::LogFromZero { min_hz: 0.0 })
    );
    assert_eq!(new(Scale::Mel, 0.0, 100.0, 0), Err(AxisError::NoBins));
    assert!(FrequencyAxis::whole(Scale::Log, 30.0, 8).is_err());
}

proptest! {
    #[test]
    fn every_scale_rises_and_has_its_inverse(hz in 1.0f64..100_000.0, step in 1.001f64..2.0) {
        for scale in Scale::ALL {
            prop_assert!(scale.from_hz(hz * step) > scale.from_hz(hz));
            prop_assert!((scale.to_hz(scale.from_hz(hz)) / hz - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn an_axis_goes_both_ways(
        index in 0usize..5,
        low in 1.0f64..1000.0,
        width in 1.0f64..90_000.0,
        position in 0.0f64..1.0,
        bins in 1usize..3000,
    ) {
        let axis = FrequencyAxis::new(Scale::ALL[index], low, low + width, bins).unwrap();
        prop_assert!((axis.position(axis.hz(position)) - position).abs() < 1e-6);
        prop_assert_eq!(axis.hz(0.0), low);
        prop_assert_eq!(axis.hz(1.0), low + width);
        let bin = axis.bin(axis.hz(position)).unwrap();
        prop_assert!((bin as f64 - position * bins as f64).abs() < 1.001);
        prop_assert_eq!(axis.bin(low - 0.5), None);
        prop_assert_eq!(axis.bin(low + width), Some(bins - 1));
    }
}
