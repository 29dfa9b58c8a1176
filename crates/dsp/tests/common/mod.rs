//! What several test files share: a signal both they and scipy's figures use, a naive transform.
#![allow(dead_code, reason = "not every test file uses all of it")]
#![allow(clippy::expect_used, reason = "tests")]

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

/// The numbers of an .npy file of `tests/reference`, in C order, and its shape.
pub fn npy(bytes: &[u8]) -> (Vec<f64>, Vec<usize>) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\0", "format version 1");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..end]).expect("a header of ASCII");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let (_, shape) = header.split_once("'shape': (").expect("a shape");
    let shape = shape[..shape.find(')').expect("its end")]
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let data = &bytes[end..];
    let numbers = if header.contains("'<f8'") {
        let (words, _) = data.as_chunks();
        words.iter().map(|&b| f64::from_le_bytes(b)).collect()
    } else if header.contains("'<f4'") {
        let (words, _) = data.as_chunks();
        words
            .iter()
            .map(|&b| f32::from_le_bytes(b).into())
            .collect()
    } else if header.contains("'<i2'") {
        let (words, _) = data.as_chunks();
        words
            .iter()
            .map(|&b| i16::from_le_bytes(b).into())
            .collect()
    } else {
        panic!("a type without a reader: {header}");
    };
    (numbers, shape)
}

/// The two channels of a recorded guitar (`tests/reference/make.py` says whose).
pub fn recording() -> [Vec<f32>; 2] {
    let (samples, shape) = npy(include_bytes!("../reference/recording.npy"));
    let channel = |c: usize| {
        let samples = &samples[c * shape[1]..(c + 1) * shape[1]];
        samples.iter().map(|x| (x / 32768.0) as f32).collect()
    };
    [channel(0), channel(1)]
}

/// White noise of standard deviation `sigma`: sums of twelve uniform numbers.
pub fn gaussian_noise(n: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n)
        .map(|_| sigma * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0))
        .collect()
}
