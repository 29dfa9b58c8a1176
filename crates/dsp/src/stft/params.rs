//! What a transform is asked for, checked once. Never holds buffers or plans.

use thiserror::Error;

use crate::window::{Window, WindowError};

/// Shortest window, in frames.
pub const MIN_WINDOW: usize = 64;
/// Longest window, in frames.
pub const MAX_WINDOW: usize = 32768;
/// Longest transform, zero padding included.
pub const MAX_FFT: usize = 1 << 18;

/// Which transform: valid values once they have passed [`StftParams::new`] or [`Self::check`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(remote = "Self"))]
pub struct StftParams {
    /// Window function.
    pub window: Window,
    /// Frames under the window, [`MIN_WINDOW`]`..=`[`MAX_WINDOW`].
    pub window_size: usize,
    /// Transform length, `window_size..=`[`MAX_FFT`]; the rest is zero padding.
    pub fft_size: usize,
    /// Frames from one column to the next, at least 1.
    pub hop_frames: usize,
}

crate::checked::checked_serde!(StftParams);

/// Why a transform cannot be made.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum StftError {
    /// Window too short or too long.
    #[error("window size {0} is out of range: use {MIN_WINDOW} to {MAX_WINDOW} frames")]
    WindowSize(usize),
    /// Transform shorter than the window, or too long.
    #[error(
        "transform size {fft_size} is out of range: use {window_size} (the window) to {MAX_FFT}"
    )]
    FftSize {
        /// Length asked for.
        fft_size: usize,
        /// Window it has to hold.
        window_size: usize,
    },
    /// A hop of zero never gets anywhere.
    #[error("hop of 0 frames: use 1 or more")]
    Hop,
    /// The window's own parameter is out of range.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The window lets nothing through at this size.
    #[error("window `{window}` is all zeros at {window_size} frames: use a larger σ")]
    DeadWindow {
        /// The window.
        window: Window,
        /// Its size.
        window_size: usize,
    },
}

impl Default for StftParams {
    /// Hann, 2048 frames, hop 512 (75 % overlap), no padding.
    fn default() -> Self {
        Self {
            window: Window::Hann,
            window_size: 2048,
            fft_size: 2048,
            hop_frames: 512,
        }
    }
}

impl StftParams {
    /// A transform without zero padding.
    ///
    /// # Errors
    /// [`StftError`], naming the first value out of range.
    pub fn new(window: Window, window_size: usize, hop_frames: usize) -> Result<Self, StftError> {
        let params = Self {
            window,
            window_size,
            fft_size: window_size,
            hop_frames,
        };
        params.check().map(|()| params)
    }

    /// The same, padded with zeros to `fft_size` (finer bins, no finer resolution).
    ///
    /// # Errors
    /// [`StftError::FftSize`] where it is shorter than the window or beyond [`MAX_FFT`].
    pub fn padded_to(self, fft_size: usize) -> Result<Self, StftError> {
        let params = Self { fft_size, ..self };
        params.check().map(|()| params)
    }

    /// Whether all values are in range.
    ///
    /// # Errors
    /// [`StftError`], naming the first value out of range.
    pub fn check(&self) -> Result<(), StftError> {
        if !(MIN_WINDOW..=MAX_WINDOW).contains(&self.window_size) {
            return Err(StftError::WindowSize(self.window_size));
        }
        if !(self.window_size..=MAX_FFT).contains(&self.fft_size) {
            return Err(StftError::FftSize {
                fft_size: self.fft_size,
                window_size: self.window_size,
            });
        }
        if self.hop_frames == 0 {
            return Err(StftError::Hop);
        }
        Ok(self.window.check()?)
    }

    /// Values in a column: `fft_size / 2 + 1`, from 0 Hz up to half the sample rate.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.fft_size / 2 + 1
    }

    /// Columns whose whole window lies in `frames` frames, the first one starting at frame 0.
    #[must_use]
    pub fn columns_in(&self, frames: usize) -> usize {
        match frames.checked_sub(self.window_size) {
            Some(room) => room / self.hop_frames.max(1) + 1,
            None => 0,
        }
    }

    /// Columns of every one of some channels that fit into `room` values.
    pub(super) fn batch_columns(&self, channels: &[&[f32]], room: usize) -> usize {
        let Some(shortest) = channels.iter().map(|samples| samples.len()).min() else {
            return 0;
        };
        self.columns_in(shortest)
            .min(room / channels.len() / self.bins())
    }

    /// Frequency of bin `bin` in Hz.
    #[must_use]
    pub fn bin_hz(&self, bin: usize, sample_rate: f64) -> f64 {
        bin as f64 * sample_rate / self.fft_size as f64
    }

    /// The checked window coefficients and their sum.
    pub(crate) fn coefficients(&self) -> Result<(Vec<f64>, f64), StftError> {
        self.check()?;
        let coefficients = self.window.coefficients(self.window_size);
        let sum: f64 = coefficients.iter().sum();
        if sum < 1e-6 {
            return Err(StftError::DeadWindow {
                window: self.window,
                window_size: self.window_size,
            });
        }
        Ok((coefficients, sum))
    }
}
