//! Short-time Fourier transform: samples in, columns of dBFS out.
//! Never reads a ring, never schedules, never picks a hop by itself.
//!
//! **Scaling.** 0 dBFS is a sine of amplitude 1. With the window w and X the discrete Fourier
//! transform of w·x, the amplitude of bin k is 2·|X\[k\]| / Σw, and |X\[k\]| / Σw for the two bins
//! without a mirror image (0 Hz and, for even lengths, half the sample rate). The level is
//! 20·log₁₀ of it, not below [`FLOOR_DBFS`](crate::level::FLOOR_DBFS).
//!
//! **Bad samples** (NaN, infinite, absurd) count as 0, see [`clean`](crate::sample::clean).
//!
//! **Zero padding** follows the window; levels do not depend on where it lies.

mod aligned;
mod fast;
mod params;
mod real;
mod reference;

pub use fast::Stft;
pub use params::{MAX_FFT, MAX_WINDOW, MIN_WINDOW, StftError, StftParams};
pub use reference::StftF64;
