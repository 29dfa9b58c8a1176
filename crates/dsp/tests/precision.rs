//! How far single precision is off: the fast engine against the reference one, beside a tone of
//! full scale and in ordinary sound, in every window and size. The documentation states these figures.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::gaussian_noise;
use soundfall_dsp::stft::{Stft, StftF64, StftParams};
use soundfall_dsp::window::Window;

const SIZES: [usize; 8] = [64, 256, 1000, 1023, 2048, 4096, 8192, 32768];

fn windows(size: usize) -> [Window; 9] {
    [
        Window::Hann,
        Window::Hamming,
        Window::Blackman,
        Window::BlackmanHarris,
        Window::Nuttall,
        Window::FlatTop,
        Window::Kaiser(14.0),
        Window::Gaussian(size as f64 / 8.0),
        Window::Rect,
    ]
}

/// Differences in dB of all bins above `above` dBFS, over tones of `amplitude` on, near and
/// between bins, with noise of `noise_db` (RMS) below.
fn differences(amplitude: f64, noise_db: f64, above: f64) -> Vec<f64> {
    let mut all = Vec::new();
    for size in SIZES {
        let noise = gaussian_noise(size, 10f64.powf(noise_db / 20.0), size as u64);
        for window in windows(size) {
            let params = StftParams::new(window, size, 1).unwrap();
            let (mut fast, mut exact) =
                (Stft::new(&params).unwrap(), StftF64::new(&params).unwrap());
            let (mut ours, mut theirs) = (vec![0.0; params.bins()], vec![0.0; params.bins()]);
            for place in [0.031, 0.125, 0.2377, 0.4381] {
                let samples: Vec<f32> = noise
                    .iter()
                    .enumerate()
                    .map(|(i, noise)| {
                        let angle = std::f64::consts::TAU * place * i as f64;
                        (noise + amplitude * angle.sin()) as f32
                    })
                    .collect();
                fast.column(&samples, &mut ours);
                exact.column(&samples, &mut theirs);
                let pairs = ours.iter().zip(&theirs).filter(|(_, db)| **db > above);
                all.extend(pairs.map(|(a, b)| (f64::from(*a) - b).abs()));
            }
        }
    }
    all.sort_by(f64::total_cmp);
    assert!(all.len() > 5000, "{}", all.len());
    all
}

#[track_caller]
fn assert_within(all: &[f64], worst: f64, of_hundred: f64) {
    let (most, last) = (all[all.len() * 99 / 100], all[all.len() - 1]);
    assert!(last < worst, "worst {last} dB");
    assert!(most < of_hundred, "99 of 100 within {most} dB");
}

#[test]
fn beside_a_tone_of_full_scale() {
    assert_within(&differences(1.0, -90.0, -100.0), 0.08, 0.004);
    assert_within(&differences(1.0, -60.0, -80.0), 0.008, 0.0015);
}

#[test]
fn in_ordinary_sound() {
    assert_within(&differences(0.1, -50.0, -100.0), 0.01, 0.0005);
    assert_within(&differences(0.001, -60.0, -100.0), 0.001, 0.0005);
}
