//! Peaks: how exact they are under every window, and which maxima are none.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::gaussian_noise;
use proptest::prelude::*;
use soundfall_dsp::peaks::{Peak, PeakFinder, PeakParams};
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_dsp::window::Window;

const RATE: f64 = 48_000.0;

fn windows() -> [Window; 13] {
    [
        Window::Hann,
        Window::Hamming,
        Window::Blackman,
        Window::BlackmanHarris,
        Window::Nuttall,
        Window::FlatTop,
        Window::Kaiser(0.0),
        Window::Kaiser(4.0),
        Window::Kaiser(14.0),
        Window::Kaiser(40.0),
        Window::Gaussian(300.0),
        Window::Gaussian(150.0),
        Window::Rect,
    ]
}

/// A transform and its finder.
struct Setup {
    stft: Stft,
    finder: PeakFinder,
    column: Vec<f32>,
}

impl Setup {
    fn new(params: &StftParams, what: PeakParams) -> Self {
        let stft = Stft::new(params).unwrap();
        Self {
            column: vec![0.0; stft.bins()],
            finder: PeakFinder::new(params, RATE, what).unwrap(),
            stft,
        }
    }

    fn find(&mut self, samples: &[f64]) -> Vec<Peak> {
        let samples: Vec<f32> = samples.iter().map(|x| *x as f32).collect();
        self.stft.column(&samples, &mut self.column);
        let mut out = Vec::new();
        self.finder.find(&self.column, &mut out);
        out
    }
}

fn peaks(params: &StftParams, samples: &[f64], what: PeakParams) -> Vec<Peak> {
    Setup::new(params, what).find(samples)
}

fn add_sine(samples: &mut [f64], bin: f64, amplitude: f64, phase: f64) {
    let n = samples.len() as f64;
    for (i, x) in samples.iter_mut().enumerate() {
        *x += amplitude * (std::f64::consts::TAU * bin * i as f64 / n + phase).sin();
    }
}

/// The loudest peak of a sine 40 dB above white noise: error in bins (of the unpadded
/// transform) and in dB.
fn errors(setup: &mut Setup, bin: f64, seed: u64) -> (f64, f64) {
    let params = *setup.stft.params();
    let amplitude: f64 = 0.3;
    let sigma = amplitude / 2f64.sqrt() * 0.01;
    let mut samples = gaussian_noise(params.window_size, sigma, seed);
    add_sine(&mut samples, bin, amplitude, seed as f64 * 2.4);
    let found = setup.find(&samples);
    let loudest = found
        .iter()
        .max_by(|a, b| a.dbfs.total_cmp(&b.dbfs))
        .unwrap();
    let padding = params.fft_size as f64 / params.window_size as f64;
    let bin_error = loudest.bin / padding - bin;
    let hz = loudest.hz * params.window_size as f64 / RATE;
    assert!((hz - loudest.bin / padding).abs() < 1e-6);
    (
        bin_error.abs(),
        (loudest.dbfs - 20.0 * amplitude.log10()).abs(),
    )
}

#[test]
fn a_sine_40_db_above_noise_is_met_within_1_percent_of_a_bin_and_a_tenth_of_a_db() {
    for window in windows() {
        for (size, fft) in [(2048, 2048), (2048, 8192), (1500, 1500), (2048, 3000)] {
            let params = StftParams::new(window, size, 512)
                .unwrap()
                .padded_to(fft)
                .unwrap();
            let mut setup = Setup::new(&params, PeakParams::default());
            let mut worst = (0.0f64, 0.0f64);
            for trial in 0..200u64 {
                // All places between bins, all over the spectrum, also right on a bin.
                let bin = 40.0
                    + (trial * 37 % (size as u64 / 2 - 80)) as f64
                    + (trial % 21) as f64 / 20.0;
                let (bins, db) = errors(&mut setup, bin, trial + 1);
                worst = (worst.0.max(bins), worst.1.max(db));
            }
            assert!(worst.0 < 0.01, "{window} {size} {fft}: {} bins", worst.0);
            assert!(worst.1 < 0.1, "{window} {size} {fft}: {} dB", worst.1);
        }
    }
}

#[test]
fn long_and_short_windows_are_as_exact() {
    for window in [
        Window::Hann,
        Window::BlackmanHarris,
        Window::FlatTop,
        Window::Rect,
    ] {
        for size in [256, 8192, 32768] {
            let params = StftParams::new(window, size, 64).unwrap();
            let mut setup = Setup::new(&params, PeakParams::default());
            for trial in 0..20u64 {
                let bin = 45.0 + trial as f64 * 1.37;
                let (bins, db) = errors(&mut setup, bin, trial + 9);
                assert!(
                    bins < 0.01 && db < 0.1,
                    "{window} {size} {bin}: {bins} {db}"
                );
            }
        }
    }
}

#[test]
fn without_noise_the_window_alone_decides() {
    for window in windows()
        .into_iter()
        .filter(|w| *w != Window::Rect && *w != Window::Kaiser(0.0))
    {
        let params = StftParams::new(window, 2048, 512).unwrap();
        let mut setup = Setup::new(&params, PeakParams::default());
        for step in 0..=20 {
            let bin = 300.0 + f64::from(step) / 20.0;
            let mut samples = vec![0.0; 2048];
            add_sine(&mut samples, bin, 1.0, 0.3);
            let found = setup.find(&samples);
            assert_eq!(found.len(), 1, "{window}");
            assert!(
                (found[0].bin - bin).abs() < 3e-4,
                "{window} {bin}: {}",
                found[0].bin
            );
            assert!(
                found[0].dbfs.abs() < 0.003,
                "{window} {bin}: {}",
                found[0].dbfs
            );
        }
    }
}

#[test]
fn side_lobes_are_no_peaks_but_faint_tones_are() {
    let lowest = PeakParams {
        threshold_dbfs: -110.0,
        prominence_db: 3.0,
        max_peaks: 1000,
    };
    for window in windows() {
        for fft in [2048, 16384] {
            let params = StftParams::new(window, 2048, 512)
                .unwrap()
                .padded_to(fft)
                .unwrap();
            let mut samples = vec![0.0; 2048];
            add_sine(&mut samples, 300.37, 1.0, 0.0);
            let found = peaks(&params, &samples, lowest);
            assert_eq!(
                found.len(),
                1,
                "{window} {fft}: {:?}",
                &found[..found.len().min(4)]
            );
        }
    }
    // 60 dB below and 40 bins away.
    for window in [
        Window::Hann,
        Window::Blackman,
        Window::Nuttall,
        Window::Kaiser(14.0),
    ] {
        let params = StftParams::new(window, 2048, 512).unwrap();
        let mut samples = vec![0.0; 2048];
        add_sine(&mut samples, 300.37, 1.0, 0.0);
        add_sine(&mut samples, 340.21, 1e-3, 0.0);
        let found = peaks(&params, &samples, lowest);
        assert_eq!(found.len(), 2, "{window}: {found:?}");
        assert!((found[1].bin - 340.21).abs() < 0.05, "{window}: {found:?}");
    }
}

#[test]
fn tones_of_a_chord_come_in_order_with_their_notes() {
    let params = StftParams::new(Window::Hann, 8192, 512).unwrap();
    let mut samples = vec![0.0; 8192];
    for (i, hz) in [261.63, 329.63, 392.0, 523.25].into_iter().enumerate() {
        add_sine(
            &mut samples,
            hz * 8192.0 / RATE,
            0.2 / (i + 1) as f64,
            i as f64,
        );
    }
    let found = peaks(&params, &samples, PeakParams::default());
    let notes: Vec<String> = found
        .iter()
        .map(|peak| peak.note(440.0).unwrap().to_string())
        .collect();
    assert_eq!(notes, ["C4", "E4", "G4", "C5"]);
    // With A4 at 443 Hz everything lies 12 cents lower.
    assert_eq!(found[0].note(443.0).unwrap().to_string(), "C4 -12 ct");
    let loudest = PeakParams {
        max_peaks: 2,
        ..PeakParams::default()
    };
    let notes: Vec<String> = peaks(&params, &samples, loudest)
        .iter()
        .map(|peak| peak.note(440.0).unwrap().to_string())
        .collect();
    assert_eq!(notes, ["C4", "E4"]);
}

#[test]
fn silence_and_short_columns_have_no_peaks() {
    let params = StftParams::default();
    let mut finder = PeakFinder::new(&params, RATE, PeakParams::default()).unwrap();
    let mut out = vec![Peak {
        bin: 0.0,
        hz: 0.0,
        dbfs: 0.0,
    }];
    for column in [
        &[][..],
        &[0.0],
        &[-200.0; 1025],
        &[-10.0; 1025],
        &[f32::NAN; 1025],
    ] {
        finder.find(column, &mut out);
        assert!(out.is_empty());
    }
    assert!(
        PeakFinder::new(
            &StftParams {
                hop_frames: 0,
                ..params
            },
            RATE,
            PeakParams::default()
        )
        .is_err()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_column_is_survived(
        levels in prop::collection::vec(prop_oneof![9 => -200.0f32..30.0, 1 => prop::num::f32::ANY], 0..200),
        index in 0usize..13,
        padding in 0usize..200,
        threshold in prop::num::f32::ANY,
        prominence in prop::num::f32::ANY,
    ) {
        let params = StftParams::new(windows()[index], 200, 50).unwrap().padded_to(200 + padding).unwrap();
        let what = PeakParams { threshold_dbfs: threshold, prominence_db: prominence, max_peaks: 20 };
        let mut out = Vec::new();
        PeakFinder::new(&params, RATE, what).unwrap().find(&levels, &mut out);
        prop_assert!(out.len() <= 20);
        for peak in &out {
            prop_assert!(peak.bin > -1.0 && peak.bin < params.bins() as f64, "{:?}", peak);
        }
        prop_assert!(out.windows(2).all(|pair| pair[0].bin <= pair[1].bin));
    }
}
