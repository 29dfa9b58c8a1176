//! The same transform in `f64` with exact logarithms: the measure of the fast engine, and the
//! choice where speed does not matter. Never used by a display.

use std::fmt;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex64;

use super::{StftError, StftParams};
use crate::level::power_to_db_exact;
use crate::sample::clean;

/// Reference transform: `f64` throughout, several times as slow as [`Stft`](super::Stft).
#[derive(Clone)]
pub struct StftF64 {
    params: StftParams,
    plan: Arc<dyn RealToComplex<f64>>,
    window: Arc<[f64]>,
    input: Vec<f64>,
    spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl fmt::Debug for StftF64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StftF64")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl StftF64 {
    /// Plans the transform and allocates everything it will ever need.
    ///
    /// # Errors
    /// [`StftError`] where `params` are out of range.
    pub fn new(params: &StftParams) -> Result<Self, StftError> {
        let (coefficients, sum) = params.coefficients()?;
        let plan = RealFftPlanner::<f64>::new().plan_fft_forward(params.fft_size);
        Ok(Self {
            params: *params,
            window: coefficients.iter().map(|w| w / sum).collect(),
            input: plan.make_input_vec(),
            spectrum: plan.make_output_vec(),
            scratch: plan.make_scratch_vec(),
            plan,
        })
    }

    /// What it was made for.
    #[must_use]
    pub fn params(&self) -> &StftParams {
        &self.params
    }

    /// Values in a column.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.params.bins()
    }

    /// One column, as [`Stft::column`](super::Stft::column).
    pub fn column(&mut self, samples: &[f32], out_dbfs: &mut [f64]) {
        self.transform(samples);
        for (bin, (db, x)) in out_dbfs.iter_mut().zip(&self.spectrum).enumerate() {
            *db = power_to_db_exact(x.norm_sqr() * self.mirror_gain(bin));
        }
    }

    /// Columns hop by hop, as [`Stft::columns`](super::Stft::columns), rounded to `f32` at the
    /// very end. Returns the number of columns written.
    pub fn columns(&mut self, samples: &[f32], out: &mut [f32]) -> usize {
        let count = self.params.columns_in(samples.len());
        let mut written = 0;
        for (index, column) in out
            .chunks_exact_mut(self.params.bins())
            .take(count)
            .enumerate()
        {
            self.transform(&samples[index * self.params.hop_frames..]);
            for (bin, (db, x)) in column.iter_mut().zip(&self.spectrum).enumerate() {
                *db = power_to_db_exact(x.norm_sqr() * self.mirror_gain(bin)) as f32;
            }
            written += 1;
        }
        written
    }

    /// Columns of several channels, as [`Stft::batch`](super::Stft::batch).
    pub fn batch(&mut self, channels: &[&[f32]], out: &mut [f32]) -> usize {
        let columns = self.params.batch_columns(channels, out.len());
        if columns > 0 {
            let blocks = out.chunks_exact_mut(columns * self.bins());
            for (samples, block) in channels.iter().zip(blocks) {
                self.columns(samples, block);
            }
        }
        columns
    }

    fn transform(&mut self, samples: &[f32]) {
        self.input.fill(0.0);
        for ((slot, x), w) in self.input.iter_mut().zip(samples).zip(self.window.iter()) {
            *slot = f64::from(clean(*x)) * w;
        }
        let done =
            self.plan
                .process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "buffers come from the plan itself");
    }

    /// Power gain for the mirror image a bin has or not.
    fn mirror_gain(&self, bin: usize) -> f64 {
        let size = self.params.fft_size;
        if bin == 0 || 2 * bin == size {
            1.0
        } else {
            4.0
        }
    }
}
