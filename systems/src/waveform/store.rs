//! The envelopes of the shown channels, fed from a history a bounded slice at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use soundfall_analysis::{EnvelopesRequest, Failure, Outcome, Request};
use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::pyramid::{BASE_FRAMES, EnvelopePyramid};

/// Samples of all channels that one visit to the history reads at most: a few milliseconds of work.
const SAMPLES_PER_VISIT: u64 = 1 << 20;

/// What the envelopes of one store take at most, however long the history is: of a longer one the base entries are
/// coarser.
const MAX_BYTES: u64 = if cfg!(target_arch = "wasm32") {
    1 << 25
} else {
    1 << 26
};

/// Frames of a base entry, at most. Of a history that is too long even for those the newest part is kept.
const MAX_BASE_FRAMES: u64 = 1 << 20;

/// Lost spans remembered.
const MAX_LOST: usize = 64;

/// Envelopes of the shown channels of one history.
pub struct LaneStore {
    /// Epoch of the history.
    pub epoch: u64,
    /// Channels of the history, one a lane.
    pub channels: Arc<[u32]>,
    /// Frames of a base entry.
    pub base_frames: u64,
    /// One a lane.
    pub pyramids: Vec<EnvelopePyramid>,
    /// Where it began.
    pub first_frame: u64,
    /// Spans that were overwritten before they could be read.
    lost: VecDeque<Range<u64>>,
    started: bool,
}

impl LaneStore {
    /// Base entries of a channel that there is room for, where so many channels are kept.
    fn room(channels: usize) -> u64 {
        // All levels together have twice the entries of the first.
        let entry_bytes = 2 * size_of::<MinMaxRms>() as u64;
        (MAX_BYTES / entry_bytes / channels.max(1) as u64).max(1)
    }

    /// Frames of the finest base entries in which there is room for all of a history.
    #[must_use]
    pub fn base_frames_for(channels: usize, history_frames: u64) -> u64 {
        let frames = history_frames.div_ceil(Self::room(channels));
        frames
            .clamp(BASE_FRAMES, MAX_BASE_FRAMES)
            .next_power_of_two()
    }

    /// Frames of which so many channels can be kept.
    #[must_use]
    pub fn room_frames(channels: usize) -> u64 {
        Self::room(channels) * MAX_BASE_FRAMES
    }

    /// Empty envelopes that begin at `first_frame`, the start of a base entry.
    #[must_use]
    pub fn new(
        epoch: u64,
        channels: Arc<[u32]>,
        base_frames: u64,
        history_frames: u64,
        first_frame: u64,
    ) -> Self {
        let history_frames = history_frames.min(Self::room_frames(channels.len()));
        let pyramids = channels
            .iter()
            .map(|_| EnvelopePyramid::with_base(base_frames, history_frames, first_frame))
            .collect();
        Self {
            epoch,
            channels,
            base_frames,
            pyramids,
            first_frame,
            lost: VecDeque::new(),
            started: false,
        }
    }

    /// The next frame to be read.
    #[must_use]
    pub fn next_frame(&self) -> u64 {
        self.pyramids.first().map_or(0, EnvelopePyramid::next_frame)
    }

    /// The frames of its next visit to the history, towards `end`: whole base entries, one bounded
    /// slice; empty where there is nothing to read.
    #[must_use]
    pub fn next_visit(&self, end: u64) -> Range<u64> {
        let start = self.next_frame();
        let most = SAMPLES_PER_VISIT / self.channels.len().max(1) as u64;
        let most = most.max(self.base_frames);
        let entries = (end.saturating_sub(start)).min(most) / self.base_frames;
        start..start + entries * self.base_frames
    }

    /// What to ask for to read these frames, those of [`Self::next_visit`].
    #[must_use]
    pub fn request(&self, visit: &Range<u64>) -> Request {
        Request::Envelopes(EnvelopesRequest {
            start_frame: visit.start,
            frames: visit.end - visit.start,
            entry_frames: self.base_frames,
            channels: self.channels.to_vec(),
        })
    }

    /// Takes in what came of a visit: base entries, `[lane][entry]`. Frames that are gone are left
    /// out, on all lanes alike; before anything was read that only moves the beginning. What has
    /// to be waited for changes nothing.
    pub fn take_in(&mut self, visit: Range<u64>, outcome: &Outcome) {
        if visit.start != self.next_frame() {
            return;
        }
        let count = ((visit.end - visit.start) / self.base_frames) as usize;
        match outcome {
            Outcome::Envelopes(entries)
                if entries.len() == count * self.pyramids.len() && count > 0 =>
            {
                self.started = true;
                for (pyramid, entries) in self.pyramids.iter_mut().zip(entries.chunks_exact(count))
                {
                    pyramid.push_entries(entries);
                }
            }
            Outcome::Lost { resume_at, .. } => {
                let resume = (*resume_at).max(visit.start + 1);
                self.leave_out(visit.start, resume);
            }
            Outcome::Failed(failure) if *failure != Failure::Abandoned => {
                tracing::error!("envelopes of the frames {visit:?}: {failure}");
                self.leave_out(visit.start, visit.end);
            }
            _ => {}
        }
    }

    fn leave_out(&mut self, start: u64, resume: u64) {
        let resume = resume
            .checked_next_multiple_of(self.base_frames)
            .unwrap_or(resume);
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
