//! The envelopes of the shown channels, fed from the ring a bounded slice at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use soundfall_dsp::pyramid::{BASE_FRAMES, EnvelopePyramid};
use soundfall_ring::{ReadError, SharedRing};

/// Samples of all channels that one visit to the ring reads at most: a few milliseconds of work.
const SAMPLES_PER_VISIT: u64 = 1 << 20;

/// Lost spans remembered.
const MOST_LOST: usize = 64;

/// Envelopes of the shown channels of one ring.
pub struct LaneStore {
    /// Epoch of the ring.
    pub epoch: u64,
    /// Ring channels, one a lane.
    pub channels: Arc<[u32]>,
    /// One a lane.
    pub pyramids: Vec<EnvelopePyramid>,
    /// Where it began.
    pub first_frame: u64,
    /// Spans that were overwritten before they could be read.
    lost: VecDeque<Range<u64>>,
    started: bool,
    scratch: Vec<f32>,
}

impl LaneStore {
    /// Empty envelopes that begin at `first_frame`.
    #[must_use]
    pub fn new(epoch: u64, channels: Arc<[u32]>, history_frames: u64, first_frame: u64) -> Self {
        let pyramids = channels
            .iter()
            .map(|_| EnvelopePyramid::new(history_frames, first_frame))
            .collect();
        Self {
            epoch,
            channels,
            pyramids,
            first_frame,
            lost: VecDeque::new(),
            started: false,
            scratch: Vec::new(),
        }
    }

    /// The next frame to be read.
    #[must_use]
    pub fn next_frame(&self) -> u64 {
        self.pyramids.first().map_or(0, EnvelopePyramid::next_frame)
    }

    /// Reads on towards `end`, one bounded slice. Frames that are gone are left out, on all lanes
    /// alike; before anything was read that only moves the beginning.
    pub fn read_on(&mut self, ring: &SharedRing, end: u64) {
        let start = self.next_frame();
        let most = SAMPLES_PER_VISIT / self.channels.len().max(1) as u64;
        let end = end.min(start + most);
        if end <= start {
            return;
        }
        let frames = (end - start) as usize;
        self.scratch.resize(frames * self.channels.len(), 0.0);
        // All lanes or none: a lap half way through must not leave them at different frames.
        for (channel, samples) in self
            .channels
            .iter()
            .zip(self.scratch.chunks_exact_mut(frames))
        {
            if let Err(error) = ring.read(*channel, start, samples) {
                self.leave_out(start, end, &error);
                return;
            }
        }
        self.started = true;
        for (pyramid, samples) in self
            .pyramids
            .iter_mut()
            .zip(self.scratch.chunks_exact(frames))
        {
            pyramid.push(samples);
        }
    }

    fn leave_out(&mut self, start: u64, end: u64, error: &ReadError) {
        let resume = match error {
            ReadError::Lapped { resume_at, .. } => (*resume_at).max(start + 1),
            _ => end,
        };
        let resume = resume.div_ceil(BASE_FRAMES) * BASE_FRAMES;
        if self.started {
            self.lost.push_back(start..resume);
            if self.lost.len() > MOST_LOST {
                self.lost.pop_front();
            }
        } else {
            self.first_frame = resume;
        }
        for pyramid in &mut self.pyramids {
            pyramid.skip_to(resume);
        }
    }

    /// True if an entry touches frames that were overwritten before they could be read.
    #[must_use]
    pub fn is_lost(&self, frames: &Range<u64>) -> bool {
        self.lost
            .iter()
            .any(|lost| lost.start < frames.end && lost.end > frames.start)
    }
}
