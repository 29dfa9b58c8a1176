//! Correlation, balance and goniometer against their definitions.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use proptest::prelude::*;
use soundfall_dsp::stereo::{CorrelationMeter, correlation, goniometer, goniometer_point};

fn sine(phase: f64) -> Vec<f32> {
    (0..4800)
        .map(|i| (std::f64::consts::TAU * f64::from(i) / 48.0 + phase).sin() as f32)
        .collect()
}

#[test]
fn the_correlation_of_two_sines_is_the_cosine_of_their_phase() {
    for degrees in (0..=360).step_by(15) {
        let phase = f64::from(degrees).to_radians();
        let (left, right) = (sine(0.0), sine(phase));
        let ours = correlation(&left, &right).unwrap();
        assert!((ours - phase.cos()).abs() < 1e-6, "{degrees}: {ours}");
        let mut meter = CorrelationMeter::new(48_000.0, f64::INFINITY);
        meter.push(&left, &right);
        assert!((meter.correlation().unwrap() - ours).abs() < 1e-9);
    }
}

proptest! {
    #[test]
    fn the_meter_is_the_weighted_correlation_whatever_the_blocks(
        pieces in prop::collection::vec(1usize..300, 1..12),
        tau in 0.001f64..0.1,
        mix in -1.0f32..1.0,
    ) {
        let n: usize = pieces.iter().sum();
        let left: Vec<f32> = common::gaussian_noise(n, 0.2, 3).iter().map(|x| *x as f32).collect();
        let right: Vec<f32> = common::gaussian_noise(n, 0.1, 4)
            .iter()
            .zip(&left)
            .map(|(x, l)| *x as f32 + mix * l)
            .collect();
        let mut meter = CorrelationMeter::new(8000.0, tau);
        let mut at = 0;
        for piece in pieces {
            meter.push(&left[at..at + piece], &right[at..at + piece]);
            at += piece;
        }
        let (mut ll, mut rr, mut lr) = (0.0, 0.0, 0.0);
        for i in 0..n {
            let weight = (-((n - 1 - i) as f64) / 8000.0 / tau).exp();
            let (l, r) = (f64::from(left[i]), f64::from(right[i]));
            ll += weight * l * l;
            rr += weight * r * r;
            lr += weight * l * r;
        }
        let expected = lr / (ll * rr).sqrt();
        let ours = meter.correlation().unwrap();
        prop_assert!((ours - expected).abs() < 1e-9, "{} {}", ours, expected);
        let balance = 10.0 * (rr / ll).log10();
        prop_assert!((meter.balance_db().unwrap() - balance).abs() < 1e-6);
    }

    #[test]
    fn no_excursion_is_lost(
        n in 1usize..3000,
        points in 1usize..400,
        at in 0.0f64..1.0,
    ) {
        let at = ((at * n as f64) as usize).min(n - 1);
        let (mut left, mut right) = (vec![0.01; n], vec![0.01; n]);
        left[at] = -0.9;
        right[at] = 0.3;
        let mut out = vec![[9.0; 2]; points];
        let written = goniometer(&left, &right, &mut out);
        prop_assert_eq!(written, points.min(n));
        prop_assert!(out[..written].contains(&goniometer_point(-0.9, 0.3)));
        prop_assert!(out[written..].iter().all(|p| *p == [9.0; 2]));
    }

    #[test]
    fn anything_is_survived(left in prop::collection::vec(prop::num::f32::ANY, 0..50), right in prop::collection::vec(prop::num::f32::ANY, 0..50)) {
        let mut meter = CorrelationMeter::new(48_000.0, 0.3);
        meter.push(&left, &right);
        for c in [meter.correlation(), correlation(&left, &right)].into_iter().flatten() {
            prop_assert!((-1.0..=1.0).contains(&c));
        }
        let mut out = [[0.0; 2]; 20];
        let n = goniometer(&left, &right, &mut out);
        prop_assert!(out[..n].iter().flatten().all(|x| x.is_finite()));
    }
}

#[test]
fn mid_is_up_and_left_is_to_the_left() {
    let close = |[x, y]: [f32; 2], ex: f32, ey: f32| (x - ex).abs() < 1e-6 && (y - ey).abs() < 1e-6;
    let root = 0.5f32.sqrt();
    assert!(close(goniometer_point(root, root), 0.0, 1.0));
    assert!(close(goniometer_point(root, -root), -1.0, 0.0));
    assert!(close(goniometer_point(1.0, 0.0), -root, root));
    assert!(close(goniometer_point(0.0, 1.0), root, root));
}

#[test]
fn silence_has_no_correlation() {
    let mut meter = CorrelationMeter::new(48_000.0, 0.3);
    assert_eq!((meter.correlation(), meter.balance_db()), (None, None));
    meter.push(&[0.0; 100], &[0.0; 100]);
    assert_eq!((meter.correlation(), meter.balance_db()), (None, None));
    meter.push(&[0.5; 100], &[0.0; 100]);
    assert_eq!(meter.correlation(), None);
    assert!(meter.balance_db().unwrap() < -100.0);
    meter.clear();
    assert_eq!(meter.balance_db(), None);
    assert_eq!(correlation(&[], &[1.0]), None);
}
