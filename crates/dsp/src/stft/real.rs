//! Levels of real samples in `f32`, by a complex transform of half the length. Never
//! allocates after `new`.
//!
//! A real transform of even length N is a complex one of length M = N/2 over pairs of samples,
//! z\[n\] = x\[2n\] + i·x\[2n+1\], that is taken apart afterwards (Press et al., *Numerical
//! Recipes*, "FFT of Single Real Function"): with E = Z\[k\] + Z*\[M−k\] and
//! O = −i·(Z\[k\] − Z*\[M−k\]), 2·X\[k\] = E + wᵏ·O and 2·X*\[M−k\] = E − wᵏ·O, where
//! w = exp(−2πi/N). Only levels are wanted, so both are squared and turned into decibels on the
//! spot: the spectrum itself is never written. That makes it faster than a real transform alone.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::aligned::Aligned;
use crate::level::power_to_db;
use crate::vector;

/// A transform of real samples to levels, with memory of its own. Cloning shares the plan.
#[derive(Clone)]
pub(super) struct RealLevels {
    plan: Plan,
    scratch: Aligned<Complex32>,
}

#[derive(Clone)]
enum Plan {
    /// Half as long, over pairs, in place.
    Even {
        fft: Arc<dyn Fft<f32>>,
        pairs: Aligned<Complex32>,
        /// Real and imaginary parts of wᵏ, k from 1 up to, not including, M/2.
        turns: Arc<[Aligned<f32>; 2]>,
    },
    /// There are no pairs.
    Odd {
        fft: Arc<dyn RealToComplex<f32>>,
        input: Aligned<f32>,
        spectrum: Aligned<Complex32>,
    },
}

impl RealLevels {
    /// Plans a transform of `size` samples, at least 2.
    pub(super) fn new(size: usize) -> Self {
        let (plan, scratch) = if size.is_multiple_of(2) {
            let half = size / 2;
            let fft = FftPlanner::<f32>::new().plan_fft_forward(half);
            let scratch = fft.get_inplace_scratch_len();
            let turns = [f64::cos, f64::sin].map(|part| {
                let turn = |k: usize| -TAU * k as f64 / size as f64;
                (1..half.div_ceil(2))
                    .map(|k| part(turn(k)) as f32)
                    .collect()
            });
            let plan = Plan::Even {
                fft,
                pairs: Aligned::new(half),
                turns: Arc::new(turns),
            };
            (plan, scratch)
        } else {
            let fft = RealFftPlanner::<f32>::new().plan_fft_forward(size);
            let scratch = fft.get_scratch_len();
            let plan = Plan::Odd {
                fft,
                input: Aligned::new(size),
                spectrum: Aligned::new(size / 2 + 1),
            };
            (plan, scratch)
        };
        Self {
            plan,
            scratch: Aligned::new(scratch),
        }
    }

    /// Levels in dB of cleaned `samples` × `window`, silence after the shorter of them: of the
    /// amplitudes 2·|X|, and |X| where a bin has no mirror image (0 Hz, half the rate), bin by bin.
    /// `out` has room for all of them.
    pub(super) fn levels(&mut self, samples: &[f32], window: &[f32], out: &mut [f32]) {
        let frames = samples.len().min(window.len());
        let (samples, window) = (&samples[..frames], &window[..frames]);
        // Both transforms spoil their input, so the silence has to be renewed.
        match &mut self.plan {
            Plan::Even { fft, pairs, turns } => {
                vector::weigh_pairs(samples, window, pairs);
                pairs[frames.div_ceil(2)..].fill(Complex32::default());
                fft.process_with_scratch(pairs, &mut self.scratch);
                pairs_to_db(pairs, turns, out);
            }
            Plan::Odd {
                fft,
                input,
                spectrum,
            } => {
                vector::weigh(samples, window, input);
                input[frames..].fill(0.0);
                let done = fft.process_with_scratch(input, spectrum, &mut self.scratch);
                debug_assert!(done.is_ok(), "buffers come from the plan itself");
                vector::spectrum_to_db(spectrum, 4.0, out);
                if let (Some(db), Some(x)) = (out.first_mut(), spectrum.first()) {
                    *db = power_to_db(x.norm_sqr());
                }
            }
        }
    }
}

/// Takes the transform over pairs apart: both ends and the middle here, all others in pairs k and
/// M − k as vector code. `out` has M + 1 places.
fn pairs_to_db(pairs: &[Complex32], [turns_re, turns_im]: &[Aligned<f32>; 2], out: &mut [f32]) {
    let half = pairs.len();
    let ([first, others @ ..], [low_end, inner @ .., high_end]) = (pairs, out) else {
        return;
    };
    let (sum, difference) = (first.re + first.im, first.re - first.im);
    *low_end = power_to_db(sum * sum);
    *high_end = power_to_db(difference * difference);
    let (low, high) = inner.split_at_mut(turns_re.len());
    let high = match high {
        [middle, high @ ..] if half.is_multiple_of(2) => {
            *middle = power_to_db(4.0 * pairs[half / 2].norm_sqr());
            high
        }
        high => high,
    };
    vector::both_to_db(others, (turns_re, turns_im), low, high);
}
