//! What several test files share: a signal both they and scipy's figures use, a naive transform.
#![allow(dead_code, reason = "not every test file uses all of it")]

use soundfall_dsp::stft::StftParams;

/// The signal of `data/make.py`: faint noise under a loud and a very faint sine.
pub fn signal(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    (0..n)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (f64::from(state as i32) / 2_147_483_648.0 * 1e-3) as f32;
            let t = std::f64::consts::TAU * i as f64;
            let sines = 0.5 * (t * 0.0321).sin() + 1e-4 * (t * 0.25).sin();
            noise + sines as f32
        })
        .collect()
}

/// Levels of one column by the definition, each bin a sum over all samples in `f64`.
pub fn naive_column(params: &StftParams, samples: &[f32]) -> Vec<f64> {
    let window = params.window.coefficients(params.window_size);
    let sum: f64 = window.iter().sum();
    let n = params.fft_size;
    (0..params.bins())
        .map(|bin| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, (x, w)) in samples.iter().zip(&window).enumerate() {
                let x = if x.is_finite() { f64::from(*x) } else { 0.0 };
                let angle = std::f64::consts::TAU * ((bin * i) % n) as f64 / n as f64;
                re += x * w * angle.cos();
                im -= x * w * angle.sin();
            }
            let mirrored = if bin == 0 || 2 * bin == n { 1.0 } else { 2.0 };
            let amplitude = mirrored * re.hypot(im) / sum;
            20.0 * amplitude.max(1e-10).log10()
        })
        .collect()
}

/// Differences of levels as amplitudes, so that noise far below the signal weighs little.
pub fn worst_amplitude_error(ours: &[f32], theirs: &[f64]) -> f64 {
    let amplitude = |db: f64| 10f64.powf(db / 20.0);
    ours.iter()
        .zip(theirs)
        .map(|(&a, &b)| (amplitude(f64::from(a)) - amplitude(b)).abs())
        .fold(0.0, f64::max)
}
