//! Both transforms against the definition, and each other; scaling, layout, bad input.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{naive_column, signal, worst_amplitude_error};
use proptest::prelude::*;
use soundfall_dsp::stft::{MAX_FFT, Stft, StftError, StftF64, StftParams};
use soundfall_dsp::window::Window;

fn params(window: Window, size: usize, fft: usize, hop: usize) -> StftParams {
    StftParams::new(window, size, hop)
        .unwrap()
        .padded_to(fft)
        .unwrap()
}

/// A sine with a whole number of periods in `n` frames.
fn sine(n: usize, periods: usize, amplitude: f64) -> Vec<f32> {
    (0..n)
        .map(|i| {
            let angle = std::f64::consts::TAU * ((periods * i) % n) as f64 / n as f64;
            (amplitude * angle.cos()) as f32
        })
        .collect()
}

#[test]
fn a_full_scale_sine_is_0_dbfs_in_every_window_size_and_bin() {
    for window in ["hann", "flat-top", "kaiser:14", "nuttall", "rect"] {
        let window: Window = window.parse().unwrap();
        for size in [64, 100, 2048, 32768] {
            let mut stft = Stft::new(&StftParams::new(window, size, 1).unwrap()).unwrap();
            let mut column = vec![0.0; stft.bins()];
            for bin in [0, size / 4, size / 2 - 7, size / 2] {
                stft.column(&sine(size, bin, 1.0), &mut column);
                // The narrower gaussian and 0 Hz: leakage of the mirror image is real there.
                let tolerance = if bin == size / 2 - 7 { 0.02 } else { 0.005 };
                assert!(
                    column[bin].abs() < tolerance,
                    "{window} {size} {bin}: {}",
                    column[bin]
                );
            }
        }
    }
}

#[test]
fn levels_span_160_db() {
    let mut stft = Stft::new(&StftParams::default()).unwrap();
    let mut column = vec![0.0; stft.bins()];
    for db in [0.0, -20.0, -60.0, -100.0, -160.0] {
        stft.column(&sine(2048, 100, 10f64.powf(db / 20.0)), &mut column);
        assert!(
            (f64::from(column[100]) - db).abs() < 0.002,
            "{db}: {}",
            column[100]
        );
    }
}

#[test]
fn silence_is_the_floor() {
    let mut stft = Stft::new(&StftParams::default()).unwrap();
    let mut column = vec![1.0; stft.bins()];
    stft.column(&[0.0; 2048], &mut column);
    assert!(column.iter().all(|&db| db == -200.0));
}

#[test]
fn bad_samples_count_as_silence() {
    let mut stft = Stft::new(&StftParams::default()).unwrap();
    let mut clean = signal(2048);
    let mut bad = clean.clone();
    for (i, value) in [
        (3, f32::NAN),
        (500, f32::INFINITY),
        (501, f32::NEG_INFINITY),
        (1000, 1e30),
        (1001, f32::MAX),
        (1002, f32::MIN_POSITIVE / 4.0),
        (1003, -f32::from_bits(1)),
    ] {
        bad[i] = value;
        clean[i] = 0.0;
    }
    let (mut a, mut b) = (vec![0.0; stft.bins()], vec![0.0; stft.bins()]);
    stft.column(&clean, &mut a);
    stft.column(&bad, &mut b);
    assert_eq!(a, b);
}

#[test]
fn the_loudest_sound_allowed_stays_finite() {
    let params = StftParams::new(Window::Rect, 32768, 1).unwrap();
    let mut stft = Stft::new(&params).unwrap();
    let mut column = vec![0.0; stft.bins()];
    stft.column(&vec![1e12; 32768], &mut column);
    assert!((column[0] - 240.0).abs() < 0.01);
    assert!(column.iter().all(|db| db.is_finite()));
}

#[test]
fn columns_lie_hop_by_hop_and_only_whole_windows() {
    let params = params(Window::Hann, 128, 256, 50);
    let mut stft = Stft::new(&params).unwrap();
    let samples = signal(128 + 3 * 50 + 49);
    assert_eq!(params.columns_in(samples.len()), 4);
    let bins = stft.bins();
    let mut all = vec![7.0; 5 * bins];
    assert_eq!(stft.columns(&samples, &mut all), 4);
    for (index, column) in all.chunks(bins).take(4).enumerate() {
        let mut one = vec![0.0; bins];
        stft.column(&samples[index * 50..], &mut one);
        assert_eq!(one, column);
    }
    assert!(all[4 * bins..].iter().all(|&x| x == 7.0));
    assert_eq!(stft.columns(&samples[..127], &mut all), 0);
    assert_eq!(stft.columns(&samples, &mut all[..2 * bins + 1]), 2);
}

#[test]
fn short_slices_are_taken_as_they_are() {
    let mut stft = Stft::new(&StftParams::default()).unwrap();
    let samples = signal(2048);
    let mut padded = samples[..1000].to_vec();
    padded.resize(2048, 0.0);
    let (mut a, mut b) = (vec![0.0; 1025], vec![0.0; 1025]);
    stft.column(&samples[..1000], &mut a);
    stft.column(&padded, &mut b);
    assert_eq!(a, b);
    let mut few = vec![0.0; 10];
    stft.column(&padded, &mut few);
    assert_eq!(few, b[..10]);
    stft.column(&[], &mut []);
}

#[test]
fn a_clone_works_beside_the_original() {
    let stft = Stft::new(&StftParams::default()).unwrap();
    let samples = signal(2048);
    let run = |mut stft: Stft| {
        let mut column = vec![0.0; stft.bins()];
        stft.column(&samples, &mut column);
        column
    };
    let columns = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..3).map(|_| scope.spawn(|| run(stft.clone()))).collect();
        tasks
            .into_iter()
            .map(|task| task.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert!(columns.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn parameters_out_of_range_are_named() {
    let hann = Window::Hann;
    assert_eq!(StftParams::new(hann, 63, 1), Err(StftError::WindowSize(63)));
    assert_eq!(
        StftParams::new(hann, 32769, 1),
        Err(StftError::WindowSize(32769))
    );
    assert_eq!(StftParams::new(hann, 64, 0), Err(StftError::Hop));
    let ok = StftParams::new(hann, 2048, usize::MAX).unwrap();
    assert_eq!(ok.columns_in(usize::MAX), 1);
    assert!(matches!(ok.padded_to(2047), Err(StftError::FftSize { .. })));
    assert!(matches!(
        ok.padded_to(MAX_FFT + 1),
        Err(StftError::FftSize { .. })
    ));
    assert!(matches!(
        StftParams::new(Window::Kaiser(-1.0), 64, 1),
        Err(StftError::Window(_))
    ));
    let needle = StftParams::new(Window::Gaussian(0.001), 65, 1).unwrap();
    assert!(matches!(
        Stft::new(&needle),
        Err(StftError::DeadWindow { .. })
    ));
    assert!(
        Stft::new(&StftParams {
            hop_frames: 0,
            ..ok
        })
        .is_err()
    );
}

#[test]
fn scipy_is_met_within_a_hundredth_of_a_db_above_minus_100() {
    let samples = signal(40_000);
    let (mut seen, mut worst) = (0, [0.0f64; 2]);
    let mut key = String::new();
    let mut columns = [Vec::new(), Vec::new()];
    for line in include_str!("data/stft.csv")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let [name, size, fft, hop, column, bin, level] = line.split(',').collect::<Vec<_>>()[..]
        else {
            panic!("malformed line {line}");
        };
        let number = |text: &str| text.parse::<usize>().unwrap();
        let params = params(
            name.parse().unwrap(),
            number(size),
            number(fft),
            number(hop),
        );
        let now = format!("{name},{size},{fft}");
        if now != key {
            key = now;
            let len = params.columns_in(samples.len()) * params.bins();
            columns = [vec![0.0; len], vec![0.0; len]];
            Stft::new(&params)
                .unwrap()
                .columns(&samples, &mut columns[0]);
            StftF64::new(&params)
                .unwrap()
                .columns(&samples, &mut columns[1]);
        }
        let theirs: f64 = level.parse().unwrap();
        if theirs > -100.0 {
            let at = number(column) * params.bins() + number(bin);
            for (worst, ours) in worst.iter_mut().zip(&columns) {
                *worst = worst.max((f64::from(ours[at]) - theirs).abs());
            }
            seen += 1;
        }
    }
    assert!(seen > 2000, "{seen}");
    assert!(worst[0] < 0.01, "fast: {} dB", worst[0]);
    assert!(worst[1] < 1e-4, "reference: {} dB", worst[1]);
}

fn windows() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::Hann),
        Just(Window::Hamming),
        Just(Window::Blackman),
        Just(Window::BlackmanHarris),
        Just(Window::Nuttall),
        Just(Window::FlatTop),
        (0.0..50.0).prop_map(Window::Kaiser),
        (5.0..100.0).prop_map(Window::Gaussian),
        Just(Window::Rect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_transforms_equal_the_definition(
        window in windows(),
        size in 64usize..200,
        padding in 0usize..100,
        samples in prop::collection::vec(
            prop_oneof![20 => -1.0f32..1.0, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)],
            200,
        ),
    ) {
        let params = params(window, size, size + padding, 1);
        let expected = naive_column(&params, &samples);
        let mut fast = vec![0.0f32; params.bins()];
        Stft::new(&params).unwrap().column(&samples, &mut fast);
        let mut reference = vec![0.0f64; params.bins()];
        StftF64::new(&params).unwrap().column(&samples, &mut reference);
        // −126 dBFS for single precision and its logarithm near full scale.
        prop_assert!(worst_amplitude_error(&fast, &expected) < 3e-5);
        for (ours, theirs) in reference.iter().zip(&expected) {
            prop_assert!((ours - theirs).abs() < 1e-6 || *theirs < -180.0, "{} {}", ours, theirs);
        }
    }

    #[test]
    fn fast_equals_reference_where_levels_count(
        window in windows(),
        exponent in 6u32..13,
        amplitude in 1e-6f32..1.0,
        frequency in 0.0f64..0.5,
    ) {
        let size = 1usize << exponent;
        let params = StftParams::new(window, size, 1).unwrap();
        let samples: Vec<f32> = signal(size)
            .iter()
            .enumerate()
            .map(|(i, x)| {
                x + amplitude * (std::f64::consts::TAU * frequency * i as f64).sin() as f32
            })
            .collect();
        let mut fast = vec![0.0f32; params.bins()];
        Stft::new(&params).unwrap().column(&samples, &mut fast);
        let mut reference = vec![0.0f64; params.bins()];
        StftF64::new(&params).unwrap().column(&samples, &mut reference);
        for (ours, theirs) in fast.iter().zip(&reference) {
            if *theirs > -100.0 {
                prop_assert!((f64::from(*ours) - theirs).abs() < 0.08, "{} {}", ours, theirs);
            }
        }
    }
}
