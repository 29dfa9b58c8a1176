//! The real-time side: takes samples from a callback, converts them and hands them to the writer thread.
//!
//! [`Feed::push`] never allocates, locks, blocks, logs or makes a system call. What does not fit into the queue
//! is counted, and the frame at which it is missing travels to the writer in a queue of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};
use soundfall_ring::GapReason;

pub use crate::convert::ToF32;
use crate::event::SourceState;

/// Gaps that may wait for the writer at once; when full, a gap simply goes on.
const MARKS: usize = 256;

/// A span that is missing between two frames of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Frames that were pushed before the span (absolute, lost ones not counted).
    pub after_frames: u64,
    /// Length of the span in frames.
    pub length_frames: u64,
    /// Why.
    pub reason: GapReason,
}

/// Numbers that callback, writer thread and the rest of the program share.
#[derive(Debug, Default)]
pub struct Counters {
    /// Frames in the ring (whole blocks, gaps and padding included).
    pub ring_frames: AtomicU64,
    /// Frames lost before the ring.
    pub lost_frames: AtomicU64,
    /// Gaps recorded.
    pub gaps: AtomicU64,
    /// Overruns that the device reported.
    pub xruns: AtomicU64,
    state: AtomicU8,
    finished: AtomicU8,
}

impl Counters {
    /// State of the source.
    pub fn state(&self) -> SourceState {
        match self.state.load(Ordering::Acquire) {
            0 => SourceState::Running,
            1 => SourceState::Ended,
            _ => SourceState::Lost,
        }
    }

    /// Sets the state of the source.
    pub fn set_state(&self, state: SourceState) {
        let value = match state {
            SourceState::Running => 0,
            SourceState::Ended => 1,
            SourceState::Lost => 2,
        };
        self.state.store(value, Ordering::Release);
    }

    /// True when the source is done and everything from it is in the ring.
    pub fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire) != 0
    }

    pub(crate) fn set_finished(&self) {
        self.finished.store(1, Ordering::Release);
    }
}

/// The producing end of the queue.
#[derive(Debug)]
pub struct Feed {
    samples: Producer<f32>,
    marks: Producer<Mark>,
    channels: usize,
    pushed: u64,
    /// Lost since the last pushed frame, not yet told to the writer.
    missing: u64,
    reason: GapReason,
    counters: Arc<Counters>,
}

/// The consuming end of the queue.
#[derive(Debug)]
pub struct Intake {
    pub(crate) samples: Consumer<f32>,
    pub(crate) marks: Consumer<Mark>,
    pub(crate) channels: usize,
}

/// A queue for `frames` frames of `channels` channels.
///
/// ```
/// use std::sync::Arc;
/// use soundfall_capture::feed::{Counters, queue};
/// let counters = Arc::new(Counters::default());
/// let (mut feed, _intake) = queue(2, 4, Arc::clone(&counters));
/// feed.push(&[0i16; 12]); // six frames into a queue of four
/// assert_eq!(counters.lost_frames.load(std::sync::atomic::Ordering::Relaxed), 2);
/// ```
#[must_use]
pub fn queue(channels: u32, frames: usize, counters: Arc<Counters>) -> (Feed, Intake) {
    let channels = channels.max(1) as usize;
    let (samples, samples_out) = RingBuffer::new(frames.max(1) * channels);
    let (marks, marks_out) = RingBuffer::new(MARKS);
    let feed = Feed {
        samples,
        marks,
        channels,
        pushed: 0,
        missing: 0,
        reason: GapReason::CaptureOverrun,
        counters,
    };
    (
        feed,
        Intake {
            samples: samples_out,
            marks: marks_out,
            channels,
        },
    )
}

impl Feed {
    /// Takes interleaved samples of any device format; real-time safe. A part frame at the end is left out.
    pub fn push<T: ToF32>(&mut self, interleaved: &[T]) {
        let frames = interleaved.len() / self.channels;
        if frames == 0 {
            return;
        }
        let room = self.free_frames();
        if self.missing > 0 && (room == 0 || !self.push_mark()) {
            self.lose(frames as u64, self.reason);
            return;
        }
        let take = frames.min(room);
        let count = take * self.channels;
        match self.samples.write_chunk_uninit(count) {
            Ok(chunk) => {
                chunk.fill_from_iter(interleaved[..count].iter().map(|sample| sample.to_f32()));
                self.pushed += take as u64;
            }
            // Cannot be: only this end fills the queue.
            Err(_) => self.lose(take as u64, GapReason::CaptureOverrun),
        }
        if take < frames {
            self.lose((frames - take) as u64, GapReason::CaptureOverrun);
        }
    }

    /// Counts frames as missing at this place; the first reason of a span stands.
    pub fn lose(&mut self, frames: u64, reason: GapReason) {
        if frames == 0 {
            return;
        }
        if self.missing == 0 {
            self.reason = reason;
        }
        self.missing += frames;
        self.counters
            .lost_frames
            .fetch_add(frames, Ordering::Relaxed);
    }

    /// Frames that fit now.
    #[must_use]
    pub fn free_frames(&self) -> usize {
        self.samples.slots() / self.channels
    }

    /// Tells the writer of the missing span. The mark is visible before any frame pushed after it.
    fn push_mark(&mut self) -> bool {
        let mark = Mark {
            after_frames: self.pushed,
            length_frames: self.missing,
            reason: self.reason,
        };
        let told = self.marks.push(mark).is_ok();
        if told {
            self.missing = 0;
        }
        told
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if self.missing > 0 {
            self.push_mark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_room_for_a_mark_the_gap_goes_on() {
        let counters = Arc::new(Counters::default());
        let (mut feed, mut intake) = queue(1, 4, Arc::clone(&counters));
        // Every round: four frames fit, three are lost, and nobody looks at the marks.
        for _ in 0..MARKS + 50 {
            feed.push(&[0.5f32; 7]);
            while intake.samples.pop().is_ok() {}
        }
        let rounds = (MARKS + 50) as u64;
        // The first round needs no mark; every further one that gets its mark takes four frames in.
        assert_eq!(feed.pushed, 4 * (MARKS as u64 + 1));
        assert_eq!(
            counters.lost_frames.load(Ordering::Relaxed),
            7 * rounds - feed.pushed
        );
        let mut told = 0;
        while let Ok(mark) = intake.marks.pop() {
            assert_eq!(mark.length_frames, 3);
            told += 1;
        }
        assert_eq!(told, MARKS);
        feed.push(&[0.5f32; 1]);
        assert_eq!(
            intake.marks.pop().map(|mark| mark.length_frames).ok(),
            Some(3 + 7 * 49)
        );
    }
}
