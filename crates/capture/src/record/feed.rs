//! What a capture's writer hands to a recording: its blocks, before they go into the ring. So a recording is
//! whole whatever becomes of the ring.
//!
//! The writer never waits for the recording. What a slow disk does not take waits in memory up to a limit; beyond it,
//! it is counted as lost here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use soundfall_ring::Gap;

/// Blocks that are kept to be used again.
const SPARE_BLOCKS: usize = 64;

/// A part of what is captured. Frames are absolute numbers of the capture.
#[derive(Debug)]
pub(crate) enum Fed {
    /// Always the first: from here on everything is handed over. What is older is in the ring.
    Begin(Begin),
    /// Whole frames, interleaved.
    Block(Vec<f32>),
    /// Frames of silence in place of lost ones.
    Silence(u64),
    /// A gap that was recorded; its silence comes on its own.
    Gap(Gap),
    /// Frames that the recording was too slow for.
    Overrun(u64),
}

/// Where a feed begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begin {
    /// The frame of the capture.
    pub(crate) at_frame: u64,
    /// The same frame in the ring of now, and the epoch of that.
    pub(crate) ring_frame: u64,
    pub(crate) ring_epoch: u64,
}

/// The writer's end.
#[derive(Debug)]
pub(crate) struct Feeder {
    parts: Sender<Fed>,
    spare: Receiver<Vec<f32>>,
    /// Samples that wait, and how many may.
    waiting: Arc<AtomicUsize>,
    most: usize,
    channels: usize,
    /// Frames that did not fit since the last part.
    missing: u64,
}

/// The recording's end.
#[derive(Debug)]
pub(crate) struct Feed {
    parts: Receiver<Fed>,
    spare: Sender<Vec<f32>>,
    waiting: Arc<AtomicUsize>,
}

/// The two ends; at most `most` samples wait between them.
pub(crate) fn feed(channels: u32, most: usize) -> (Feeder, Feed) {
    let (parts, parts_out) = unbounded();
    let (spare_in, spare) = bounded(SPARE_BLOCKS);
    let waiting = Arc::new(AtomicUsize::new(0));
    let feeder = Feeder {
        parts,
        spare,
        waiting: Arc::clone(&waiting),
        most,
        channels: channels.max(1) as usize,
        missing: 0,
    };
    let feed = Feed {
        parts: parts_out,
        spare: spare_in,
        waiting,
    };
    (feeder, feed)
}

impl Feeder {
    /// To be called once, before anything else.
    pub(crate) fn begin(&self, begin: Begin) {
        self.parts.send(Fed::Begin(begin)).ok();
    }

    /// Hands over whole frames. False where nobody takes them any more.
    pub(crate) fn block(&mut self, interleaved: &[f32]) -> bool {
        let waiting = self.waiting.load(Ordering::Acquire);
        if waiting.saturating_add(interleaved.len()) > self.most {
            self.missing += (interleaved.len() / self.channels) as u64;
            return true;
        }
        let mut block = self.spare.try_recv().unwrap_or_default();
        block.clear();
        block.extend_from_slice(interleaved);
        self.waiting.fetch_add(block.len(), Ordering::AcqRel);
        self.part(Fed::Block(block))
    }

    /// Hands over silence, of any length.
    pub(crate) fn silence(&mut self, frames: u64) -> bool {
        self.part(Fed::Silence(frames))
    }

    /// Tells of a gap.
    pub(crate) fn gap(&mut self, gap: Gap) -> bool {
        self.parts.send(Fed::Gap(gap)).is_ok()
    }

    fn part(&mut self, part: Fed) -> bool {
        self.tell_missing();
        self.parts.send(part).is_ok()
    }

    fn tell_missing(&mut self) {
        let missing = std::mem::take(&mut self.missing);
        if missing > 0 {
            self.parts.send(Fed::Overrun(missing)).ok();
        }
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.tell_missing();
    }
}

impl Feed {
    /// Waits for the beginning; `None` where there is nothing to come.
    pub(crate) fn begin(&self) -> Option<Begin> {
        match self.parts.recv() {
            Ok(Fed::Begin(begin)) => Some(begin),
            _ => None,
        }
    }

    /// The next part that waits.
    pub(crate) fn try_next(&self) -> Option<Fed> {
        self.parts.try_recv().ok()
    }

    /// The next part; waits for it.
    ///
    /// # Errors
    /// Nothing came in time, or nothing will.
    pub(crate) fn next(&self, timeout: Duration) -> Result<Fed, RecvTimeoutError> {
        self.parts.recv_timeout(timeout)
    }

    /// Gives the room of a block back.
    pub(crate) fn done(&self, block: Vec<f32>) {
        self.waiting.fetch_sub(block.len(), Ordering::AcqRel);
        self.spare.try_send(block).ok();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_ring::GapReason;

    #[test]
    fn what_does_not_fit_is_told_in_its_place_and_length() {
        let (mut feeder, feed) = feed(2, 8);
        let begin = Begin {
            at_frame: 7,
            ring_frame: 3,
            ring_epoch: 9,
        };
        feeder.begin(begin);
        assert!(feeder.block(&[1.0; 6]));
        assert!(feeder.block(&[2.0; 4]), "two frames do not fit");
        assert!(feeder.block(&[3.0; 6]), "three more");
        assert!(feeder.gap(Gap {
            start_frame: 20,
            length_frames: 5,
            reason: GapReason::DeviceLost,
        }));
        assert!(feeder.silence(5));
        assert_eq!(feed.begin(), Some(begin));
        let Some(Fed::Block(block)) = feed.try_next() else {
            panic!("no block");
        };
        assert_eq!(block, [1.0; 6]);
        feed.done(block);
        assert!(matches!(feed.try_next(), Some(Fed::Gap(_))));
        assert!(matches!(feed.try_next(), Some(Fed::Overrun(5))));
        assert!(matches!(feed.try_next(), Some(Fed::Silence(5))));
        assert!(feeder.block(&[4.0; 8]), "there is room again");
        assert!(feeder.block(&[5.0; 2]));
        drop(feeder);
        assert!(matches!(feed.try_next(), Some(Fed::Block(_))));
        assert!(matches!(feed.try_next(), Some(Fed::Overrun(1))));
        assert!(feed.next(Duration::ZERO).is_err());
        let (mut feeder, _) = super::feed(2, 8);
        assert!(!feeder.block(&[0.0; 2]), "nobody takes it");
    }
}
