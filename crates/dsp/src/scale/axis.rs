//! A frequency range laid along an axis by a scale. Never knows bins, rates or pixels' colours.

use thiserror::Error;

use super::Scale;

/// Frequencies `min_hz..=max_hz` over `bins` equal bins of scale units.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(remote = "Self"))]
pub struct FrequencyAxis {
    scale: Scale,
    min_hz: f64,
    max_hz: f64,
    bins: usize,
}

crate::checked::checked_serde!(FrequencyAxis);

/// Why an axis cannot be.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum AxisError {
    /// Not a rising range of frequencies.
    #[error(
        "frequency range {min_hz} to {max_hz} Hz is no range: give a lower and a higher frequency, 0 or above"
    )]
    Range {
        /// Lower end asked for.
        min_hz: f64,
        /// Upper end asked for.
        max_hz: f64,
    },
    /// A logarithmic axis has no 0 Hz.
    #[error("a logarithmic axis cannot start at {min_hz} Hz: use 1 Hz or more")]
    LogFromZero {
        /// Lower end asked for.
        min_hz: f64,
    },
    /// Nothing to lay it over.
    #[error("an axis of 0 bins shows nothing: use 1 or more")]
    NoBins,
}

impl FrequencyAxis {
    /// Lowest start of a logarithmic axis, in Hz.
    pub const MIN_LOG_HZ: f64 = 1.0;

    /// An axis over `min_hz..=max_hz`.
    ///
    /// # Errors
    /// [`AxisError`] where the range does not rise from 0 or above, is not finite, starts below
    /// [`Self::MIN_LOG_HZ`] on a logarithmic scale, or has no bins.
    pub fn new(scale: Scale, min_hz: f64, max_hz: f64, bins: usize) -> Result<Self, AxisError> {
        let axis = Self {
            scale,
            min_hz,
            max_hz,
            bins,
        };
        axis.check().map(|()| axis)
    }

    fn check(&self) -> Result<(), AxisError> {
        let (min_hz, max_hz) = (self.min_hz, self.max_hz);
        // A range narrower than this is beyond the precision of the scales.
        let rises = min_hz >= 0.0 && max_hz.is_finite() && max_hz - min_hz > 1e-6;
        if !rises {
            return Err(AxisError::Range { min_hz, max_hz });
        }
        if self.scale == Scale::Log && min_hz < Self::MIN_LOG_HZ {
            return Err(AxisError::LogFromZero { min_hz });
        }
        if self.bins == 0 {
            return Err(AxisError::NoBins);
        }
        Ok(())
    }

    /// Everything a sample rate holds: 0 Hz (20 Hz on a logarithmic scale) to half the rate.
    ///
    /// # Errors
    /// As [`Self::new`], for a rate too low to hold any of it.
    pub fn whole(scale: Scale, sample_rate: f64, bins: usize) -> Result<Self, AxisError> {
        let min_hz = if scale == Scale::Log { 20.0 } else { 0.0 };
        Self::new(scale, min_hz, sample_rate / 2.0, bins)
    }

    /// The scale.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Lower end in Hz.
    #[must_use]
    pub fn min_hz(&self) -> f64 {
        self.min_hz
    }

    /// Upper end in Hz.
    #[must_use]
    pub fn max_hz(&self) -> f64 {
        self.max_hz
    }

    /// Number of bins.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Place of a frequency: 0 at `min_hz`, 1 at `max_hz`, beyond them outside.
    ///
    /// On a logarithmic axis 0 Hz lies at −∞.
    #[must_use]
    pub fn position(&self, hz: f64) -> f64 {
        let low = self.scale.from_hz(self.min_hz);
        let high = self.scale.from_hz(self.max_hz);
        (self.scale.from_hz(hz) - low) / (high - low)
    }

    /// Frequency in Hz at a place: the inverse of [`Self::position`]; exact at 0 and 1.
    #[must_use]
    pub fn hz(&self, position: f64) -> f64 {
        if position == 0.0 {
            return self.min_hz;
        }
        if position == 1.0 {
            return self.max_hz;
        }
        let low = self.scale.from_hz(self.min_hz);
        let high = self.scale.from_hz(self.max_hz);
        self.scale.to_hz(low + position * (high - low))
    }

    /// The part of it between two places, on as many bins.
    ///
    /// # Errors
    /// [`AxisError::Range`] where the places do not rise, or lie too close together.
    pub fn part(&self, low: f64, high: f64) -> Result<Self, AxisError> {
        Self::new(self.scale, self.hz(low), self.hz(high), self.bins)
    }

    /// The part of it between two frequencies, as far as it has them: the whole where that is nothing.
    #[must_use]
    pub fn between(&self, low_hz: Option<f64>, high_hz: Option<f64>) -> Self {
        let low = low_hz.unwrap_or(self.min_hz).max(self.min_hz);
        let high = high_hz.unwrap_or(self.max_hz).min(self.max_hz);
        Self::new(self.scale, low, high, self.bins).unwrap_or(*self)
    }

    /// Frequency in Hz at the edge below bin `bin` (`bins` gives the upper end).
    #[must_use]
    pub fn edge_hz(&self, bin: usize) -> f64 {
        self.hz(bin as f64 / self.bins as f64)
    }

    /// The bin a frequency falls into, if it is in range.
    #[must_use]
    pub fn bin(&self, hz: f64) -> Option<usize> {
        if !(self.min_hz..=self.max_hz).contains(&hz) {
            return None;
        }
        let bin = (self.position(hz) * self.bins as f64) as usize;
        Some(bin.min(self.bins - 1))
    }
}
