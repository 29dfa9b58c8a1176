//! Complex spectra of segments, and sums of their powers. Never normalises: every factor cancels
//! in a coherence.

use std::fmt;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex64;

use crate::sample::clean;
use crate::stft::{StftError, StftParams};

/// Transforms one segment at a time, its mean taken away, under a window of sum 1.
#[derive(Clone)]
pub(super) struct Spectra {
    window: Arc<[f64]>,
    plan: Arc<dyn RealToComplex<f64>>,
    input: Vec<f64>,
    spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl fmt::Debug for Spectra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spectra").finish_non_exhaustive()
    }
}

impl Spectra {
    pub(super) fn new(params: &StftParams) -> Result<Self, StftError> {
        let (coefficients, sum) = params.coefficients()?;
        let plan = RealFftPlanner::<f64>::new().plan_fft_forward(params.fft_size);
        Ok(Self {
            window: coefficients.iter().map(|w| w / sum).collect(),
            input: plan.make_input_vec(),
            spectrum: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        })
    }

    /// The first `window_size` samples; silence follows where there are fewer.
    pub(super) fn transform(&mut self, samples: &[f32]) {
        let size = self.window.len();
        self.input.fill(0.0);
        let segment = &mut self.input[..size];
        for (slot, &x) in segment.iter_mut().zip(samples) {
            *slot = f64::from(clean(x));
        }
        let mean = segment.iter().sum::<f64>() / size as f64;
        for (slot, w) in segment.iter_mut().zip(self.window.iter()) {
            *slot = (*slot - mean) * w;
        }
        let done =
            self.plan
                .process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers come from the plan itself");
    }

    pub(super) fn spectrum(&self) -> &[Complex64] {
        &self.spectrum
    }
}

/// Weighted sums over segments: power of one channel and, unless it is the reference itself, its
/// cross power with the reference.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    power: Vec<f64>,
    cross: Vec<Complex64>,
}

impl Sums {
    pub(super) fn new(bins: usize, is_reference: bool) -> Self {
        Self {
            power: vec![0.0; bins],
            cross: vec![Complex64::default(); if is_reference { 0 } else { bins }],
        }
    }

    /// What was counts `kept` times, the segment `weight` times.
    pub(super) fn add(
        &mut self,
        own: &[Complex64],
        reference: &[Complex64],
        kept: f64,
        weight: f64,
    ) {
        for (sum, x) in self.power.iter_mut().zip(own) {
            *sum = *sum * kept + weight * x.norm_sqr();
        }
        for ((sum, y), x) in self.cross.iter_mut().zip(own).zip(reference) {
            *sum = *sum * kept + x.conj() * y * weight;
        }
    }

    /// 0..=1; 1 for the reference with itself, 0 where there is no power or no such bin.
    pub(super) fn coherence(&self, reference: &Self, bin: usize) -> f64 {
        let (Some(&yy), Some(&xx)) = (self.power.get(bin), reference.power.get(bin)) else {
            return 0.0;
        };
        // Far below the floor of every level; keeps the quotient away from rounding of nothing.
        if yy.min(xx) <= 1e-40 {
            return 0.0;
        }
        match self.cross.get(bin) {
            Some(cross) => (cross.norm_sqr() / xx / yy).min(1.0),
            None => 1.0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.power.fill(0.0);
        self.cross.fill(Complex64::default());
    }
}
