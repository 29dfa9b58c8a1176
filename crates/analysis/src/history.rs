//! What is analysed: samples of the past and, while they are written, of the present. Knows nothing
//! of how they are kept.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use soundfall_ring::{Gap, ReadError, RingFormat, SharedRing, WriterState};
use thiserror::Error;

/// A history that any number of threads and tasks read.
pub type SharedHistory = Arc<dyn History>;

/// The fixed facts of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryFormat {
    /// Frames per second, at least 1.
    pub sample_rate: u32,
    /// Number of channels, at least 1.
    pub channels: u32,
    /// Frames per channel it holds at most: the capacity of a ring, the length of a recording.
    pub capacity_frames: u64,
    /// Frames that become readable at once, and that a writer may be overwriting; 0 where nothing
    /// is written any more.
    pub block_frames: u32,
}

impl HistoryFormat {
    /// Most frames that one read can ever give.
    #[must_use]
    pub fn readable_frames(&self) -> u64 {
        self.capacity_frames
            .saturating_sub(u64::from(self.block_frames))
    }

    /// Seconds that `frames` last.
    #[must_use]
    pub fn frames_to_secs(&self, frames: f64) -> f64 {
        frames / f64::from(self.sample_rate)
    }

    /// Frames in `seconds`, not rounded.
    #[must_use]
    pub fn secs_to_frames(&self, seconds: f64) -> f64 {
        seconds * f64::from(self.sample_rate)
    }

    /// Length of the whole history in seconds.
    #[must_use]
    pub fn capacity_secs(&self) -> f64 {
        self.frames_to_secs(self.capacity_frames as f64)
    }
}

impl From<&RingFormat> for HistoryFormat {
    fn from(format: &RingFormat) -> Self {
        Self {
            sample_rate: format.sample_rate,
            channels: format.channels,
            capacity_frames: format.capacity_frames,
            block_frames: format.block_frames,
        }
    }
}

/// Why frames could not be read. Three answers are everyday ones: the frames themselves (`Ok`),
/// [`HistoryError::Wait`] and [`HistoryError::Lost`]; the others end an analysis.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HistoryError {
    /// Some of the frames are not there yet: not written, or not decoded. They come by themselves.
    #[error("frames up to {available} are there so far; ask again later")]
    Wait {
        /// End of the frames that are there without waiting.
        available: u64,
    },
    /// Some of the frames were overwritten, or may be while they are read.
    #[error("{lost_frames} frames are lost; go on at frame {resume_at}")]
    Lost {
        /// Frames that are lost to a reader that resumes at `resume_at`.
        lost_frames: u64,
        /// Where to go on: as old as is safe.
        resume_at: u64,
    },
    /// Beyond the end of a recording: they will never be there.
    #[error("the recording ends at frame {end}")]
    PastEnd {
        /// Number of frames.
        end: u64,
    },
    /// More frames than can ever be given at once.
    #[error(
        "{frames} frames asked for at once, this history gives at most {readable}; read in smaller steps"
    )]
    TooLong {
        /// Frames asked for.
        frames: u64,
        /// [`HistoryFormat::readable_frames`].
        readable: u64,
    },
    /// There is no such channel.
    #[error("no channel {channel}: there are {channels}, from 0")]
    NoSuchChannel {
        /// Channel asked for.
        channel: u32,
        /// Channels there are.
        channels: u32,
    },
    /// Another history is in its place.
    #[error("the history was replaced by a new one; open it again")]
    Replaced,
    /// What holds the samples cannot be read.
    #[error("{reason}")]
    Unreadable {
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl From<ReadError> for HistoryError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotYet { available } => Self::Wait { available },
            ReadError::Lapped {
                lost_frames,
                resume_at,
            } => Self::Lost {
                lost_frames,
                resume_at,
            },
            ReadError::TooLong { frames, readable } => Self::TooLong { frames, readable },
            ReadError::NoSuchChannel { channel, channels } => {
                Self::NoSuchChannel { channel, channels }
            }
            ReadError::Replaced => Self::Replaced,
            other => Self::Unreadable {
                reason: other.to_string(),
            },
        }
    }
}

/// Samples of one stream: a ring, a recording. Frames are absolute numbers, from 0 at its start.
///
/// No method waits for samples to come; [`History::read`] says that they are to be waited for.
pub trait History: Send + Sync {
    /// The fixed facts.
    fn format(&self) -> HistoryFormat;

    /// A number that no other history in this process has; clones share it.
    fn epoch(&self) -> u64;

    /// The frames there are: the oldest one, and the one after the newest. What is decoded on
    /// demand belongs to it even while a read has to wait.
    fn extent(&self) -> Range<u64>;

    /// Copies the frames `first_frame .. first_frame + out.len()` of one channel to `out`, as they
    /// were at one moment.
    ///
    /// # Errors
    /// [`HistoryError`]; then `out` holds nothing of use.
    fn read(&self, channel: u32, first_frame: u64, out: &mut [f32]) -> Result<(), HistoryError>;

    /// Number of gaps ever recorded; grows with every gap.
    fn gap_total(&self) -> u64;

    /// The gaps that are known, oldest first: spans that were lost before they got here and hold
    /// zeros.
    fn gaps(&self) -> Vec<Gap>;

    /// True where the last frame is the end of the sound: silence stands for what would come after it. Not where
    /// something was cut off, or is still to be written.
    fn ends(&self) -> bool {
        false
    }

    /// What is known about the writer; none where nothing is ever written.
    fn writer_state(&self) -> Option<WriterState> {
        None
    }
}

/// An epoch that no history in this process had yet: for one that is made.
pub fn new_epoch() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A ring as a history. Rings of the base format have no epoch and those of some writers always the
/// same, so each ring that is opened has one here.
#[derive(Clone)]
pub struct RingHistory {
    ring: SharedRing,
    epoch: u64,
}

impl RingHistory {
    /// The history in this ring.
    #[must_use]
    pub fn new(ring: SharedRing) -> Self {
        let epoch = new_epoch();
        Self { ring, epoch }
    }

    /// The same, ready to be shared.
    #[must_use]
    pub fn shared(ring: SharedRing) -> SharedHistory {
        Arc::new(Self::new(ring))
    }

    /// The ring.
    #[must_use]
    pub fn ring(&self) -> &SharedRing {
        &self.ring
    }
}

impl History for RingHistory {
    fn format(&self) -> HistoryFormat {
        self.ring.format().into()
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn extent(&self) -> Range<u64> {
        let written = self.ring.written_frames();
        // As `RingRead::oldest_frame`, of the same moment.
        let format = self.ring.format();
        let oldest =
            (written + u64::from(format.block_frames)).saturating_sub(format.capacity_frames);
        oldest.min(written)..written
    }

    fn read(&self, channel: u32, first_frame: u64, out: &mut [f32]) -> Result<(), HistoryError> {
        Ok(self.ring.read(channel, first_frame, out)?)
    }

    fn gap_total(&self) -> u64 {
        self.ring.gap_total()
    }

    fn gaps(&self) -> Vec<Gap> {
        self.ring.gaps()
    }

    fn writer_state(&self) -> Option<WriterState> {
        Some(self.ring.writer_state())
    }
}
