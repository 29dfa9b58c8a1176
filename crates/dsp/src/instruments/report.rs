//! What the instruments say at one moment, as plain numbers. Never measures.

use thiserror::Error;

/// What all instruments say. What was not wanted is empty or none.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(remote = "Self"))]
pub struct InstrumentReport {
    /// Everything before this absolute frame was heard, or counted as lost.
    pub end_frame: u64,
    /// Frames heard since the start.
    pub heard_frames: u64,
    /// Frames since the start that were not heard.
    pub lost_frames: u64,
    /// Columns of the frequency axis in averages, maxima and coherence.
    pub columns: usize,
    /// One a channel.
    pub channels: Vec<ChannelReport>,
    /// Loudness of all channels together.
    pub loudness: Option<LoudnessReport>,
    /// The pair.
    pub pair: Option<PairReport>,
    /// Coherence to the reference.
    pub coherence: Option<CoherenceReport>,
}

crate::checked::checked_serde!(InstrumentReport);

/// Why numbers are no report.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a report of {columns} columns has {values} values where there is one for each column")]
#[non_exhaustive]
pub struct UnevenReport {
    /// Columns that the report says it has.
    pub columns: usize,
    /// Values in a place that has one a column.
    pub values: usize,
}

/// Readings of one channel.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelReport {
    /// Confirmed tracks that live, loudest first.
    pub tracks: Vec<TrackReport>,
    /// Averaged level of every axis column, dBFS.
    pub average_dbfs: Vec<f32>,
    /// Held level of every axis column, dBFS.
    pub hold_dbfs: Vec<f32>,
    /// The level meter.
    pub level: Option<LevelReport>,
}

/// A tone that goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackReport {
    /// Its number: rising, never given twice on a channel by one engine.
    pub id: u64,
    /// Frequency when it was last seen.
    pub hz: f64,
    /// Level when it was last seen.
    pub dbfs: f32,
    /// First frame of the column it was born in (absolute).
    pub since_frame: u64,
}

/// A level meter. 0 dBFS is a sine of amplitude 1, for the RMS too.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LevelReport {
    /// The peak indicator: rises at once, falls 20 dB in 1.7 s.
    pub peak_dbfs: f32,
    /// The RMS over about 0.3 s.
    pub rms_dbfs: f32,
    /// The highest sample: held for 2 s, then falling 20 dB a second.
    pub held_dbfs: f32,
    /// The highest sample since the start.
    pub highest_dbfs: f32,
    /// A sample reached full scale within the last 3 s.
    pub clipped: bool,
    /// Samples beyond full scale since the start.
    pub overs: u64,
}

/// Loudness after EBU R128, read ten times a second (the short-term one less often where channels
/// are very many). None where there is nothing to say yet, and in silence.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LoudnessReport {
    /// Momentary loudness (400 ms).
    pub momentary_lufs: Option<f32>,
    /// Short-term loudness (3 s).
    pub short_term_lufs: Option<f32>,
    /// Integrated loudness since the start.
    pub integrated_lufs: Option<f32>,
    /// Loudness range since the start.
    pub range_lu: Option<f32>,
    /// Highest true peak of all channels since the start; −200 in silence.
    pub true_peak_dbtp: f32,
}

/// Two channels against each other.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairReport {
    /// Phase correlation, −1..=1; none while one of them is silent.
    pub correlation: Option<f32>,
    /// How much louder the second one is; none while both are silent.
    pub balance_db: Option<f32>,
    /// Goniometer points (x = S, y = M) of the newest twentieth of a second, oldest first.
    pub points: Vec<[f32; 2]>,
}

/// Coherence of every channel to one of them.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CoherenceReport {
    /// The channel compared with, from 0.
    pub reference: usize,
    /// How many equally weighted segments it is the mean of: below about ten it says little.
    pub segments: f32,
    /// Mean over the bins of each axis column, 0..=255 for 0..=1: `[channel][column]`.
    pub coherence: Vec<u8>,
}

impl InstrumentReport {
    /// Whether averages, maxima and coherence have one value a column, or none at all.
    ///
    /// # Errors
    /// [`UnevenReport`] where they have not.
    pub fn check(&self) -> Result<(), UnevenReport> {
        let columns = self.columns;
        let uneven = |values| UnevenReport { columns, values };
        let levels = |channel: &ChannelReport| {
            [channel.average_dbfs.len(), channel.hold_dbfs.len()]
                .into_iter()
                .find(|values| *values != 0 && *values != columns)
        };
        if let Some(values) = self.channels.iter().find_map(levels) {
            return Err(uneven(values));
        }
        let cells = columns.checked_mul(self.channels.len());
        match &self.coherence {
            Some(coherence) if Some(coherence.coherence.len()) != cells => {
                Err(uneven(coherence.coherence.len()))
            }
            _ => Ok(()),
        }
    }

    /// Halves the number of axis columns: levels keep the higher one of two, coherence its mean.
    pub fn halve_columns(&mut self) {
        let columns = self.columns;
        let halved = columns.div_ceil(2);
        for channel in &mut self.channels {
            for levels in [&mut channel.average_dbfs, &mut channel.hold_dbfs] {
                *levels = levels
                    .chunks(2)
                    .map(|two| two.iter().copied().fold(f32::NEG_INFINITY, f32::max))
                    .collect();
            }
        }
        if let Some(coherence) = &mut self.coherence {
            let mean = |two: &[u8]| {
                let sum: u16 = two.iter().map(|x| u16::from(*x)).sum();
                (sum / two.len().max(1) as u16) as u8
            };
            coherence.coherence = coherence
                .coherence
                .chunks(columns.max(1))
                .flat_map(|row| row.chunks(2).map(mean))
                .collect();
        }
        self.columns = halved;
    }
}
