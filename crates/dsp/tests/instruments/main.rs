//! The engine of all instruments: against the single ones, on signals whose answers are known, on
//! streams with losses.
#![allow(clippy::unwrap_used, reason = "tests")]

mod follower;
mod gaps;
mod known;
mod single;

use std::ops::Range;

use soundfall_dsp::instruments::{
    InstrumentReport, InstrumentSet, InstrumentSettings, Instruments,
};
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stft::StftParams;

const RATE: u32 = 48_000;
const COLUMNS: usize = 128;

fn settings(channels: usize, wanted: InstrumentSet) -> InstrumentSettings {
    let axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, COLUMNS).unwrap();
    let mut settings = InstrumentSettings::new(StftParams::default(), axis, RATE, channels);
    settings.wanted = wanted;
    settings
}

/// One second of a sine over noise, another one on every channel; the noise is in all of them.
fn sound(channels: usize) -> Vec<Vec<f32>> {
    let mut state = 1u32;
    let noise: Vec<f64> = (0..RATE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state as i32) / 2_147_483_648.0 * 0.01
        })
        .collect();
    let one = |channel: usize| {
        let hz = 440.0 * (channel + 1) as f64;
        let sample = |(i, noise): (usize, &f64)| {
            let sine = (std::f64::consts::TAU * hz * i as f64 / f64::from(RATE)).sin();
            (noise + 0.5 * sine) as f32
        };
        noise.iter().enumerate().map(sample).collect()
    };
    (0..channels).map(one).collect()
}

fn planar(sound: &[Vec<f32>], frames: Range<usize>) -> Vec<f32> {
    sound
        .iter()
        .flat_map(|channel| channel[frames.clone()].iter().copied())
        .collect()
}

fn whole(settings: InstrumentSettings, sound: &[Vec<f32>]) -> InstrumentReport {
    let mut instruments = Instruments::new(settings).unwrap();
    instruments.push(0, &planar(sound, 0..sound[0].len()));
    instruments.report()
}

/// Equal but for the rounding of sums over other blocks.
#[track_caller]
fn assert_near(a: &InstrumentReport, b: &InstrumentReport) {
    let near = |a: f32, b: f32| assert!((a - b).abs() < 1e-3, "{a} {b}");
    let (mut a, mut b) = (a.clone(), b.clone());
    for (a, b) in a.channels.iter_mut().zip(&mut b.channels) {
        let (level_a, level_b) = (a.level.take().unwrap(), b.level.take().unwrap());
        near(level_a.peak_dbfs, level_b.peak_dbfs);
        near(level_a.rms_dbfs, level_b.rms_dbfs);
        assert_eq!(level_a.held_dbfs, level_b.held_dbfs);
    }
    let (pair_a, pair_b) = (a.pair.take().unwrap(), b.pair.take().unwrap());
    near(pair_a.correlation.unwrap(), pair_b.correlation.unwrap());
    near(pair_a.balance_db.unwrap(), pair_b.balance_db.unwrap());
    assert_eq!(pair_a.points, pair_b.points);
    assert_eq!(a, b);
}
