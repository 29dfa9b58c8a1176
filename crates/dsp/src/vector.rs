//! The loops that run per sample and per bin, compiled once per instruction set and chosen at
//! run time. Never holds a formula: those are in [`sample`](crate::sample) and
//! [`level`](crate::level), as plain arithmetic.
//!
//! The sets are the baseline (SSE2 on x86-64), AVX2 with fused multiply-add, and AVX-512.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use rustfft::num_complex::Complex32;

use crate::level::{FLOOR_DBFS, db_to_power, power_to_db_with};
use crate::sample::clean;

/// Whether every processor of this architecture multiplies and adds in one instruction.
/// (Without one, `mul_add` is a slow library call.)
const ALWAYS_FUSED: bool = cfg!(target_arch = "aarch64");

/// Samples taken together where they become complex numbers.
const PAIR: usize = 16;
/// Bins taken together where a spectrum is taken apart.
const LANES: usize = 16;

/// `out` = cleaned `samples` × `window`, as far as all three reach.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn weigh(samples: &[f32], window: &[f32], out: &mut [f32]) {
    for ((out, x), w) in out.iter_mut().zip(samples).zip(window) {
        *out = clean(*x) * w;
    }
}

/// The same, two samples to a complex number; a last single sample is its real part alone.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn weigh_pairs(samples: &[f32], window: &[f32], out: &mut [Complex32]) {
    let (samples, last) = samples.as_chunks::<PAIR>();
    let (window, last_window) = window.as_chunks::<PAIR>();
    let (pairs, rest) = out.as_chunks_mut::<{ PAIR / 2 }>();
    for ((pairs, x), w) in pairs.iter_mut().zip(samples).zip(window) {
        let mut y = [0.0; PAIR];
        for i in 0..PAIR {
            y[i] = clean(x[i]) * w[i];
        }
        for (pair, y) in pairs.iter_mut().zip(y.as_chunks::<2>().0) {
            *pair = Complex32::new(y[0], y[1]);
        }
    }
    // Where the last chunk holds a half pair, `out` has a whole chunk more than `samples`.
    let rest = match pairs.get_mut(samples.len()) {
        Some(chunk) => chunk.as_mut_slice(),
        None => rest,
    };
    let single = |i: usize| match (last.get(i), last_window.get(i)) {
        (Some(x), Some(w)) => clean(*x) * w,
        _ => 0.0,
    };
    for (i, pair) in rest.iter_mut().enumerate() {
        *pair = Complex32::new(single(2 * i), single(2 * i + 1));
    }
}

/// Powers of a real transform from the complex one over pairs, `spectrum`, of half the length M:
/// `powers` has M + 1 places, `turns` the real and imaginary parts of exp(−πik/M), k from 1 up to
/// and without M/2. 4·|X|², and |X|² at both ends.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn powers_of_pairs(spectrum: &[Complex32], turns: &[Vec<f32>; 2], powers: &mut [f32]) {
    let half = spectrum.len();
    let (Some(first), [p_first, inner @ .., p_last]) = (spectrum.first(), powers) else {
        return;
    };
    *p_first = (first.re + first.im) * (first.re + first.im);
    *p_last = (first.re - first.im) * (first.re - first.im);
    let [turn_re, turn_im] = turns;
    // Bins k from 1 and their mirror images M − k, up to but without the middle.
    let count = (half - 1) / 2;
    let (low, high) = inner.split_at_mut(count);
    if half.is_multiple_of(2) {
        high[0] = 4.0 * spectrum[half / 2].norm_sqr();
    }
    let high_start = high.len() - count;
    let high = &mut high[high_start..];
    let (front, back) = (&spectrum[1..=count], &spectrum[half - count..]);
    let (turn_re, turn_im) = (&turn_re[..count], &turn_im[..count]);

    let (front_chunks, front_rest) = front.as_chunks::<LANES>();
    let (_, back_chunks) = back.as_rchunks::<LANES>();
    let (low_chunks, low_rest) = low.as_chunks_mut::<LANES>();
    let (high_rest, high_chunks) = high.as_rchunks_mut::<LANES>();
    let (re_chunks, re_rest) = turn_re.as_chunks::<LANES>();
    let (im_chunks, im_rest) = turn_im.as_chunks::<LANES>();
    let chunks = front_chunks
        .iter()
        .zip(back_chunks.iter().rev())
        .zip(re_chunks.iter().zip(im_chunks))
        .zip(low_chunks.iter_mut().zip(high_chunks.iter_mut().rev()));
    for (((a, b), (re, im)), (low, high)) in chunks {
        let mut mirrored = [0.0; LANES];
        for i in 0..LANES {
            let turn = Complex32::new(re[i], im[i]);
            [low[i], mirrored[i]] = both_powers(a[i], b[LANES - 1 - i], turn);
        }
        for i in 0..LANES {
            high[i] = mirrored[LANES - 1 - i];
        }
    }
    let done = count - front_rest.len();
    for i in 0..front_rest.len() {
        let turn = Complex32::new(re_rest[i], im_rest[i]);
        let mirror = back[count - 1 - done - i];
        [low_rest[i], high_rest[front_rest.len() - 1 - i]] =
            both_powers(front_rest[i], mirror, turn);
    }
}

/// |E ± w·O|² for a bin `a` of the transform over pairs, its mirror image `b` and w = `turn`.
#[inline(always)]
fn both_powers(a: Complex32, b: Complex32, turn: Complex32) -> [f32; 2] {
    let (even_re, even_im) = (a.re + b.re, a.im - b.im);
    let (odd_re, odd_im) = (a.im + b.im, b.re - a.re);
    let re = turn.re * odd_re - turn.im * odd_im;
    let im = turn.re * odd_im + turn.im * odd_re;
    let (plus_re, plus_im) = (even_re + re, even_im + im);
    let (minus_re, minus_im) = (even_re - re, even_im - im);
    [
        plus_re * plus_re + plus_im * plus_im,
        minus_re * minus_re + minus_im * minus_im,
    ]
}

/// Raises each value of `top` to that of `row` where it is higher. NaN in `row` changes nothing.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn fold_max(top: &mut [f32], row: &[f32]) {
    for (top, &value) in top.iter_mut().zip(row) {
        *top = if value > *top { value } else { *top };
    }
}

/// `out` = `power` in decibels, as far as both reach.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn powers_to_db(power: &[f32], out: &mut [f32]) {
    const FUSED: bool = ALWAYS_FUSED || target_cfg_f!(target_feature = "fma");
    for (db, power) in out.iter_mut().zip(power) {
        *db = power_to_db_with::<FUSED>(*power);
    }
}

/// Moves each mean power the share `alpha` of the way towards the power of `levels` (decibels).
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn average_powers(mean: &mut [f32], levels: &[f32], alpha: f32) {
    let kept = 1.0 - alpha;
    for (mean, db) in mean.iter_mut().zip(levels) {
        *mean = *mean * kept + alpha * db_to_power(*db);
    }
}

/// Peak hold: `top` follows `levels` upwards at once; where it is not reached, it stays while
/// `left` (seconds, lowered by `secs`) lasts and then falls by `fall`. NaN counts as the floor.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn hold_peaks(
    top: &mut [f32],
    left: &mut [f32],
    levels: &[f32],
    (hold, secs, fall): (f32, f32, f32),
) {
    for ((top, left), &db) in top.iter_mut().zip(left).zip(levels) {
        let db = if db > FLOOR_DBFS { db } else { FLOOR_DBFS };
        let remaining = *left - secs;
        let fallen = if remaining < 0.0 { *top - fall } else { *top };
        let reached = db >= fallen;
        *top = if reached { db } else { fallen };
        *left = if reached { hold } else { remaining };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::power_to_db;

    /// Lengths around every vector width, so that remainders are met.
    const LENGTHS: [usize; 9] = [0, 1, 3, 7, 8, 15, 31, 33, 100];

    fn ramp(n: usize) -> Vec<f32> {
        let odd = [f32::NAN, f32::INFINITY, -1e13, 1e-20, 0.0];
        (0..n)
            .map(|i| {
                if i % 7 == 3 {
                    odd[i % 5]
                } else {
                    i as f32 * 0.37 - 5.0
                }
            })
            .collect()
    }

    #[test]
    fn weighing_equals_one_by_one() {
        for n in LENGTHS {
            let (samples, window) = (ramp(n), vec![0.3; n]);
            let mut out = vec![9.0; n + 2];
            weigh(&samples, &window, &mut out);
            let expected = samples.iter().map(|&x| clean(x) * 0.3);
            assert!(expected.eq(out[..n].iter().copied()), "{n}");
            assert_eq!(out[n..], [9.0; 2]);
        }
    }

    #[test]
    fn pairs_equal_one_by_one() {
        for n in LENGTHS {
            let (samples, window) = (ramp(n), vec![0.3; n]);
            let mut out = vec![Complex32::new(9.0, 9.0); n.div_ceil(2)];
            weigh_pairs(&samples, &window, &mut out);
            let flat: Vec<f32> = out.iter().flat_map(|z| [z.re, z.im]).collect();
            let expected = samples.iter().map(|&x| clean(x) * 0.3);
            assert!(expected.eq(flat[..n].iter().copied()), "{n}");
            assert!(flat[n..].iter().all(|&x| x == 0.0));
        }
    }

    #[test]
    fn decibels_equal_one_by_one() {
        for n in LENGTHS {
            let powers: Vec<_> = ramp(n).iter().map(|&x| x * x).collect();
            let mut out = vec![9.0; n];
            powers_to_db(&powers, &mut out);
            for (x, db) in powers.iter().zip(out) {
                assert!((power_to_db(*x) - db).abs() < 1e-4, "{x} {db}");
            }
        }
    }

    #[test]
    fn folding_equals_one_by_one() {
        for n in LENGTHS {
            let mut top = vec![-3.0; n];
            fold_max(&mut top, &ramp(n));
            let expected = ramp(n).into_iter().map(|x| f32::max(-3.0, x));
            assert!(expected.eq(top), "{n}");
        }
    }
}
