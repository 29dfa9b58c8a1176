//! What every consumer of samples sees: the trait [`RingRead`] and its errors. Knows nothing of
//! how the samples are reached.

use std::sync::Arc;

use crate::format::RingFormat;
use crate::gap::Gap;
use crate::header::Extension;
use crate::storage::StorageError;

/// A ring that any number of threads and tasks read.
pub type SharedRing = Arc<dyn RingRead>;

/// Why frames could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Some of the frames are not written yet.
    #[error("frames up to {available} are written so far; ask again later")]
    NotYet {
        /// End of the frames written so far.
        available: u64,
    },
    /// The writer overwrote some of the frames, or may be doing so.
    #[error(
        "Data loss detected (buffer overrun): {lost_frames} frames are lost; go on at frame {resume_at}"
    )]
    Lapped {
        /// Frames that are lost to a reader that resumes at `resume_at`.
        lost_frames: u64,
        /// Where to go on: as old as is safe, with room for the time a copy takes.
        resume_at: u64,
    },
    /// More frames than the ring can ever give at once.
    #[error(
        "{frames} frames asked for at once, this ring gives at most {readable}; read in smaller steps"
    )]
    TooLong {
        /// Frames asked for.
        frames: u64,
        /// [`RingFormat::readable_frames`].
        readable: u64,
    },
    /// The ring has fewer channels.
    #[error("no channel {channel}: the ring has channels 0 to {}", channels - 1)]
    NoSuchChannel {
        /// Channel asked for.
        channel: u32,
        /// Channels there are.
        channels: u32,
    },
    /// The memory now holds another ring: its fixed facts, its epoch or its start changed, or its
    /// sequence went back.
    #[error("the ring was replaced by a new one; open it again")]
    Replaced,
    /// The words could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What is known about a ring's writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriterState {
    /// Not closed: the writer lives, or died without closing it (then the heartbeat is old).
    Open {
        /// Wall-clock time of its last sign of life, nanoseconds since 1970.
        heartbeat_unix_ns: u64,
        /// Its process id.
        pid: u32,
    },
    /// Closed cleanly; no more frames will come.
    Closed,
    /// The base format does not say.
    Unknown,
}

/// A writer gives a sign of life at least every 250 ms; older than four of those it is old.
const FRESH_NS: u64 = 1_000_000_000;

/// What a writer's last sign of life says of it at one moment. The one judge of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignOfLife {
    /// Within the last second, or dated less than a second ahead: it lives.
    Fresh,
    /// Older: it is stopped, very busy, or dead.
    Old {
        /// How old it is.
        age_ns: u64,
    },
    /// Dated in the future: a clock was set, or the writer's is wrong. Says nothing of its life.
    Ahead {
        /// How far in the future.
        by_ns: u64,
    },
}

impl WriterState {
    /// Judges the writer's last sign of life at the time `now_unix_ns`, nanoseconds since 1970;
    /// nothing where the ring is closed or does not say.
    #[must_use]
    pub fn sign_of_life(self, now_unix_ns: u64) -> Option<SignOfLife> {
        let Self::Open {
            heartbeat_unix_ns, ..
        } = self
        else {
            return None;
        };
        let apart = now_unix_ns.abs_diff(heartbeat_unix_ns);
        Some(if apart <= FRESH_NS {
            SignOfLife::Fresh
        } else if heartbeat_unix_ns > now_unix_ns {
            SignOfLife::Ahead { by_ns: apart }
        } else {
            SignOfLife::Old { age_ns: apart }
        })
    }
}

/// What every consumer of samples sees. Frames are absolute numbers, from 0 at the ring's start.
pub trait RingRead: Send + Sync {
    /// The fixed facts of this ring.
    fn format(&self) -> &RingFormat;

    /// What a ring of ours says about itself; `None` for base rings.
    fn extension(&self) -> Option<&Extension>;

    /// Random number of this ring; 0 for base rings.
    fn epoch(&self) -> u64 {
        self.extension().map_or(0, |extension| extension.epoch)
    }

    /// Asks whether the ring that was opened is still there. An error stays: what comes after it in
    /// the same memory is another ring, to be opened as such.
    ///
    /// # Errors
    /// [`ReadError::Replaced`] where another ring is in its place, [`ReadError::Storage`] where its
    /// end is gone.
    fn check(&self) -> Result<(), ReadError>;

    /// End of the readable frames: complete blocks × `block_frames`. Stays at the last known
    /// number when the storage fails or the sequence goes back; [`RingRead::check`] sees more.
    fn written_frames(&self) -> u64;

    /// Oldest frame that can be read now, the guard of one block included.
    fn oldest_frame(&self) -> u64 {
        oldest(self.format(), self.written_frames())
    }

    /// Consistent copy of the frames `start_frame .. start_frame + out.len()` of one channel.
    ///
    /// # Errors
    /// [`ReadError`]; then `out` holds nothing of use.
    fn read(&self, channel: u32, start_frame: u64, out: &mut [f32]) -> Result<(), ReadError>;

    /// As [`RingRead::read`], bit for bit as the writer stored it.
    ///
    /// # Errors
    /// As [`RingRead::read`].
    fn read_f64(&self, channel: u32, start_frame: u64, out: &mut [f64]) -> Result<(), ReadError>;

    /// Consistent copy of the newest `out.len()` frames of one channel; returns the first one's
    /// number. Tries three times when the writer is faster.
    ///
    /// # Errors
    /// As [`RingRead::read`]; [`ReadError::NotYet`] while there are fewer frames.
    fn read_latest(&self, channel: u32, out: &mut [f32]) -> Result<u64, ReadError> {
        const TRIES: usize = 3;
        let mut outcome = Err(ReadError::NotYet { available: 0 });
        for _ in 0..TRIES {
            let available = self.written_frames();
            let Some(start) = available.checked_sub(out.len() as u64) else {
                check_length(self.format(), out.len())?;
                return Err(ReadError::NotYet { available });
            };
            outcome = self.read(channel, start, out).map(|()| start);
            if !matches!(outcome, Err(ReadError::Lapped { .. })) {
                break;
            }
        }
        outcome
    }

    /// Gaps ever recorded; 0 for base rings.
    fn gap_total(&self) -> u64;

    /// The newest gaps, oldest first (at most 111); empty for base rings.
    fn gaps(&self) -> Vec<Gap>;

    /// What is known about the writer.
    fn writer_state(&self) -> WriterState;
}

/// Oldest frame that the guard of one block leaves readable.
pub(crate) fn oldest(format: &RingFormat, written: u64) -> u64 {
    written
        .saturating_add(u64::from(format.block_frames))
        .saturating_sub(format.capacity_frames)
}

/// Refuses what no read of this ring can give.
pub(crate) fn check_length(format: &RingFormat, len: usize) -> Result<(), ReadError> {
    let (frames, readable) = (len as u64, format.readable_frames());
    if frames > readable {
        return Err(ReadError::TooLong { frames, readable });
    }
    Ok(())
}
