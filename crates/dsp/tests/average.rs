//! Averages and held maxima against the definitions.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::average::{MaxHold, PowerAverage};
use soundfall_dsp::level::{DB_ERROR, POWER_ERROR, db_to_power, power_to_db};

/// The exponentially weighted mean by its definition: the integral over all columns.
fn naive(columns: &[(f32, f64)], tau: f64) -> f64 {
    let (mut age, mut sum, mut weights) = (0.0f64, 0.0, 0.0);
    for &(db, secs) in columns.iter().rev() {
        let weight = if tau.is_infinite() {
            secs
        } else {
            (-age / tau).exp() - (-(age + secs) / tau).exp()
        };
        sum += weight * 10f64.powf(f64::from(db) / 10.0);
        weights += weight;
        age += secs;
    }
    10.0 * (sum / weights).log10()
}

proptest! {
    #[test]
    fn the_average_is_the_weighted_mean_of_powers(
        columns in prop::collection::vec((-120.0f32..10.0, 0.001f64..0.1), 1..60),
        tau in prop_oneof![0.01f64..3.0, Just(f64::INFINITY)],
    ) {
        let mut average = PowerAverage::new(2, tau);
        for &(db, secs) in &columns {
            average.push(&[db, -50.0], secs);
        }
        let mut out = [0.0; 2];
        average.levels(&mut out);
        let expected = naive(&columns, tau);
        // Single precision: what is 60 dB below what was loud just now is lost in rounding.
        prop_assert!((f64::from(out[0]) - expected).abs() < 0.01, "{} {}", out[0], expected);
        prop_assert!((out[1] + 50.0).abs() < 0.001, "{}", out[1]);
    }

    #[test]
    fn powers_are_right_within_the_stated_error(db in -200.0f32..60.0) {
        let exact = 10f64.powf(f64::from(db) / 10.0);
        let ours = f64::from(db_to_power(db));
        prop_assert!((ours / exact - 1.0).abs() < f64::from(POWER_ERROR), "{} {}", ours, exact);
        prop_assert!((power_to_db(db_to_power(db)) - db).abs() < DB_ERROR + 1e-4);
    }

    #[test]
    fn any_level_is_survived(
        levels in prop::collection::vec(prop::num::f32::ANY, 1..40),
        secs in prop::num::f64::ANY,
        tau in prop::num::f64::ANY,
    ) {
        let mut average = PowerAverage::new(levels.len(), tau);
        let mut hold = MaxHold::falling(levels.len(), tau, secs);
        let mut out = vec![0.0; levels.len()];
        for _ in 0..3 {
            average.push(&levels, secs);
            hold.push(&levels, secs);
            average.levels(&mut out);
            prop_assert!(out.iter().all(|x| (-200.0..=390.0).contains(x)), "{:?}", out);
            prop_assert!(!hold.levels().iter().any(|x| x.is_nan()));
        }
    }

    #[test]
    fn held_maxima_are_the_maxima(
        columns in prop::collection::vec(prop::collection::vec(-150.0f32..0.0, 37), 1..30),
    ) {
        let mut hold = MaxHold::new(37);
        for column in &columns {
            hold.push(column, 0.01);
        }
        for (bin, &top) in hold.levels().iter().enumerate() {
            let expected = columns.iter().map(|c| c[bin]).fold(f32::MIN, f32::max);
            prop_assert_eq!(top, expected);
        }
    }

    #[test]
    fn falling_maxima_follow_their_definition(
        levels in prop::collection::vec(-100.0f32..0.0, 1..80),
        hold_columns in 0u32..10,
        fall in 0.0f64..40.0,
    ) {
        // Halves of the column time, so that rounding decides nothing.
        let secs = 0.125;
        let mut hold = MaxHold::falling(1, (f64::from(hold_columns) + 0.5) * secs, fall);
        for now in 0..levels.len() {
            hold.push(&levels[now..=now], secs);
            let expected = (0..=now)
                .map(|at| {
                    let fallen = ((now - at) as f64 - f64::from(hold_columns)).max(0.0);
                    f64::from(levels[at]) - fallen * fall * secs
                })
                .fold(f64::MIN, f64::max);
            // A later, lower maximum is held no longer than an earlier one hides it: ours may
            // be lower than that, but never above, nor below what is there now.
            let ours = f64::from(hold.levels()[0]);
            prop_assert!(ours <= expected + 1e-3, "{} {}", ours, expected);
            prop_assert!(ours >= f64::from(levels[now]));
        }
    }
}

#[test]
fn noise_is_averaged_as_power() {
    // Levels of exponentially distributed powers of mean 1: their mean in dB is -2.5.
    let mut average = PowerAverage::new(1, f64::INFINITY);
    for i in 0..10_000 {
        let power = -((f64::from(i) + 0.5) / 10_000.0).ln();
        average.push(&[(10.0 * power.log10()) as f32], 0.01);
    }
    let mut out = [0.0];
    average.levels(&mut out);
    assert!(out[0].abs() < 0.01, "{}", out[0]);
}

#[test]
fn a_time_constant_of_0_shows_every_column_and_clear_forgets() {
    let mut average = PowerAverage::new(1, 0.0);
    let mut out = [0.0];
    for db in [-10.0, -90.0, -30.0] {
        average.push(&[db], 0.01);
        average.levels(&mut out);
        assert!((out[0] - db).abs() < 0.001);
    }
    average.clear();
    average.levels(&mut out);
    assert_eq!(out, [-200.0]);
    let mut hold = MaxHold::new(1);
    hold.push(&[-3.0], 0.1);
    hold.clear();
    assert_eq!(hold.levels(), [-200.0]);
}
