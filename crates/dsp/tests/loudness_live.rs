//! Loudness as it is read while sound runs: EBU Tech 3341's series of maxima (11, 14), and true
//! peaks of bursts that lie between the samples, in the manner of its signals 20 to 23.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::f64::consts::TAU;

use soundfall_dsp::level::db_to_amplitude;
use soundfall_dsp::meter::{LoudnessMeter, Role};

const RATE: u32 = 48_000;

/// Silence, a 1 kHz sine of `db` dBFS, silence; lengths in seconds.
fn burst(before: f64, db: f64, secs: f64, after: f64) -> Vec<f32> {
    let frames = |secs: f64| (secs * f64::from(RATE)).round() as usize;
    let mut out = vec![0.0; frames(before)];
    let sine = |i: usize| (db_to_amplitude(db) * (TAU * (i % 48) as f64 / 48.0).sin()) as f32;
    out.extend((0..frames(secs)).map(sine));
    out.resize(out.len() + frames(after), 0.0);
    out
}

/// Plays twenty bursts into a running meter, each 1 dB louder and starting later in its stretch,
/// and compares the highest reading of each stretch with the level of its tone.
fn assert_maxima_follow(
    secs: f64,
    step_secs: f64,
    stretch_secs: f64,
    read: impl Fn(&LoudnessMeter) -> Option<f64>,
) {
    let mut meter = LoudnessMeter::new(RATE, &Role::usual(2)).unwrap();
    for i in 0..20 {
        let (db, before) = (-38.0 + f64::from(i), step_secs * f64::from(i));
        let x = burst(before, db, secs, stretch_secs - before);
        let mut highest = f64::MIN;
        for chunk in x.chunks(480) {
            meter.push(&[chunk, chunk]);
            highest = highest.max(read(&meter).unwrap_or(f64::MIN));
        }
        assert!((highest - db).abs() <= 0.1, "{i}: {highest}, not {db}");
    }
}

#[test]
fn tech_3341_signal_11_successive_maxima_of_short_term_loudness() {
    assert_maxima_follow(3.0, 0.15, 3.0, LoudnessMeter::short_term_lufs);
}

#[test]
fn tech_3341_signal_14_successive_maxima_of_momentary_loudness() {
    assert_maxima_follow(0.4, 0.02, 0.4, LoudnessMeter::momentary_lufs);
}

#[test]
fn bursts_of_full_scale_are_0_dbtp_wherever_they_lie_between_the_samples() {
    // Made at four times the rate, peak 1 on its middle sample, and every fourth sample kept.
    // The burst is 32 periods of a sixth of the rate under a Hann window: nothing above half of it.
    const LEN: i32 = 32 * 24;
    for offset in 0..4 {
        let x: Vec<f32> = (0..RATE as i32)
            .map(|i| {
                let t = f64::from((i - 24_000) * 4 + offset);
                let inside = t.abs() < f64::from(LEN / 2);
                let hann = 0.5 + 0.5 * (TAU * t / f64::from(LEN)).cos();
                let sine = (TAU * t / 24.0).cos();
                if inside { (hann * sine) as f32 } else { 0.0 }
            })
            .collect();
        let mut meter = LoudnessMeter::new(RATE, &Role::usual(2)).unwrap();
        meter.push(&[&x, &x]);
        let peak = meter.true_peak_dbtp(0).unwrap();
        // The tolerance of Tech 3341: +0.2, −0.4 dB.
        assert!((-0.4..=0.2).contains(&peak), "offset {offset}: {peak}");
    }
}
