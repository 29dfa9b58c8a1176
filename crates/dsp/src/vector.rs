//! The loops that run per sample and per bin, compiled once per instruction set and chosen at
//! run time. Never holds a formula: those are in [`sample`](crate::sample) and
//! [`level`](crate::level), as plain arithmetic.
//!
//! The sets are the baseline (SSE2 on x86-64), AVX2 with fused multiply-add, and AVX-512.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use rustfft::num_complex::Complex32;

use crate::level::{FLOOR_DBFS, db_to_power, power_to_db_with};
use crate::rows::stored_bits;
use crate::sample::clean;

/// Whether every processor of this architecture multiplies and adds in one instruction.
/// (Without one, `mul_add` is a slow library call.)
const ALWAYS_FUSED: bool = cfg!(target_arch = "aarch64");

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

/// `out` = `gain`·|`spectrum`|² in decibels, as far as both reach.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn spectrum_to_db(spectrum: &[Complex32], gain: f32, out: &mut [f32]) {
    const FUSED: bool = ALWAYS_FUSED || target_cfg_f!(target_feature = "fma");
    for (db, x) in out.iter_mut().zip(spectrum) {
        *db = power_to_db_with::<FUSED>(gain * (x.re * x.re + x.im * x.im));
    }
}

/// The same, two products to a complex number; a last single one is its real part alone.
///
/// In two steps: weighing straight into complex numbers would keep the multiplication from
/// becoming vector code, which costs several times as much. In blocks, so that what lies between
/// the steps stays small.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn weigh_pairs(samples: &[f32], window: &[f32], out: &mut [Complex32]) {
    const BLOCK: usize = 256;
    let mut weighed = [0.0; BLOCK];
    let blocks = samples.chunks(BLOCK).zip(window.chunks(BLOCK));
    for (pairs, (samples, window)) in out.chunks_mut(BLOCK / 2).zip(blocks) {
        let count = samples.len().min(window.len());
        let products = weighed.iter_mut().zip(samples).zip(window);
        for ((y, x), w) in products {
            *y = clean(*x) * w;
        }
        if let Some(after) = weighed.get_mut(count) {
            *after = 0.0;
        }
        let pairs = pairs.iter_mut().take(count.div_ceil(2));
        for (pair, &[re, im]) in pairs.zip(weighed.as_chunks().0) {
            *pair = Complex32::new(re, im);
        }
    }
}

/// Powers in decibels of a real transform from the complex one over pairs of samples, `pairs`
/// (without its bin 0, so that bins k and M − k lie as far from the two ends), with `turns` the
/// real and imaginary parts of exp(−πik/M): `low` gets the bins from 1 up, `high` those from
/// M − 1 down, filled from its end. As many as `low` has places; the others have as many or more.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn both_to_db(
    pairs: &[Complex32],
    turns: (&[f32], &[f32]),
    low: &mut [f32],
    high: &mut [f32],
) {
    const FUSED: bool = ALWAYS_FUSED || target_cfg_f!(target_feature = "fma");
    // All of one length before the loop: otherwise it does not become vector code.
    let count = low.len();
    let (front, back) = (&pairs[..count], &pairs[pairs.len() - count..]);
    let (turns_re, turns_im) = (&turns.0[..count], &turns.1[..count]);
    let high = &mut high[..count];
    for (((((a, b), turn_re), turn_im), low), high) in front
        .iter()
        .zip(back.iter().rev())
        .zip(turns_re)
        .zip(turns_im)
        .zip(low)
        .zip(high.iter_mut().rev())
    {
        let (even_re, even_im) = (a.re + b.re, a.im - b.im);
        let (odd_re, odd_im) = (a.im + b.im, b.re - a.re);
        let re = turn_re * odd_re - turn_im * odd_im;
        let im = turn_re * odd_im + turn_im * odd_re;
        let (plus_re, plus_im) = (even_re + re, even_im + im);
        let (minus_re, minus_im) = (even_re - re, even_im - im);
        *low = power_to_db_with::<FUSED>(plus_re * plus_re + plus_im * plus_im);
        *high = power_to_db_with::<FUSED>(minus_re * minus_re + minus_im * minus_im);
    }
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

/// `out` = `levels` (dBFS) as little-endian half floats, two bytes each, as far as both reach.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn pack_levels(levels: &[f32], out: &mut [u8]) {
    for (out, &db) in out.as_chunks_mut().0.iter_mut().zip(levels) {
        *out = stored_bits(db).to_le_bytes();
    }
}

/// Raises each little-endian half float of `top`, compared by its bits, to that of `row`.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn merge_levels(top: &mut [u8], row: &[u8]) {
    for (top, row) in top.as_chunks_mut().0.iter_mut().zip(row.as_chunks().0) {
        *top = u16::from_le_bytes(*top)
            .max(u16::from_le_bytes(*row))
            .to_le_bytes();
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
    fn decibels_equal_one_by_one() {
        for n in LENGTHS {
            let spectrum: Vec<_> = ramp(n).iter().map(|&x| Complex32::new(x, 0.1)).collect();
            let mut out = vec![9.0; n];
            spectrum_to_db(&spectrum, 4.0, &mut out);
            for (x, db) in spectrum.iter().zip(out) {
                assert!(
                    (power_to_db(4.0 * x.norm_sqr()) - db).abs() < 1e-4,
                    "{x} {db}"
                );
            }
        }
    }

    #[test]
    fn pairs_equal_one_by_one() {
        for n in LENGTHS {
            let n = if n == 100 { 1001 } else { n };
            let (samples, window) = (ramp(n), vec![0.3; n]);
            let mut out = vec![Complex32::new(9.0, 9.0); n / 2 + 3];
            weigh_pairs(&samples, &window, &mut out);
            let flat: Vec<f32> = out.iter().flat_map(|z| [z.re, z.im]).collect();
            let mut expected: Vec<f32> = samples.iter().map(|&x| clean(x) * 0.3).collect();
            expected.resize(n.next_multiple_of(2), 0.0);
            expected.resize(flat.len(), 9.0);
            assert_eq!(flat, expected, "{n}");
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
