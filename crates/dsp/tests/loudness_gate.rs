//! Gates of loudness and of its range beside a direct implementation of ITU-R BS.1770 and EBU Tech
//! 3342: filters by their published coefficients, every block kept.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::f64::consts::TAU;

use proptest::prelude::*;
use soundfall_dsp::meter::{LoudnessMeter, Role};

/// The rate for which BS.1770 publishes coefficients.
const RATE: u32 = 48_000;

/// A biquad: b, and a without its leading 1.
fn filtered(x: &[f64], [b0, b1, b2]: [f64; 3], [a1, a2]: [f64; 2]) -> Vec<f64> {
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    x.iter()
        .map(|&x0| {
            let y0 = b0 * x0 + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
            (x1, x2, y1, y2) = (x0, x1, y0, y1);
            y0
        })
        .collect()
}

/// K-weighted (BS.1770, tables 1 and 2).
fn weighted(x: &[f32]) -> Vec<f64> {
    let x: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
    let shelf = filtered(
        &x,
        [
            1.535_124_859_586_97,
            -2.691_696_189_406_38,
            1.198_392_810_852_85,
        ],
        [-1.690_659_293_182_41, 0.732_480_774_215_85],
    );
    filtered(
        &shelf,
        [1.0, -2.0, 1.0],
        [-1.990_047_454_833_98, 0.990_072_250_366_21],
    )
}

fn lufs(energy: f64) -> f64 {
    10.0 * energy.log10() - 0.691
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Loudness of one channel's blocks of some length, one every 100 ms, that pass −70 LUFS.
fn blocks(x: &[f32], frames: usize) -> Vec<f64> {
    let squares: Vec<f64> = weighted(x).iter().map(|x| x * x).collect();
    let starts = (0..).step_by(RATE as usize / 10);
    starts
        .map_while(|start| squares.get(start..start + frames))
        .map(mean)
        .filter(|energy| lufs(*energy) >= -70.0)
        .collect()
}

/// Integrated loudness, how far above the relative gate the block next to it lies (LU), and how many
/// pass it.
fn integrated(x: &[f32]) -> (f64, f64, usize) {
    let blocks = blocks(x, RATE as usize * 4 / 10);
    let gate = lufs(mean(&blocks)) - 10.0;
    let passed: Vec<f64> = blocks
        .iter()
        .copied()
        .filter(|x| lufs(*x) >= gate)
        .collect();
    let over = blocks.iter().map(|x| lufs(*x) - gate);
    let nearest = over.min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
    (lufs(mean(&passed)), nearest, passed.len())
}

/// Loudness range (Tech 3342, its MATLAB code).
fn range(x: &[f32]) -> f64 {
    let blocks = blocks(x, RATE as usize * 3);
    let gate = lufs(mean(&blocks)) - 20.0;
    let mut passed: Vec<f64> = blocks
        .into_iter()
        .map(lufs)
        .filter(|x| *x >= gate)
        .collect();
    passed.sort_by(f64::total_cmp);
    let rank = |share: f64| ((passed.len() - 1) as f64 * share + 1.0).round() as usize - 1;
    passed[rank(0.95)] - passed[rank(0.1)]
}

/// Adds a struck bell: partials that decay the faster the higher they are.
fn strike(x: &mut [f32], at: usize, level: f64, hz: f64, decay_secs: f64) {
    for (partial, share) in [
        (1.0_f64, 1.0),
        (2.0, 0.6),
        (2.4, 0.5),
        (3.0, 0.3),
        (4.5, 0.2),
    ] {
        for (frame, x) in x.iter_mut().skip(at).enumerate() {
            let secs = frame as f64 / f64::from(RATE);
            let decay = (-secs * partial.sqrt() / decay_secs).exp();
            *x += (level * share * decay * (TAU * hz * partial * secs).sin()) as f32;
        }
    }
}

/// A bell over a faint hum, which keeps every block above the absolute gate.
fn bell(decay_secs: f64) -> Vec<f32> {
    let hum = |i: u32| (0.002 * (TAU * 500.0 * f64::from(i) / f64::from(RATE)).sin()) as f32;
    let mut x: Vec<f32> = (0..2 * RATE).map(hum).collect();
    strike(&mut x, 0, 0.3, 620.0, decay_secs);
    x
}

/// What both meters say: the one of recordings, the running one.
fn measured(x: &[f32], read: impl Fn(&LoudnessMeter) -> Option<f64>) -> [Option<f64>; 2] {
    [LoudnessMeter::exact, LoudnessMeter::new].map(|new| {
        let mut meter = new(RATE, &[Role::Front]).unwrap();
        meter.push(&[x]);
        read(&meter)
    })
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
fn a_struck_bell_with_a_block_at_the_gate() {
    // Where a block crosses the gate, loudness jumps: two decays that differ by a hair, one on each
    // side.
    let passed = |decay: f64| integrated(&bell(decay)).2;
    let decays: Vec<f64> = (0..24).map(|i| 0.1 + 0.004 * f64::from(i)).collect();
    let counts: Vec<usize> = decays.iter().map(|decay| passed(*decay)).collect();
    let at = counts
        .windows(2)
        .position(|two| two[1] == two[0] + 1)
        .unwrap();
    let (mut outside, mut inside) = (decays[at], decays[at + 1]);
    for _ in 0..10 {
        let middle = f64::midpoint(inside, outside);
        if passed(middle) == counts[at] {
            outside = middle;
        } else {
            inside = middle;
        }
    }
    let [(low, above, _), (high, below, _)] =
        [inside, outside].map(|decay| integrated(&bell(decay)));
    assert!(below < 0.0 && above >= 0.0, "{below} {above}");
    assert!(below.abs().max(above.abs()) < 0.004, "{below} {above}");
    assert!((low - high).abs() > 0.3, "one block matters: {low} {high}");
    for decay in [inside, outside] {
        let x = bell(decay);
        let [exact, running] = measured(&x, LoudnessMeter::integrated_lufs);
        assert_near(exact, integrated(&x).0, 0.02);
        assert_near(running, integrated(&x).0, 0.02);
    }
}

#[test]
fn many_blocks_around_the_gate_of_a_running_meter() {
    // Five minutes of noise, whose blocks differ by some tenths of a LU, and a second so loud that
    // the gate comes to lie among them. The lowest rate: only gates matter.
    let rate = 4000;
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let noise: Vec<f32> = (0..300 * rate).map(|_| (0.01 * random()) as f32).collect();
    let mut worst: f64 = 0.0;
    for loud in 0..20 {
        let amplitude = 10f64.powf((-20.0 + 0.5 * f64::from(loud)) / 20.0);
        let mut x = noise.clone();
        for x in &mut x[..rate as usize] {
            *x = (amplitude * random()) as f32;
        }
        let [exact, running] = [LoudnessMeter::exact, LoudnessMeter::new].map(|new| {
            let mut meter = new(rate, &[Role::Front]).unwrap();
            meter.push(&[&x]);
            meter.integrated_lufs().unwrap()
        });
        worst = worst.max((exact - running).abs());
    }
    assert!(worst <= 0.02, "{worst}");
}

#[test]
fn nothing_passes_without_sound() {
    let mut silent = vec![0.0; 8 * RATE as usize];
    for new in [LoudnessMeter::exact, LoudnessMeter::new] {
        let mut meter = new(RATE, &[Role::Front]).unwrap();
        meter.push(&[&silent]);
        assert_eq!((meter.integrated_lufs(), meter.range_lu()), (None, None));
    }
    // Less than a block is no block.
    strike(&mut silent, 0, 0.5, 1000.0, 1.0);
    for new in [LoudnessMeter::exact, LoudnessMeter::new] {
        let mut meter = new(RATE, &[Role::Front]).unwrap();
        meter.push(&[&silent[..4 * 4800 - 1]]);
        assert_eq!(meter.integrated_lufs(), None);
        meter.push(&[&silent[4 * 4800 - 1..4 * 4800]]);
        assert!(meter.integrated_lufs().is_some());
        meter.push(&[&silent[4 * 4800..30 * 4800 - 1]]);
        assert_eq!(meter.range_lu(), None);
        meter.push(&[&silent[30 * 4800 - 1..30 * 4800]]);
        assert_eq!(meter.range_lu(), Some(0.0));
        meter.clear();
        assert_eq!((meter.integrated_lufs(), meter.range_lu()), (None, None));
        meter.push(&[&silent[..4 * 4800 - 1]]);
        assert_eq!(meter.integrated_lufs(), None);
    }
}

#[test]
fn absurdly_loud_sound_is_measured_too() {
    // 16-bit numbers taken for fractions of full scale: +90 LUFS, beyond the steps.
    let mut x = vec![0.0; 4 * RATE as usize];
    strike(&mut x, 0, 30_000.0, 500.0, 5.0);
    let [exact, running] = measured(&x, LoudnessMeter::integrated_lufs);
    assert!(exact.unwrap() > 80.0, "{exact:?}");
    assert_near(running, exact.unwrap(), 0.001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn bells_are_gated_as_the_definition_says(
        strikes in prop::collection::vec((0usize..240_000, -50f64..0.0, 100f64..4000.0, 0.02f64..1.0), 1..5),
        pieces in prop::collection::vec(1usize..30_000, 1..6),
    ) {
        let mut x = vec![0.0; 6 * RATE as usize];
        for (at, db, hz, decay) in strikes {
            strike(&mut x, at, 10f64.powf(db / 20.0), hz, decay);
        }
        let (expected, nearest, _) = integrated(&x);
        // Where a block is on the gate by less than the filters' rounding, either is right.
        prop_assume!(nearest.abs() > 1e-4);
        let mut exact = LoudnessMeter::exact(RATE, &[Role::Front]).unwrap();
        let mut running = LoudnessMeter::new(RATE, &[Role::Front]).unwrap();
        let mut rest = x.as_slice();
        for piece in pieces.iter().cycle() {
            let (now, later) = rest.split_at((*piece).min(rest.len()));
            exact.push(&[now]);
            running.push(&[now]);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert!((exact.integrated_lufs().unwrap() - expected).abs() < 0.001);
        prop_assert!((running.integrated_lufs().unwrap() - expected).abs() < 0.02);
        let expected = range(&x);
        prop_assert!((exact.range_lu().unwrap() - expected).abs() < 0.002);
        prop_assert!((running.range_lu().unwrap() - expected).abs() < 0.02);
    }
}
