//! A real recording against what scipy makes of it: spectra under every window, coherence.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{npy, recording};
use soundfall_dsp::coherence::{CoherenceMeter, coherence};
use soundfall_dsp::stft::{Stft, StftF64, StftParams};
use soundfall_dsp::window::Window;

// As in reference/make.py.
const WINDOWS: [Window; 9] = [
    Window::Hann,
    Window::Hamming,
    Window::Blackman,
    Window::BlackmanHarris,
    Window::Nuttall,
    Window::FlatTop,
    Window::Kaiser(8.6),
    Window::Gaussian(100.0),
    Window::Rect,
];
const SIZES: [[usize; 3]; 7] = [
    [256, 256, 100],
    [1024, 1024, 256],
    [2048, 4096, 512],
    [8192, 8192, 3000],
    [64, 64, 16],
    [1000, 1000, 250],
    [2048, 2048, 512],
];
const COHERENCES: [(Window, usize, usize, usize); 4] = [
    (Window::Hann, 256, 256, 128),
    (Window::Hann, 1024, 2048, 768),
    (Window::BlackmanHarris, 500, 500, 250),
    (Window::Rect, 512, 512, 0),
];

fn params(window: Window, size: usize, fft: usize, hop: usize) -> StftParams {
    let params = StftParams::new(window, size, hop).unwrap();
    params.padded_to(fft).unwrap()
}

#[test]
fn every_window_meets_scipy_on_a_recording() {
    let channels = recording();
    let (rows, shape) = npy(include_bytes!("reference/spectra.npy"));
    assert_eq!(shape[1], 6);
    let channels: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
    let (mut seen, mut worst) = (0, [0.0f64; 2]);
    for (w, window) in WINDOWS.into_iter().enumerate() {
        for (s, [size, fft, hop]) in SIZES.into_iter().enumerate() {
            let params = params(window, size, fft, hop);
            let columns = params.columns_in(channels[0].len());
            let mut fast = vec![0.0; 2 * columns * params.bins()];
            let mut exact = fast.clone();
            assert_eq!(
                Stft::new(&params).unwrap().batch(&channels, &mut fast),
                columns
            );
            assert_eq!(
                StftF64::new(&params).unwrap().batch(&channels, &mut exact),
                columns
            );
            for row in rows
                .chunks(6)
                .filter(|r| r[0] as usize == w && r[1] as usize == s)
            {
                let [_, _, channel, column, bin, level] = row[..] else {
                    panic!()
                };
                if level > -100.0 {
                    let at = (channel as usize * columns + column as usize) * params.bins();
                    for (worst, ours) in worst.iter_mut().zip([&fast, &exact]) {
                        let ours = f64::from(ours[at + bin as usize]);
                        *worst = worst.max((ours - level).abs());
                    }
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 2500, "{seen}");
    assert!(worst[0] < 0.01, "fast: {} dB", worst[0]);
    assert!(worst[1] < 1e-4, "reference: {} dB", worst[1]);
}

#[test]
fn coherence_equals_scipy_at_once_and_streaming() {
    let [left, right] = recording();
    let (theirs, _) = npy(include_bytes!("reference/coherence.npy"));
    let mut theirs = theirs.as_slice();
    for (window, size, fft, overlap) in COHERENCES {
        let params = params(window, size, fft, size - overlap);
        let (expected, rest) = theirs.split_at(params.bins());
        theirs = rest;
        let mut whole = vec![0.0; params.bins()];
        let segments = coherence(&left, &right, &params, &mut whole).unwrap();
        assert_eq!(segments, params.columns_in(left.len()));
        // The same, segment by segment; the third channel is the second one, weaker.
        let weak: Vec<f32> = right.iter().map(|x| x * 0.25).collect();
        let mut meter = CoherenceMeter::new(&params, 44_100.0, 3, 0, f64::INFINITY).unwrap();
        for segment in 0..segments {
            let frames = segment * params.hop_frames..segment * params.hop_frames + size;
            meter.push(&[&left[frames.clone()], &right[frames.clone()], &weak[frames]]);
        }
        assert!((meter.effective_segments() - segments as f64).abs() < 1e-6);
        let mut streamed = vec![0.0; params.bins()];
        for channel in [1, 2] {
            meter.coherence(channel, &mut streamed);
            // Without a window, a segment without its mean has nothing at 0 Hz but rounding.
            let first = usize::from(window == Window::Rect);
            for (bin, (&c, &s)) in expected.iter().zip(&streamed).enumerate().skip(first) {
                assert!(
                    (whole[bin] - c).abs() < 1e-9,
                    "{window} {size} {bin}: {}",
                    whole[bin]
                );
                assert!(
                    (f64::from(s) - c).abs() < 1e-6,
                    "{window} {size} {bin}: {s}"
                );
            }
        }
        let mean = expected[3..40].iter().sum::<f64>() / 37.0;
        assert!((meter.mean(1, 3..40) - mean).abs() < 1e-9);
        meter.coherence(0, &mut streamed);
        assert!(streamed[1..].iter().all(|&c| c == 1.0));
    }
    assert!(theirs.is_empty());
}

#[test]
fn a_batch_is_contiguous_and_as_long_as_the_shortest_channel() {
    let [left, right] = recording();
    let params = params(Window::Hann, 256, 256, 100);
    let mut stft = Stft::new(&params).unwrap();
    let short = &right[..1000];
    let columns = params.columns_in(1000);
    let bins = params.bins();
    let mut out = vec![7.0; 2 * columns * bins + 3];
    assert_eq!(stft.batch(&[&left, short], &mut out), columns);
    let mut alone = vec![0.0; columns * bins];
    for (channel, samples) in [left.as_slice(), short].into_iter().enumerate() {
        stft.columns(samples, &mut alone);
        assert_eq!(alone, out[channel * columns * bins..][..columns * bins]);
    }
    assert_eq!(out[2 * columns * bins..], [7.0; 3]);
    // What does not fit is left out for all channels alike.
    assert_eq!(stft.batch(&[&left, short], &mut out[..2 * 3 * bins + 1]), 3);
    assert_eq!(stft.batch(&[], &mut out), 0);
    assert_eq!(stft.batch(&[&left, &[]], &mut out), 0);
    assert_eq!(stft.batch(&[&left], &mut []), 0);
}

#[test]
fn unrelated_noise_has_no_coherence_and_old_sound_is_forgotten() {
    let noise = |seed| -> Vec<f32> {
        let noise = common::gaussian_noise(256 * 200, 0.1, seed);
        noise.into_iter().map(|x| x as f32).collect()
    };
    let (x, y) = (noise(1), noise(2));
    let params = params(Window::Hann, 256, 256, 256);
    let mut meter = CoherenceMeter::new(&params, 48_000.0, 2, 1, 0.5).unwrap();
    for (x, y) in x.chunks(256).zip(y.chunks(256)) {
        meter.push(&[x, y]);
    }
    // Independent segments: 1/K is read on the average.
    let expected = meter.effective_segments().recip();
    assert!((meter.mean(0, 1..128) / expected - 1.0).abs() < 0.25);
    // The same sound on both for five time constants.
    for x in x.chunks(256).cycle().take(470) {
        meter.push_planar(&[x, x].concat(), 256);
    }
    assert!(meter.mean(0, 1..128) > 0.97);
    meter.clear();
    assert_eq!(meter.effective_segments(), 0.0);
    assert_eq!(meter.mean(0, 1..128), 0.0);
}

#[test]
fn silence_and_nonsense_give_zero() {
    let params = params(Window::Hann, 64, 64, 32);
    let mut out = vec![9.0; params.bins()];
    assert_eq!(
        coherence(&[0.0; 200], &[1.0; 200], &params, &mut out).unwrap(),
        5
    );
    assert!(out.iter().all(|&c| c == 0.0));
    assert_eq!(
        coherence(&[0.5; 63], &[0.5; 200], &params, &mut out).unwrap(),
        0
    );
    assert!(out.iter().all(|&c| c == 0.0));
    let error = CoherenceMeter::new(&params, 48_000.0, 2, 2, 1.0).unwrap_err();
    assert!(error.to_string().contains("below 2"), "{error}");
    let mut meter = CoherenceMeter::new(&params, 48_000.0, 2, 0, 1.0).unwrap();
    meter.push(&[&[f32::NAN; 64]]);
    meter.push_planar(&[f32::INFINITY; 70], 64);
    let mut out = [9.0f32; 40];
    for channel in 0..3 {
        meter.coherence(channel, &mut out);
        assert!(out[..33].iter().all(|c| (0.0..=1.0).contains(c)), "{out:?}");
        assert_eq!(out[33..], [0.0; 7]);
    }
}
