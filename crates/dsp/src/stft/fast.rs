//! The engine of every display: `f32`, vector code around a complex transform. Never allocates
//! after `new`.

use std::fmt;
use std::sync::Arc;

use super::aligned::Aligned;
use super::real::RealLevels;
use super::{StftError, StftParams};

/// A transform ready to run, with its own scratch memory.
///
/// Single precision: beside a full-scale tone, bins down to −100 dBFS are right within 0.08 dB
/// (99 % of them within 0.004 dB) and those down to −80 dBFS within 0.008 dB; in sound without
/// such a tone, within 0.01 dB (99 % within 0.0005 dB). Where more is asked for, there is
/// [`StftF64`](super::StftF64).
///
/// Cloning shares plan and window and gives the clone scratch of its own: build one, clone it
/// for every task.
///
/// ```
/// use soundfall_dsp::{stft::{Stft, StftParams}, window::Window};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stft = Stft::new(&StftParams::new(Window::Hann, 1024, 256)?)?;
/// let sine: Vec<f32> = (0..1024)
///     .map(|i| (std::f32::consts::TAU * 32.0 * i as f32 / 1024.0).sin())
///     .collect();
/// let mut column = vec![0.0; stft.bins()];
/// stft.column(&sine, &mut column);
/// assert!(column[32].abs() < 0.001); // full scale: 0 dBFS
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Stft {
    params: StftParams,
    /// Coefficients over their sum.
    window: Arc<Aligned<f32>>,
    transform: RealLevels,
    /// A whole column, for those who want a part of one.
    column: Vec<f32>,
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft")
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Stft {
    /// Plans the transform and allocates everything it will ever need.
    ///
    /// # Errors
    /// [`StftError`] where `params` are out of range.
    pub fn new(params: &StftParams) -> Result<Self, StftError> {
        let (coefficients, sum) = params.coefficients()?;
        Ok(Self {
            params: *params,
            window: Arc::new(coefficients.iter().map(|w| (w / sum) as f32).collect()),
            transform: RealLevels::new(params.fft_size),
            column: vec![0.0; params.bins()],
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

    /// One column: levels in dBFS of the first `window_size` samples, bin by bin from 0 Hz.
    ///
    /// Where `samples` is shorter, silence follows; where `out` is shorter, the rest is left out.
    pub fn column(&mut self, samples: &[f32], out_dbfs: &mut [f32]) {
        if let Some(out) = out_dbfs.get_mut(..self.column.len()) {
            self.transform.levels(samples, &self.window, out);
        } else {
            self.transform
                .levels(samples, &self.window, &mut self.column);
            out_dbfs.copy_from_slice(&self.column[..out_dbfs.len()]);
        }
    }

    /// Columns from the start of `samples`, hop by hop, only whole windows.
    ///
    /// `out` is contiguous, `[columns][bins]`. Returns the number of columns written: what the
    /// samples give ([`StftParams::columns_in`]) or what `out` holds, whichever is less.
    pub fn columns(&mut self, samples: &[f32], out: &mut [f32]) -> usize {
        let count = self.params.columns_in(samples.len());
        let bins = self.bins();
        let mut written = 0;
        for (index, column) in out.chunks_exact_mut(bins).take(count).enumerate() {
            self.column(&samples[index * self.params.hop_frames..], column);
            written += 1;
        }
        written
    }

    /// Columns of several channels, hop by hop from the start of each: as many of every channel as
    /// the shortest one gives and `out` holds.
    ///
    /// `out` is contiguous, `[channels][columns][bins]`. Returns the columns per channel.
    ///
    /// ```
    /// # use soundfall_dsp::{stft::{Stft, StftParams}, window::Window};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stft = Stft::new(&StftParams::new(Window::Hann, 64, 16)?)?;
    /// let (left, right) = ([0.5; 128], [-0.5; 112]);
    /// let mut out = vec![0.0; 2 * 4 * stft.bins()];
    /// assert_eq!(stft.batch(&[&left, &right], &mut out), 4);
    /// # Ok(()) }
    /// ```
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
}
