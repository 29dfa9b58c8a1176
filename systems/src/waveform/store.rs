//! The envelopes of the shown channels, fed from the ring a bounded slice at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::pyramid::{BASE_FRAMES, EnvelopePyramid};
use soundfall_ring::{ReadError, SharedRing};

/// Samples of all channels that one visit to the ring reads at most: a few milliseconds of work.
const SAMPLES_PER_VISIT: u64 = 1 << 20;

/// Lost spans remembered.
const MAX_LOST: usize = 64;

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

    /// The frames of its next visit to the ring, towards `end`: whole base entries, one bounded
    /// slice; empty where there is nothing to read.
    #[must_use]
    pub fn next_visit(&self, end: u64) -> Range<u64> {
        let start = self.next_frame();
        let most = SAMPLES_PER_VISIT / self.channels.len().max(1) as u64;
        let entries = (end.saturating_sub(start)).min(most) / BASE_FRAMES;
        start..start + entries * BASE_FRAMES
    }

    /// Reads on towards `end`, one bounded slice. Frames that are gone are left out, on all lanes
    /// alike; before anything was read that only moves the beginning.
    pub fn read_on(&mut self, ring: &SharedRing, end: u64) {
        let visit = self.next_visit(end);
        let frames = (visit.end - visit.start) as usize;
        if frames == 0 {
            return;
        }
        self.scratch.resize(frames * self.channels.len(), 0.0);
        // All lanes or none: a lap half way through must not leave them at different frames.
        for (channel, samples) in self
            .channels
            .iter()
            .zip(self.scratch.chunks_exact_mut(frames))
        {
            if let Err(error) = ring.read(*channel, visit.start, samples) {
                self.leave_out(visit, &error);
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

    /// Takes in what another worker read on a visit: its base entries, [lane][entry].
    pub fn take_in(&mut self, visit: Range<u64>, entries: Result<&[MinMaxRms], ReadError>) {
        if visit.start != self.next_frame() {
            return;
        }
        let count = ((visit.end - visit.start) / BASE_FRAMES) as usize;
        match entries {
            Ok(entries) if entries.len() == count * self.pyramids.len() && count > 0 => {
                self.started = true;
                for (pyramid, entries) in self.pyramids.iter_mut().zip(entries.chunks_exact(count))
                {
                    pyramid.push_entries(entries);
                }
            }
            Ok(_) => {}
            Err(error) => self.leave_out(visit, &error),
        }
    }

    fn leave_out(&mut self, visit: Range<u64>, error: &ReadError) {
        let start = visit.start;
        let resume = match error {
            ReadError::Lapped { resume_at, .. } => (*resume_at).max(start + 1),
            _ => visit.end,
        };
        let resume = resume.div_ceil(BASE_FRAMES) * BASE_FRAMES;
        if self.started {
            self.lost.push_back(start..resume);
            if self.lost.len() > MAX_LOST {
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

/// A request of the envelopes to the ring.
pub enum LaneRequest {
    /// A new store begins: it is large with a long history, so it is made off the frame's thread
    /// where there is another.
    Begin {
        /// Epoch of the ring.
        epoch: u64,
        /// Ring channels, one a lane.
        channels: Arc<[u32]>,
        /// Frames it remembers.
        history_frames: u64,
        /// First frame, at the start of a base entry.
        first_frame: u64,
    },
    /// The store reads on.
    GoOn(LaneStore),
}

impl LaneRequest {
    /// The store that travels.
    #[must_use]
    pub fn depart(self) -> LaneStore {
        match self {
            Self::Begin {
                epoch,
                channels,
                history_frames,
                first_frame,
            } => LaneStore::new(epoch, channels, history_frames, first_frame),
            Self::GoOn(store) => store,
        }
    }
}
