//! Samples that are no numbers count as silence in every engine: what it says is what it says of
//! zeros in their place, to the last bit.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::coherence::CoherenceMeter;
use soundfall_dsp::envelope::{MinMaxRms, points};
use soundfall_dsp::instruments::{InstrumentSet, InstrumentSettings, Instruments};
use soundfall_dsp::meter::{LevelMeter, LoudnessMeter, Role, peak_dbfs, rms_dbfs};
use soundfall_dsp::pyramid::EnvelopePyramid;
use soundfall_dsp::sample::{LARGEST, SMALLEST, clean, is_valid};
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stereo::{CorrelationMeter, correlation, goniometer};
use soundfall_dsp::stft::{Stft, StftF64, StftParams};
use soundfall_dsp::window::Window;

const RATE: u32 = 8000;

/// Everything that is said of two channels, as bits.
fn said(left: &[f32], right: &[f32]) -> Vec<u64> {
    let mut out = Vec::new();
    let mut put = |values: &[f64]| out.extend(values.iter().map(|x| x.to_bits()));
    let number = |value: Option<f64>| value.unwrap_or(f64::MAX);
    let params = StftParams::new(Window::Hann, 256, 100).unwrap();
    let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();

    let mut columns = vec![0.0; params.columns_in(left.len()) * params.bins()];
    Stft::new(&params).unwrap().columns(left, &mut columns);
    put(&wide(&columns));
    StftF64::new(&params).unwrap().columns(left, &mut columns);
    put(&wide(&columns));

    let mut lane = vec![MinMaxRms::EMPTY; 37];
    points(left, &mut lane);
    let mut pyramid = EnvelopePyramid::new(left.len() as u64, 0);
    pyramid.push(left);
    lane.extend((0..20).map(|index| pyramid.entry(1, index)));
    for entry in lane {
        put(&wide(&[entry.min, entry.max, entry.mean_square]));
    }

    put(&[peak_dbfs(left), rms_dbfs(left)]);
    let mut level = LevelMeter::new(f64::from(RATE), 0.3);
    level.push(left);
    put(&[
        level.peak_dbfs(),
        level.rms_dbfs(),
        level.highest_dbfs(),
        level.overs() as f64,
    ]);

    for new in [LoudnessMeter::exact, LoudnessMeter::new] {
        let mut loudness = new(RATE, &Role::usual(2)).unwrap();
        loudness.push(&[left, right]);
        put(&[
            number(loudness.momentary_lufs()),
            number(loudness.short_term_lufs()),
            number(loudness.integrated_lufs()),
            number(loudness.range_lu()),
            loudness.highest_true_peak_dbtp(),
        ]);
    }

    put(&[number(correlation(left, right))]);
    let mut pair = CorrelationMeter::new(f64::from(RATE), 0.3);
    pair.push(left, right);
    put(&[number(pair.correlation()), number(pair.balance_db())]);
    let mut dots = [[0.0; 2]; 64];
    goniometer(left, right, &mut dots);
    put(&wide(dots.as_flattened()));

    let mut coherence = CoherenceMeter::new(&params, f64::from(RATE), 2, 0, 1.0).unwrap();
    for (left, right) in left.chunks_exact(256).zip(right.chunks_exact(256)) {
        coherence.push(&[left, right]);
    }
    let mut bins = vec![0.0; params.bins()];
    coherence.coherence(1, &mut bins);
    put(&wide(&bins));

    let axis = FrequencyAxis::new(Scale::Log, 30.0, 4000.0, 64).unwrap();
    let mut settings = InstrumentSettings::new(params, axis, RATE, 2);
    settings.wanted = InstrumentSet::ALL;
    let mut instruments = Instruments::new(settings).unwrap();
    instruments.push(0, &[left, right].concat());
    // Its numbers as text: the same text, the same numbers.
    put(&format!("{:?}", instruments.report())
        .bytes()
        .map(f64::from)
        .collect::<Vec<_>>());
    out
}

#[test]
fn what_is_a_sample() {
    for x in [0.0, -0.0, 1.0, -LARGEST, LARGEST, SMALLEST, 1e-30] {
        assert!(is_valid(x), "{x}");
    }
    for x in [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        LARGEST * 1.001,
        f32::MIN,
    ] {
        assert!(!is_valid(x), "{x}");
        assert_eq!(clean(x), 0.0, "{x}");
    }
    assert_eq!((clean(LARGEST), clean(-SMALLEST)), (LARGEST, -SMALLEST));
    assert_eq!(clean(SMALLEST / 2.0), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_numbers_are_silence_to_every_engine(
        holes in prop::collection::vec((0usize..2, 0usize..30_000, 0usize..6), 1..60),
        everywhere in prop::bool::weighted(0.1),
    ) {
        let bad = [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, f32::MIN];
        let wave = |seed: usize| -> Vec<f32> {
            (0..30_000).map(|n| ((n * n + seed) as f32 * 0.001).sin() * 0.4).collect()
        };
        let mut with = [wave(0), wave(900)];
        let mut without = with.clone();
        for (channel, at, kind) in holes {
            (with[channel][at], without[channel][at]) = (bad[kind], 0.0);
        }
        if everywhere {
            with[0].fill(f32::NAN);
            without[0].fill(0.0);
        }
        let [bad, silent] = [with, without].map(|[left, right]| said(&left, &right));
        prop_assert!(bad.iter().all(|bits| !f64::from_bits(*bits).is_nan()));
        prop_assert_eq!(bad, silent);
    }
}
