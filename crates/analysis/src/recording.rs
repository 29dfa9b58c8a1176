//! A recording in memory: all of it is there from the start and stays. Never decodes.

use std::fmt;
use std::ops::Range;

use soundfall_ring::{Gap, MAX_CHANNELS, MAX_FRAME, MAX_SAMPLE_RATE};
use thiserror::Error;

use crate::history::{History, HistoryError, HistoryFormat, new_epoch};

/// Decoded samples of a recording.
///
/// ```
/// use soundfall_analysis::{History, HistoryError, Recording};
/// # fn main() -> Result<(), soundfall_analysis::RecordingError> {
/// let recording = Recording::from_interleaved(48_000, 2, &[0.1, -0.1, 0.2, -0.2])?;
/// let mut right = [0.0; 2];
/// assert_eq!(recording.read(1, 0, &mut right), Ok(()));
/// assert_eq!(right, [-0.1, -0.2]);
/// assert_eq!(recording.read(1, 1, &mut right), Err(HistoryError::PastEnd { end: 2 }));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Recording {
    format: HistoryFormat,
    epoch: u64,
    /// `[channel][frame]`.
    planes: Vec<Vec<f32>>,
    gaps: Vec<Gap>,
}

/// Why samples are no recording.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordingError {
    /// Rate 0 or beyond what a ring may have.
    #[error("sample rate {0} Hz is not between 1 and {MAX_SAMPLE_RATE}")]
    SampleRate(u32),
    /// No channel, or more than a ring may have.
    #[error("{0} channels where there must be 1 to {MAX_CHANNELS}")]
    Channels(usize),
    /// The samples are not as many for each channel.
    #[error("channel {channel} has {frames} frames where channel 0 has {expected}")]
    Uneven {
        /// The channel that differs, from 0.
        channel: usize,
        /// Its frames.
        frames: usize,
        /// Frames of the first one.
        expected: usize,
    },
    /// A gap of no frames, or one that is not within the recording.
    #[error(
        "a gap of {length_frames} frames at frame {start_frame} is not within the {frames} frames"
    )]
    Gap {
        /// Its first frame.
        start_frame: u64,
        /// Its length.
        length_frames: u64,
        /// Frames there are.
        frames: u64,
    },
}

impl Recording {
    /// The recording with these samples, one list a channel, all of the same length.
    ///
    /// # Errors
    /// [`RecordingError`], naming the first value that cannot be.
    pub fn from_planes(sample_rate: u32, planes: Vec<Vec<f32>>) -> Result<Self, RecordingError> {
        if !(1..=MAX_SAMPLE_RATE).contains(&sample_rate) {
            return Err(RecordingError::SampleRate(sample_rate));
        }
        let channels = u32::try_from(planes.len())
            .ok()
            .filter(|channels| (1..=MAX_CHANNELS).contains(channels))
            .ok_or(RecordingError::Channels(planes.len()))?;
        let expected = planes.first().map_or(0, Vec::len);
        let other = planes.iter().position(|plane| plane.len() != expected);
        if let Some(channel) = other {
            return Err(RecordingError::Uneven {
                channel,
                frames: planes[channel].len(),
                expected,
            });
        }
        Ok(Self {
            format: HistoryFormat {
                sample_rate,
                channels,
                capacity_frames: expected as u64,
                block_frames: 0,
            },
            epoch: new_epoch(),
            planes,
            gaps: Vec::new(),
        })
    }

    /// The recording with these samples, frame after frame; a last frame that is not whole is left
    /// out.
    ///
    /// # Errors
    /// As [`Self::from_planes`].
    pub fn from_interleaved(
        sample_rate: u32,
        channels: u32,
        samples: &[f32],
    ) -> Result<Self, RecordingError> {
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(RecordingError::Channels(channels as usize));
        }
        let width = channels as usize;
        let whole = &samples[..samples.len() - samples.len() % width];
        let plane = |channel| whole.iter().skip(channel).step_by(width).copied().collect();
        Self::from_planes(sample_rate, (0..width).map(plane).collect())
    }

    /// The same with these gaps, sorted by their first frames.
    ///
    /// # Errors
    /// [`RecordingError::Gap`] for one that is not within the recording.
    pub fn with_gaps(mut self, mut gaps: Vec<Gap>) -> Result<Self, RecordingError> {
        let frames = self.format.capacity_frames;
        let outside = |gap: &&Gap| {
            let end = gap.start_frame.checked_add(gap.length_frames);
            gap.length_frames == 0 || end.is_none_or(|end| end > frames.min(MAX_FRAME))
        };
        if let Some(gap) = gaps.iter().find(outside) {
            return Err(RecordingError::Gap {
                start_frame: gap.start_frame,
                length_frames: gap.length_frames,
                frames,
            });
        }
        gaps.sort_by_key(|gap| gap.start_frame);
        self.gaps = gaps;
        Ok(self)
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("format", &self.format)
            .field("epoch", &self.epoch)
            .field("gaps", &self.gaps.len())
            .finish_non_exhaustive()
    }
}

impl History for Recording {
    fn format(&self) -> HistoryFormat {
        self.format
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn extent(&self) -> Range<u64> {
        0..self.format.capacity_frames
    }

    fn read(&self, channel: u32, first_frame: u64, out: &mut [f32]) -> Result<(), HistoryError> {
        let plane = self
            .planes
            .get(channel as usize)
            .ok_or(HistoryError::NoSuchChannel {
                channel,
                channels: self.format.channels,
            })?;
        let samples = usize::try_from(first_frame)
            .ok()
            .and_then(|first| plane.get(first..first.checked_add(out.len())?))
            .ok_or(HistoryError::PastEnd {
                end: self.format.capacity_frames,
            })?;
        out.copy_from_slice(samples);
        Ok(())
    }

    fn gap_total(&self) -> u64 {
        self.gaps.len() as u64
    }

    fn gaps(&self) -> Vec<Gap> {
        self.gaps.clone()
    }
}
