//! The loops that run per sample and per bin, compiled once per instruction set and chosen at
//! run time. Never holds a formula: those are in [`sample`](crate::sample) and
//! [`level`](crate::level), as plain arithmetic.
//!
//! The sets are the baseline (SSE2 on x86-64), AVX2 with fused multiply-add, and AVX-512.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;
use rustfft::num_complex::Complex32;

use crate::level::power_to_db_with;
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

/// `out` = |`spectrum`|² in decibels, as far as both reach.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(crate) fn spectrum_to_db(spectrum: &[Complex32], out: &mut [f32]) {
    const FUSED: bool = ALWAYS_FUSED || target_cfg_f!(target_feature = "fma");
    for (db, x) in out.iter_mut().zip(spectrum) {
        *db = power_to_db_with::<FUSED>(x.re * x.re + x.im * x.im);
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
