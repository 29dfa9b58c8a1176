//! Envelope reduction against the plain definition.

use proptest::prelude::*;
use soundfall_dsp::envelope::{MinMaxRms, point_range, points, reduce};

fn naive(samples: &[f32]) -> MinMaxRms {
    let clean = |x: f32| {
        if x.is_finite() && x.abs() <= 1e12 {
            x
        } else {
            0.0
        }
    };
    let squares: f64 = samples.iter().map(|&x| f64::from(clean(x)).powi(2)).sum();
    MinMaxRms {
        min: samples
            .iter()
            .map(|&x| clean(x))
            .fold(f32::INFINITY, f32::min),
        max: samples
            .iter()
            .map(|&x| clean(x))
            .fold(f32::NEG_INFINITY, f32::max),
        mean_square: (squares / samples.len() as f64) as f32,
    }
}

fn samples(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f32>> {
    let sample = prop_oneof![
        20 => -1.0f32..1.0,
        1 => any::<f32>(),
        1 => Just(f32::NAN),
        1 => Just(f32::NEG_INFINITY),
    ];
    prop::collection::vec(sample, len)
}

proptest! {
    #[test]
    fn reduce_equals_the_definition(samples in samples(1..3000)) {
        let (ours, theirs) = (reduce(&samples), naive(&samples));
        // Below 1e-15 a sample counts as 0.
        prop_assert!((ours.min - theirs.min).abs() < 1e-14);
        prop_assert!((ours.max - theirs.max).abs() < 1e-14);
        let error = (ours.mean_square - theirs.mean_square).abs();
        prop_assert!(error <= 1e-5 * theirs.mean_square + 1e-29);
    }

    #[test]
    fn merging_parts_equals_reducing_all(samples in samples(1..500), cut in 0.0f64..1.0) {
        let (a, b) = samples.split_at((cut * samples.len() as f64) as usize);
        let merged = reduce(a).merge_weighted(a.len() as f32, reduce(b), b.len() as f32);
        let all = reduce(&samples);
        prop_assert_eq!((merged.min, merged.max), (all.min, all.max));
        prop_assert!((merged.mean_square - all.mean_square).abs() <= 1e-4 * all.mean_square);
    }

    #[test]
    fn points_leave_no_frame_out(frames in 1usize..5000, count in 1usize..700) {
        let mut next = 0;
        for point in 0..count {
            let range = point_range(frames, count, point);
            prop_assert_eq!(range.start, point * frames / count);
            prop_assert!(!range.is_empty() && range.end <= frames);
            prop_assert!(range.start <= next);
            next = range.end;
        }
        prop_assert_eq!(next, frames);
    }

    #[test]
    fn a_click_is_in_a_point(frames in 1usize..3000, count in 1usize..400, at in 0.0f64..1.0) {
        let mut samples = vec![0.0; frames];
        let click = (at * frames as f64) as usize;
        samples[click] = -1.0;
        let mut out = vec![MinMaxRms::EMPTY; count];
        points(&samples, &mut out);
        prop_assert!(out.iter().any(|p| p.min == -1.0));
        prop_assert!(out.iter().all(|p| !p.is_empty()));
    }
}

#[test]
fn nothing_gives_nothing() {
    assert!(reduce(&[]).is_empty());
    assert_eq!(point_range(0, 10, 3), 0..0);
    assert_eq!(point_range(10, 4, 4), 0..0);
    assert_eq!(point_range(usize::MAX, usize::MAX, usize::MAX - 1).len(), 1);
    let mut out = [MinMaxRms::default(); 2];
    points(&[], &mut out);
    assert!(out[0].is_empty() && out[1].is_empty());
}

#[test]
fn a_sine_has_its_rms() {
    let sine: Vec<f32> = (0..48_000)
        .map(|i| (std::f64::consts::TAU * i as f64 / 480.0).sin() as f32)
        .collect();
    let e = reduce(&sine);
    assert!((e.rms() - 0.5f32.sqrt()).abs() < 1e-6);
    assert_eq!((e.min, e.max), (-1.0, 1.0));
}
