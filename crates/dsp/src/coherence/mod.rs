//! Magnitude-squared coherence of channels to a reference, after Welch.
//! Never decides what is averaged: whole recordings or a time constant, as it is told.
//!
//! C(f) = |P_xy|² / (P_xx · P_yy), the cross and auto powers averaged over windowed segments
//! (P. D. Welch, *IEEE Trans. Audio Electroacoust.* AU-15, 1967). 1 where one channel follows the
//! other linearly, 0 where they have nothing in common. From a single segment it is 1 whatever the
//! channels are, and over K independent segments unrelated noise reads about 1/K (Carter, Knapp &
//! Nuttall, *IEEE Trans. Audio Electroacoust.* AU-21, 1973): see
//! [`CoherenceMeter::effective_segments`].
//!
//! As in `scipy.signal.coherence` the mean of each segment is taken away first (`detrend =
//! 'constant'`). Where a power is 0 the result is 0 (scipy: NaN).

mod meter;
mod spectra;

pub use meter::{CoherenceError, CoherenceMeter};

use crate::stft::{StftError, StftParams};
use spectra::{Spectra, Sums};

/// Coherence of two channels over all whole segments of both, as `scipy.signal.coherence` has it.
///
/// `params` holds scipy's arguments: window, `nperseg` (`window_size`), `nfft` (`fft_size`) and
/// `nperseg − noverlap` (`hop_frames`). `out` gets one value 0..=1 per bin ([`StftParams::bins`]).
/// Returns the number of segments; with none, `out` is filled with 0.
///
/// # Errors
/// [`StftError`] where `params` are out of range.
pub fn coherence(
    x: &[f32],
    y: &[f32],
    params: &StftParams,
    out: &mut [f64],
) -> Result<usize, StftError> {
    let mut reference = Spectra::new(params)?;
    let mut other = reference.clone();
    let mut sums = [
        Sums::new(params.bins(), true),
        Sums::new(params.bins(), false),
    ];
    let segments = params.columns_in(x.len().min(y.len()));
    for segment in 0..segments {
        let start = segment * params.hop_frames;
        reference.transform(&x[start..]);
        other.transform(&y[start..]);
        let [x_sums, y_sums] = &mut sums;
        x_sums.add(reference.spectrum(), reference.spectrum(), 1.0, 1.0);
        y_sums.add(other.spectrum(), reference.spectrum(), 1.0, 1.0);
    }
    for (bin, slot) in out.iter_mut().enumerate() {
        *slot = sums[1].coherence(&sums[0], bin);
    }
    Ok(segments)
}
