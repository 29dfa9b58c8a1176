//! Peak, RMS and loudness meters; loudness against the synthetic signals of EBU Tech 3341 and 3342.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::level::db_to_amplitude;
use soundfall_dsp::meter::{LevelMeter, LoudnessError, LoudnessMeter, Role, peak_dbfs, rms_dbfs};

const RATE: u32 = 48_000;

/// A 1 kHz sine through some stages of level (dBFS) and length (s).
fn stages(stages: &[(f64, f64)]) -> Vec<f32> {
    let mut out = Vec::new();
    for &(db, secs) in stages {
        let amplitude = db_to_amplitude(db);
        for _ in 0..(secs * f64::from(RATE)).round() as usize {
            let angle = std::f64::consts::TAU * (out.len() % 48) as f64 / 48.0;
            out.push((amplitude * angle.sin()) as f32);
        }
    }
    out
}

fn stereo() -> LoudnessMeter {
    LoudnessMeter::new(RATE, &Role::usual(2)).unwrap()
}

#[track_caller]
fn assert_near(value: Option<f64>, expected: f64, tolerance: f64) {
    let value = value.unwrap();
    assert!(
        (value - expected).abs() <= tolerance,
        "{value}, not {expected}"
    );
}

#[test]
fn tech_3341_signals_1_and_2_all_three_time_scales() {
    for db in [-23.0, -33.0] {
        let mut meter = stereo();
        let x = stages(&[(db, 20.0)]);
        meter.push(&[&x, &x]);
        assert_near(meter.momentary_lufs(), db, 0.1);
        assert_near(meter.short_term_lufs(), db, 0.1);
        assert_near(meter.integrated_lufs(), db, 0.1);
    }
}

#[test]
fn tech_3341_signals_3_to_5_are_gated() {
    for program in [
        &[(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)][..],
        &[
            (-72.0, 10.0),
            (-36.0, 10.0),
            (-23.0, 60.0),
            (-36.0, 10.0),
            (-72.0, 10.0),
        ],
        &[(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
    ] {
        let mut meter = stereo();
        let x = stages(program);
        meter.push(&[&x, &x]);
        assert_near(meter.integrated_lufs(), -23.0, 0.1);
    }
}

#[test]
fn tech_3341_signal_6_weighs_five_channels() {
    let [front, centre, surround] = [-28.0, -24.0, -30.0].map(|db| stages(&[(db, 20.0)]));
    let mut meter = LoudnessMeter::new(RATE, &Role::usual(5)).unwrap();
    meter.push(&[&front, &front, &centre, &surround, &surround]);
    assert_near(meter.integrated_lufs(), -23.0, 0.1);
    // With a channel of low-frequency effects, which does not count.
    let mut meter = LoudnessMeter::new(RATE, &Role::usual(6)).unwrap();
    meter.push(&[&front, &front, &centre, &centre, &surround, &surround]);
    assert_near(meter.integrated_lufs(), -23.0, 0.1);
}

#[test]
fn tech_3341_signals_9_and_12_read_constant() {
    let x = stages(&[(-20.0, 1.34), (-30.0, 1.66)].repeat(5));
    let mut meter = stereo();
    for (block, chunk) in x.chunks(4800).enumerate() {
        meter.push(&[chunk, chunk]);
        if block >= 30 {
            assert_near(meter.short_term_lufs(), -23.0, 0.1);
        }
    }
    let x = stages(&[(-20.0, 0.18), (-30.0, 0.22)].repeat(25));
    let mut meter = stereo();
    for (block, chunk) in x.chunks(480).enumerate() {
        meter.push(&[chunk, chunk]);
        if block >= 100 {
            assert_near(meter.momentary_lufs(), -23.0, 0.1);
        }
    }
}

#[test]
fn tech_3341_signals_10_and_13_reach_their_maximum_wherever_they_start() {
    for i in 0..20 {
        let silence = f64::from(i) * 0.15;
        let x = stages(&[(-200.0, silence), (-23.0, 3.0), (-200.0, 1.0)]);
        let mut meter = stereo();
        let mut highest = f64::MIN;
        for chunk in x.chunks(480) {
            meter.push(&[chunk, chunk]);
            highest = highest.max(meter.short_term_lufs().unwrap_or(f64::MIN));
        }
        assert_near(Some(highest), -23.0, 0.1);
        let silence = f64::from(i) * 0.02;
        let x = stages(&[(-200.0, silence), (-23.0, 0.4), (-200.0, 1.0)]);
        let mut meter = stereo();
        let mut highest = f64::MIN;
        for chunk in x.chunks(480) {
            meter.push(&[chunk, chunk]);
            highest = highest.max(meter.momentary_lufs().unwrap_or(f64::MIN));
        }
        assert_near(Some(highest), -23.0, 0.1);
    }
}

#[test]
fn tech_3341_signals_15_to_19_true_peaks_between_the_samples() {
    for (divisor, degrees, amplitude, expected) in [
        (4.0, 0.0, 0.5, -6.0),
        (4.0, 45.0, 0.5, -6.0),
        (6.0, 60.0, 0.5, -6.0),
        (8.0, 67.5, 0.5, -6.0),
        (4.0, 45.0, 1.41, 3.0),
    ] {
        let n = RATE as usize;
        let x: Vec<f32> = (0..n)
            .map(|i| {
                let phase = i as f64 / divisor * std::f64::consts::TAU + f64::to_radians(degrees);
                // A taper, so that the start is no click of its own.
                let taper = (i.min(n - i) as f64 / 4800.0).min(1.0);
                (amplitude * taper * phase.sin()) as f32
            })
            .collect();
        let mut meter = stereo();
        meter.push(&[&x, &x]);
        for channel in [0, 1] {
            let peak = meter.true_peak_dbtp(channel).unwrap();
            // The tolerance of Tech 3341: +0.2, −0.4 dB.
            assert!(
                (-0.4..=0.2).contains(&(peak - expected)),
                "{divisor} {degrees}: {peak}"
            );
        }
        assert_eq!(meter.true_peak_dbtp(2), None);
        assert_eq!(
            Some(meter.highest_true_peak_dbtp()),
            meter.true_peak_dbtp(0)
        );
    }
}

#[test]
fn tech_3342_signals_1_to_4_loudness_range() {
    for (program, expected) in [
        (&[(-20.0, 20.0), (-30.0, 20.0)][..], 10.0),
        (&[(-20.0, 20.0), (-15.0, 20.0)], 5.0),
        (&[(-40.0, 20.0), (-20.0, 20.0)], 20.0),
        (
            &[
                (-50.0, 20.0),
                (-35.0, 20.0),
                (-20.0, 20.0),
                (-35.0, 20.0),
                (-50.0, 20.0),
            ],
            15.0,
        ),
    ] {
        let mut meter = stereo();
        let x = stages(program);
        meter.push(&[&x, &x]);
        assert_near(meter.range_lu(), expected, 1.0);
    }
}

#[test]
fn planar_and_sliced_input_agree_and_bad_samples_are_silence() {
    let mut x = stages(&[(-23.0, 4.0)]);
    for i in (0..x.len()).step_by(4801) {
        x[i] = f32::NAN;
    }
    let (mut a, mut b) = (stereo(), stereo());
    let planar = [x.as_slice(), &x].concat();
    a.push(&[&x, &x]);
    b.push_planar(&planar, x.len(), x.len());
    assert_eq!(a.momentary_lufs(), b.momentary_lufs());
    assert_near(a.momentary_lufs(), -23.0, 0.2);
    a.clear();
    assert_eq!((a.momentary_lufs(), a.secs()), (None, 0.0));
    a.push(&[&[], &[]]);
    a.push(&[]);
    assert_eq!(a.integrated_lufs(), None);
}

#[test]
fn a_single_channel_may_count_twice() {
    let x = stages(&[(-23.0, 1.0)]);
    let level = |role| {
        let mut meter = LoudnessMeter::new(RATE, &[role]).unwrap();
        meter.push(&[&x]);
        meter.momentary_lufs()
    };
    assert_near(level(Role::Front), -26.0, 0.1);
    assert_near(level(Role::DualMono), -23.0, 0.1);
    assert_eq!(level(Role::Unused), None);
}

#[test]
fn impossible_meters_are_refused() {
    for (rate, roles) in [(0, 1), (3999, 2), (48_000, 0), (48_000, 65), (u32::MAX, 2)] {
        let error = LoudnessMeter::new(rate, &Role::usual(roles)).unwrap_err();
        assert!(matches!(error, LoudnessError::Format { .. }));
        assert!(error.to_string().contains("1 to 64"), "{error}");
    }
    let error = LoudnessMeter::new(RATE, &[Role::DualMono, Role::Front]).unwrap_err();
    assert_eq!(error, LoudnessError::DualMono { channels: 2 });
    assert!(LoudnessMeter::new(RATE, &Role::usual(64)).is_ok());
    assert!(LoudnessMeter::new(2_822_400, &Role::usual(1)).is_ok());
}

/// The K-weighting of a sine at 997 Hz is the same at every rate that has it: from 4 kHz on.
#[test]
fn the_lowest_rates_read_what_48_khz_reads() {
    for rate in [4000, 5000, 8000, 11_025] {
        let step = std::f64::consts::TAU * 997.0 / f64::from(rate);
        let sine: Vec<f32> = (0..4 * rate)
            .map(|i| (f64::from(i) * step).sin() as f32)
            .collect();
        let mut meter = LoudnessMeter::new(rate, &[Role::Front]).unwrap();
        meter.push(&[&sine]);
        for lufs in [
            meter.momentary_lufs(),
            meter.short_term_lufs(),
            meter.integrated_lufs(),
        ] {
            assert_near(lufs, -3.01, 0.5);
        }
    }
}

#[test]
fn a_full_scale_sine_reads_0_on_peak_and_rms() {
    let x = stages(&[(0.0, 5.0)]);
    assert!(peak_dbfs(&x).abs() < 1e-6 && rms_dbfs(&x).abs() < 1e-3);
    let mut meter = LevelMeter::new(f64::from(RATE), 0.3);
    meter.push(&x);
    assert!(meter.rms_dbfs().abs() < 0.02, "{}", meter.rms_dbfs());
    assert!(meter.peak_dbfs().abs() < 0.01);
    assert_eq!(meter.overs(), 0);
    // The peak falls 20 dB in 1.7 s, the mean square by e in 0.3 s.
    meter.push(&vec![0.0; 81_600]);
    assert!(
        (meter.peak_dbfs() + 20.0).abs() < 0.02,
        "{}",
        meter.peak_dbfs()
    );
    let expected = -10.0 / std::f64::consts::LN_10 * 1.7 / 0.3;
    assert!(
        (meter.rms_dbfs() - expected).abs() < 0.02,
        "{}",
        meter.rms_dbfs()
    );
    assert!(meter.highest_dbfs().abs() < 1e-6);
    meter.push(&[1.5, -1.0, -2.0, f32::NAN]);
    assert_eq!(meter.overs(), 2);
    meter.clear();
    assert_eq!(
        (meter.peak_dbfs(), meter.rms_dbfs(), meter.overs()),
        (-200.0, -200.0, 0)
    );
    assert_eq!((peak_dbfs(&[]), rms_dbfs(&[])), (-200.0, -200.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_level_meter_does_not_depend_on_the_blocks(
        pieces in prop::collection::vec(0usize..500, 1..12),
        rms_secs in 0.001f64..1.0,
    ) {
        let n: usize = pieces.iter().sum();
        let x: Vec<f32> = (0..n).map(|i| ((i * i) as f32 * 0.01).sin() * 1.2).collect();
        let (mut whole, mut blocks) = (LevelMeter::new(8000.0, rms_secs), LevelMeter::new(8000.0, rms_secs));
        whole.push(&x);
        let mut at = 0;
        for piece in pieces {
            blocks.push(&x[at..at + piece]);
            at += piece;
        }
        prop_assert!((whole.rms_dbfs() - blocks.rms_dbfs()).abs() < 1e-6);
        prop_assert_eq!(whole.peak_dbfs(), blocks.peak_dbfs());
        prop_assert_eq!(whole.overs(), blocks.overs());
        let mut weights = 0.0;
        let mut sum = 0.0;
        for (i, x) in x.iter().enumerate() {
            let weight = (-((n - 1 - i) as f64) / 8000.0 / rms_secs).exp();
            sum += weight * f64::from(*x).powi(2);
            weights += weight;
        }
        if n > 1 {
            let expected = 10.0 * (2.0 * sum / weights).max(1e-20).log10();
            prop_assert!((whole.rms_dbfs() - expected).abs() < 1e-6);
        }
    }
}
