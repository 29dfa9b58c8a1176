//! What an engine of instruments is made for. Never holds samples.

use thiserror::Error;

use super::{Instrument, InstrumentSet};
use crate::coherence::CoherenceError;
use crate::meter::{LoudnessError, LoudnessMeter, Role};
use crate::peaks::PeakParams;
use crate::scale::FrequencyAxis;
use crate::stft::{StftError, StftParams};

/// Peaks are looked for, and coherence is measured, at most about so often a second.
const FINDINGS_PER_SEC: f64 = 50.0;

/// The longest hop of the display, in frames.
const MAX_HOP: usize = 1 << 20;

/// The least weight of a sample under the window that weighs it most: −10.5 dB.
const MIN_WEIGHT: f64 = 0.3;

/// What is listened to, and how.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(remote = "Self"))]
pub struct InstrumentSettings {
    /// The transform of the display: window, sizes, hop.
    pub stft: StftParams,
    /// Where averages, held maxima and coherence are reported: one value a column.
    pub axis: FrequencyAxis,
    /// Hz.
    pub sample_rate: u32,
    /// Number of channels, at least 1.
    pub channels: usize,
    /// The two channels (from 0) of correlation and goniometer.
    pub pair: Option<(usize, usize)>,
    /// The channel (from 0) that coherence is measured to.
    pub reference: usize,
    /// Time constant of averages in seconds; coherence takes at least 1 s, since over less it says
    /// nothing.
    pub average_secs: f64,
    /// How fast held maxima fall in dB a second, after two seconds; `None` holds them.
    pub hold_fall_db_per_sec: Option<f64>,
    /// What counts as a peak.
    pub peaks: PeakParams,
    /// Which instruments work. The others cost nothing.
    pub wanted: InstrumentSet,
}

crate::checked::checked_serde!(InstrumentSettings);

/// Why there are no instruments.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum InstrumentError {
    /// Nothing to listen to.
    #[error("instruments need a channel to listen to: there is none")]
    NoChannels,
    /// The transform cannot be made.
    #[error(transparent)]
    Stft(#[from] StftError),
    /// There is no such reference.
    #[error(transparent)]
    Coherence(#[from] CoherenceError),
    /// Columns so far apart are no picture of anything.
    #[error("instruments cannot listen every {0} frames: use a hop of {MAX_HOP} frames or less")]
    Hop(usize),
    /// One of the pair is not there.
    #[error("channel {channel} of the pair is not there: choose two below {channels}")]
    NoSuchPair {
        /// Index asked for, from 0.
        channel: usize,
        /// Number of channels.
        channels: usize,
    },
}

impl InstrumentSettings {
    /// Everything at its usual: the transform of the display, averages over 1 s, maxima held for
    /// ever, the first two channels as pair, the first as reference; nothing wanted yet.
    #[must_use]
    pub fn new(stft: StftParams, axis: FrequencyAxis, sample_rate: u32, channels: usize) -> Self {
        Self {
            stft,
            axis,
            sample_rate,
            channels,
            pair: (channels > 1).then_some((0, 1)),
            reference: 0,
            average_secs: 1.0,
            hold_fall_db_per_sec: None,
            peaks: PeakParams::default(),
            wanted: InstrumentSet::NONE,
        }
    }

    /// Frames from one column to the next.
    ///
    /// Averages and maxima have to hear every sample: the hop is that of the display, or longer
    /// where the display has more than about fifty columns a second, but never more than half a
    /// window, and less under a narrow one: every sample has a weight of 0.3 under some window.
    #[must_use]
    pub fn hop_frames(&self) -> usize {
        let shown = self.stft.hop_frames.max(1);
        let wanted = f64::from(self.sample_rate) / FINDINGS_PER_SEC / shown as f64;
        let size = self.stft.window_size;
        let weights = self.stft.window.coefficients(size);
        // Half way between the middles of two windows.
        let heard = |hop: usize| {
            let weight = weights.get(size / 2 + hop.div_ceil(2));
            hop <= size / 2 && weight.is_some_and(|weight| *weight >= MIN_WEIGHT)
        };
        let columns = (1..=wanted.round() as usize).rev();
        shown * columns.into_iter().find(|n| heard(n * shown)).unwrap_or(1)
    }

    /// Of how many columns one is searched for peaks and measured for coherence.
    #[must_use]
    pub fn columns_per_finding(&self) -> u64 {
        let hop_secs = self.hop_frames() as f64 / f64::from(self.sample_rate.max(1));
        ((1.0 / FINDINGS_PER_SEC / hop_secs).round() as u64).max(1)
    }

    /// Why loudness cannot be measured, where it cannot. That is no reason against the other
    /// instruments.
    #[must_use]
    pub fn no_loudness(&self) -> Option<LoudnessError> {
        LoudnessMeter::check(self.sample_rate, &Role::usual(self.channels)).err()
    }

    /// Whether a transform is needed at all.
    pub(super) fn wants_columns(&self) -> bool {
        self.wanted
            .has_any(&[Instrument::Peaks, Instrument::Average, Instrument::Hold])
    }

    /// Whether there can be such instruments.
    ///
    /// # Errors
    /// [`InstrumentError`], naming the first value that cannot be.
    pub fn check(&self) -> Result<(), InstrumentError> {
        if self.channels == 0 {
            return Err(InstrumentError::NoChannels);
        }
        self.stft.check()?;
        if self.stft.hop_frames > MAX_HOP {
            return Err(InstrumentError::Hop(self.stft.hop_frames));
        }
        if let Some((left, right)) = self.pair {
            let channel = left.max(right);
            if channel >= self.channels {
                return Err(InstrumentError::NoSuchPair {
                    channel,
                    channels: self.channels,
                });
            }
        }
        if self.reference >= self.channels {
            return Err(InstrumentError::Coherence(
                CoherenceError::NoSuchReference {
                    reference: self.reference,
                    channels: self.channels,
                },
            ));
        }
        Ok(())
    }
}
