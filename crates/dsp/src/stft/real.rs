//! The power spectrum of real samples in `f32`, by a complex transform of half the length. Never
//! knows decibels.
//!
//! A real transform of even length N is a complex one of length M = N/2 over pairs of samples,
//! z\[n\] = x\[2n\] + i·x\[2n+1\], that is taken apart afterwards (Press et al., *Numerical
//! Recipes*, "FFT of Single Real Function"): with the even part E = Z\[k\] + Z*\[M−k\] and the odd
//! part O = −i·(Z\[k\] − Z*\[M−k\]), X\[k\] = (E + wᵏ·O)/2 and X*\[M−k\] = (E − wᵏ·O)/2, where
//! w = exp(−2πi/N). Only powers are wanted, so both are squared on the spot, as vector code.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::vector;

/// A transform of real samples to powers, with scratch of its own. Cloning shares the plan.
#[derive(Clone)]
pub(super) struct RealPowers {
    plan: Plan,
    scratch: Vec<Complex32>,
    powers: Vec<f32>,
}

#[derive(Clone)]
enum Plan {
    /// Half as long, over pairs.
    Even {
        fft: Arc<dyn Fft<f32>>,
        pairs: Vec<Complex32>,
        /// Real and imaginary parts of wᵏ, k from 1.
        turns: Arc<[Vec<f32>; 2]>,
    },
    /// There are no pairs.
    Odd {
        fft: Arc<dyn RealToComplex<f32>>,
        input: Vec<f32>,
        spectrum: Vec<Complex32>,
    },
}

impl fmt::Debug for RealPowers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealPowers")
            .field("bins", &self.powers.len())
            .finish_non_exhaustive()
    }
}

impl RealPowers {
    /// Plans a transform of `size` samples, at least 2.
    pub(super) fn new(size: usize) -> Self {
        let (plan, scratch) = if size.is_multiple_of(2) {
            let half = size / 2;
            let fft = FftPlanner::<f32>::new().plan_fft_forward(half);
            let scratch = fft.get_inplace_scratch_len();
            let turn = |k: usize| -TAU * k as f64 / size as f64;
            let turns = [
                (1..half.div_ceil(2))
                    .map(|k| turn(k).cos() as f32)
                    .collect(),
                (1..half.div_ceil(2))
                    .map(|k| turn(k).sin() as f32)
                    .collect(),
            ];
            let plan = Plan::Even {
                fft,
                pairs: vec![Complex32::default(); half],
                turns: Arc::new(turns),
            };
            (plan, scratch)
        } else {
            let fft = RealFftPlanner::<f32>::new().plan_fft_forward(size);
            let scratch = fft.get_scratch_len();
            let plan = Plan::Odd {
                input: fft.make_input_vec(),
                spectrum: fft.make_output_vec(),
                fft,
            };
            (plan, scratch)
        };
        Self {
            plan,
            scratch: vec![Complex32::default(); scratch],
            powers: vec![0.0; size / 2 + 1],
        }
    }

    /// Powers of cleaned `samples` × `window`, silence after the shorter of them, bin by bin:
    /// |X|² where a bin has no mirror image (0 Hz, half the rate), 4·|X|² elsewhere.
    pub(super) fn powers(&mut self, samples: &[f32], window: &[f32]) -> &[f32] {
        let frames = samples.len().min(window.len());
        match &mut self.plan {
            Plan::Even { fft, pairs, turns } => {
                let paired = frames.div_ceil(2).min(pairs.len());
                let (head, tail) = pairs.split_at_mut(paired);
                vector::weigh_pairs(&samples[..frames], &window[..frames], head);
                // The transform works in place, so the padding has to be renewed.
                tail.fill(Complex32::default());
                fft.process_with_scratch(pairs, &mut self.scratch);
                vector::powers_of_pairs(pairs, turns, &mut self.powers);
            }
            Plan::Odd {
                fft,
                input,
                spectrum,
            } => {
                let weighed = frames.min(input.len());
                let (head, tail) = input.split_at_mut(weighed);
                vector::weigh(samples, window, head);
                tail.fill(0.0);
                let done = fft.process_with_scratch(input, spectrum, &mut self.scratch);
                debug_assert!(done.is_ok(), "buffers come from the plan itself");
                for (power, x) in self.powers.iter_mut().zip(spectrum.iter()) {
                    *power = 4.0 * x.norm_sqr();
                }
                self.powers[0] *= 0.25;
            }
        }
        &self.powers
    }
}
