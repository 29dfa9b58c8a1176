//! The envelopes of the shown channels, fed from the ring a bounded slice at a time.

use std::sync::Arc;

use soundfall_dsp::pyramid::EnvelopePyramid;
use soundfall_ring::{ReadError, SharedRing};

/// Samples of all channels that one visit to the ring reads at most: a few milliseconds of work.
const SAMPLES_PER_VISIT: u64 = 1 << 20;

/// Envelopes of the shown channels of one ring.
pub struct LaneStore {
    /// Epoch of the ring.
    pub epoch: u64,
    /// Ring channels, one a lane.
    pub channels: Arc<[u32]>,
    /// One a lane.
    pub pyramids: Vec<EnvelopePyramid>,
    /// Frames that were overwritten before they could be read.
    pub lapped_frames: u64,
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
            lapped_frames: 0,
            scratch: Vec::new(),
        }
    }

    /// The next frame to be read.
    #[must_use]
    pub fn next_frame(&self) -> u64 {
        self.pyramids.first().map_or(0, EnvelopePyramid::next_frame)
    }

    /// Reads on towards `end`, one bounded slice. Frames that are gone are left out, on all lanes
    /// alike.
    pub fn read_on(&mut self, ring: &SharedRing, end: u64) {
        let start = self.next_frame();
        let most = SAMPLES_PER_VISIT / self.channels.len().max(1) as u64;
        let end = end.min(start + most);
        if end <= start {
            return;
        }
        self.scratch.resize((end - start) as usize, 0.0);
        for lane in 0..self.channels.len() {
            match ring.read(self.channels[lane], start, &mut self.scratch) {
                Ok(()) => self.pyramids[lane].push(&self.scratch),
                Err(error) => {
                    let resume = match error {
                        ReadError::Lapped { resume_at, .. } => resume_at.max(end),
                        _ => end,
                    };
                    self.lapped_frames += resume - start;
                    for pyramid in &mut self.pyramids {
                        pyramid.skip_to(resume);
                    }
                    return;
                }
            }
        }
    }
}
