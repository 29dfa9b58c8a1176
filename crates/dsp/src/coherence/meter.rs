//! Coherence of all channels to one of them, while they stream. Never keeps samples: segments
//! come from outside, hop by hop.

use std::ops::Range;

use thiserror::Error;

use super::spectra::{Spectra, Sums};
use crate::average::share_of_new;
use crate::stft::{StftError, StftParams};

/// Why there is no meter.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum CoherenceError {
    /// The transform cannot be made.
    #[error(transparent)]
    Stft(#[from] StftError),
    /// The reference is not one of the channels.
    #[error("reference channel {reference} is not there: choose one below {channels}")]
    NoSuchReference {
        /// Index asked for, from 0.
        reference: usize,
        /// Number of channels.
        channels: usize,
    },
}

/// Coherence of every channel to a reference channel, exponentially weighted over segments.
///
/// It costs one `f64` transform per channel and segment and never allocates after `new`.
///
/// ```
/// use soundfall_dsp::coherence::CoherenceMeter;
/// use soundfall_dsp::stft::StftParams;
/// use soundfall_dsp::window::Window;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let params = StftParams::new(Window::Hann, 64, 32)?;
/// let mut meter = CoherenceMeter::new(&params, 48_000.0, 2, 0, 1.0)?;
/// let x: Vec<f32> = (0..64).map(|i| (i * i % 17) as f32 - 8.0).collect();
/// meter.push(&[&x, &x]);
/// let mut out = vec![0.0; params.bins()];
/// meter.coherence(1, &mut out);
/// assert!(out[1..].iter().all(|c| (c - 1.0).abs() < 1e-6));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CoherenceMeter {
    reference: usize,
    hop_secs: f64,
    time_constant_secs: f64,
    own: Spectra,
    of_reference: Spectra,
    sums: Vec<Sums>,
    weight: f64,
    /// Σ w² over Σ w = 1, for [`Self::effective_segments`].
    square_weight: f64,
}

impl CoherenceMeter {
    /// A meter of `channels` channels at `sample_rate` (Hz), to channel `reference` (from 0).
    ///
    /// Segments are as long as `params.window_size` and `params.hop_frames` apart. What was heard
    /// t seconds ago weighs exp(−t/`time_constant_secs`); infinity gives Welch's plain mean.
    ///
    /// # Errors
    /// [`CoherenceError`] where `params` are out of range or the reference is no channel.
    pub fn new(
        params: &StftParams,
        sample_rate: f64,
        channels: usize,
        reference: usize,
        time_constant_secs: f64,
    ) -> Result<Self, CoherenceError> {
        if reference >= channels {
            return Err(CoherenceError::NoSuchReference {
                reference,
                channels,
            });
        }
        let own = Spectra::new(params)?;
        Ok(Self {
            reference,
            hop_secs: params.hop_frames as f64 / sample_rate.max(1.0),
            time_constant_secs: time_constant_secs.max(0.0),
            of_reference: own.clone(),
            own,
            sums: (0..channels)
                .map(|channel| Sums::new(params.bins(), channel == reference))
                .collect(),
            weight: 0.0,
            square_weight: 0.0,
        })
    }

    /// The channel all others are compared with.
    #[must_use]
    pub fn reference(&self) -> usize {
        self.reference
    }

    /// Takes the next segment: the same `window_size` frames of every channel, one hop after the
    /// last ones. Missing channels and samples count as silence.
    pub fn push(&mut self, channels: &[&[f32]]) {
        self.push_with(|channel| channels.get(channel).copied().unwrap_or_default());
    }

    /// The same for planar samples in one slice, `[channel][stride]`, of each channel the first
    /// `window_size`.
    pub fn push_planar(&mut self, planar: &[f32], stride: usize) {
        self.push_with(|channel| {
            let start = channel.saturating_mul(stride);
            let end = start.saturating_add(stride).min(planar.len());
            planar.get(start..end).unwrap_or_default()
        });
    }

    fn push_with<'a>(&mut self, samples: impl Fn(usize) -> &'a [f32]) {
        let share = share_of_new(&mut self.weight, self.time_constant_secs, self.hop_secs);
        let kept = 1.0 - share;
        self.square_weight = self.square_weight * kept * kept + share * share;
        self.of_reference.transform(samples(self.reference));
        let reference = self.of_reference.spectrum();
        for (channel, sums) in self.sums.iter_mut().enumerate() {
            if channel == self.reference {
                sums.add(reference, reference, kept, share);
            } else {
                self.own.transform(samples(channel));
                sums.add(self.own.spectrum(), reference, kept, share);
            }
        }
    }

    /// Writes the coherence of `channel` to the reference, 0..=1, one value per bin. The
    /// reference itself reads 1 where it has power; a channel that is not there reads 0.
    pub fn coherence(&self, channel: usize, out: &mut [f32]) {
        for (bin, slot) in out.iter_mut().enumerate() {
            *slot = self.at(channel, bin) as f32;
        }
    }

    /// The mean coherence of `channel` over some bins: one number for a matrix of channels.
    #[must_use]
    pub fn mean(&self, channel: usize, bins: Range<usize>) -> f64 {
        let count = bins.len() as f64;
        if count == 0.0 {
            return 0.0;
        }
        bins.map(|bin| self.at(channel, bin)).sum::<f64>() / count
    }

    /// How many equally weighted segments the average is worth: (Σw)²/Σw². 0 before the first.
    ///
    /// Overlapping segments are not independent: at 50 % overlap of a Hann window it is worth
    /// about 0.95 of that, at 75 % about half.
    #[must_use]
    pub fn effective_segments(&self) -> f64 {
        if self.square_weight > 0.0 {
            1.0 / self.square_weight
        } else {
            0.0
        }
    }

    /// Starts anew: after a gap, or with other sound.
    pub fn clear(&mut self) {
        self.sums.iter_mut().for_each(Sums::clear);
        self.weight = 0.0;
        self.square_weight = 0.0;
    }

    fn at(&self, channel: usize, bin: usize) -> f64 {
        match (self.sums.get(channel), self.sums.get(self.reference)) {
            (Some(own), Some(reference)) => own.coherence(reference, bin),
            _ => 0.0,
        }
    }
}
