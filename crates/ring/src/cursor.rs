//! A reader's place in the stream: follows the live edge and reports what it lost. Never blocks
//! and never skips a frame without saying so.

use core::ops::Range;

use crate::read::{ReadError, RingRead};

/// A reader's place in a ring's stream.
///
/// ```
/// use soundfall_ring::{Cursor, Poll, RingFormat, heap_ring};
/// let format = RingFormat::new(48_000, 2, 4_800, 480)?;
/// let (mut writer, ring) = heap_ring(&format, "test")?;
/// let mut cursor = Cursor::at(0);
/// let mut planar = Vec::new();
/// writer.write_block(&vec![0.5; 960])?;
/// let poll = cursor.poll(&*ring, 0..2, 4096, &mut planar)?;
/// assert_eq!(poll, Poll::Frames { start: 0, frames: 480 });
/// assert_eq!(planar.len(), 960); // channel 0, then channel 1
/// assert_eq!(cursor.poll(&*ring, 0..2, 4096, &mut planar)?, Poll::Nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    next: u64,
    laps: u64,
    lost_frames: u64,
}

/// What one poll brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Poll {
    /// Nothing new.
    Nothing,
    /// The buffer holds `frames` frames from `start` on, planar, of the channels asked for.
    Frames {
        /// First frame.
        start: u64,
        /// Frames per channel.
        frames: usize,
    },
    /// These frames were overwritten before they could be read; the cursor stands after them.
    Lost(Range<u64>),
}

impl Cursor {
    /// A cursor at an absolute frame.
    pub fn at(frame: u64) -> Self {
        Self {
            next: frame,
            laps: 0,
            lost_frames: 0,
        }
    }

    /// A cursor at the live edge: the next frame is the next to be written.
    pub fn at_live_edge(ring: &dyn RingRead) -> Self {
        Self::at(ring.written_frames())
    }

    /// A cursor at the oldest frame still there.
    pub fn at_oldest(ring: &dyn RingRead) -> Self {
        Self::at(ring.oldest_frame())
    }

    /// The next frame to be read.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// How often the writer lapped this cursor.
    pub fn laps(&self) -> u64 {
        self.laps
    }

    /// Frames lost by that.
    pub fn lost_frames(&self) -> u64 {
        self.lost_frames
    }

    /// Frames that wait to be read.
    pub fn backlog(&self, ring: &dyn RingRead) -> u64 {
        ring.written_frames().saturating_sub(self.next)
    }

    /// Goes to another frame, forgetting nothing of what was lost.
    pub fn seek(&mut self, frame: u64) {
        self.next = frame;
    }

    /// Reads up to `max_frames` new frames of `channels` into `planar` (emptied first), which then
    /// holds one channel after the other, all of the same span of frames.
    ///
    /// # Errors
    /// [`ReadError`] other than lapped and not yet; the cursor then stays where it is.
    /// [`ReadError::Replaced`] where the stream began anew in the same memory: open the ring again.
    pub fn poll(
        &mut self,
        ring: &dyn RingRead,
        channels: Range<u32>,
        max_frames: usize,
        planar: &mut Vec<f32>,
    ) -> Result<Poll, ReadError> {
        planar.clear();
        let known = ring.format().channels;
        if let Some(channel) = channels.clone().last().filter(|&last| last >= known) {
            return Err(ReadError::NoSuchChannel {
                channel,
                channels: known,
            });
        }
        let written = ring.written_frames();
        let Some(ahead) = written
            .checked_sub(self.next)
            .filter(|&ahead| ahead > 0 && !channels.is_empty())
        else {
            // Nothing new, or nothing that will ever be new.
            ring.check()?;
            return Ok(Poll::Nothing);
        };
        let readable = usize::try_from(ring.format().readable_frames()).unwrap_or(usize::MAX);
        let frames = usize::try_from(ahead)
            .unwrap_or(usize::MAX)
            .min(max_frames)
            .min(readable);
        if frames == 0 {
            return Ok(Poll::Nothing);
        }
        let samples = frames
            .checked_mul(channels.len())
            .ok_or(ReadError::TooLong {
                frames: frames as u64,
                readable: ring.format().readable_frames(),
            })?;
        planar.resize(samples, 0.0);
        for (channel, out) in channels.zip(planar.chunks_exact_mut(frames)) {
            match ring.read(channel, self.next, out) {
                Ok(()) => {}
                Err(ReadError::Lapped {
                    lost_frames,
                    resume_at,
                }) => {
                    planar.clear();
                    let lost = self.next..resume_at;
                    self.next = resume_at;
                    self.laps += 1;
                    self.lost_frames = self.lost_frames.saturating_add(lost_frames);
                    return Ok(Poll::Lost(lost));
                }
                Err(error) => {
                    planar.clear();
                    return Err(error);
                }
            }
        }
        let start = self.next;
        self.next += frames as u64;
        Ok(Poll::Frames { start, frames })
    }
}
