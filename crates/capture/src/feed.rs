//! The real-time side: takes samples from a callback, converts them and hands them to the writer thread.
//!
//! [`Feed::push`] and [`Feed::push_timed`] never allocate, lock, block, log or make a system call (`tests/realtime.rs`
//! proves it). What does not fit into the queue is counted, and the frame at which it is missing travels to the writer
//! in a queue of its own.

mod counters;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};
use soundfall_ring::GapReason;

pub use crate::convert::ToF32;
pub use counters::Counters;

/// Gaps that may wait for the writer at once; when full, a gap simply goes on.
const MARKS: usize = 256;

/// A span that is missing between two frames of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Frames that were pushed before the span (absolute, lost ones not counted).
    pub after_frames: u64,
    /// Length of the span in frames; 0 where the device lost sound and nobody knows how much.
    pub length_frames: u64,
    /// Why.
    pub reason: GapReason,
    /// True where the device itself reported that it lost sound here.
    pub xrun: bool,
}

/// The producing end of the queue.
#[derive(Debug)]
pub struct Feed {
    samples: Producer<f32>,
    marks: Producer<Mark>,
    channels: usize,
    /// Frames a second, for timed pushes.
    rate: f64,
    pushed: u64,
    lost: u64,
    /// Lost since the last pushed frame, not yet told to the writer.
    missing: u64,
    reason: GapReason,
    /// Something is not yet told to the writer.
    owed: bool,
    xrun: bool,
    /// Overruns of the device that were looked at.
    xruns_seen: u64,
    /// When the next frame is due by the device's clock.
    due: Option<Duration>,
    counters: Arc<Counters>,
}

/// The consuming end of the queue.
#[derive(Debug)]
pub struct Intake {
    pub(crate) samples: Consumer<f32>,
    pub(crate) marks: Consumer<Mark>,
    pub(crate) channels: usize,
}

impl Intake {
    /// Throws away everything that waits.
    pub fn clear(&mut self) {
        while self.marks.pop().is_ok() {}
        let waiting = self.samples.slots();
        if let Ok(chunk) = self.samples.read_chunk(waiting) {
            chunk.commit_all();
        }
    }
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
        rate: 0.0,
        pushed: 0,
        lost: 0,
        missing: 0,
        reason: GapReason::CaptureOverrun,
        owed: false,
        xrun: false,
        xruns_seen: counters.xruns.load(Ordering::Relaxed),
        due: None,
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
    /// Sets the frames a second that [`Feed::push_timed`] reckons with.
    #[must_use]
    pub fn with_rate(mut self, rate: u32) -> Self {
        self.rate = f64::from(rate);
        self
    }

    /// As [`Feed::push`], with the time of the first frame by the device's own clock; real-time safe. Where the
    /// device reported an overrun, that clock tells how much is missing before these samples.
    pub fn push_timed<T: ToF32>(&mut self, interleaved: &[T], captured_at: Duration) {
        let reported = self.counters.xruns.load(Ordering::Relaxed);
        if reported != self.xruns_seen {
            self.xruns_seen = reported;
            let missing = self
                .due
                .and_then(|due| captured_at.checked_sub(due))
                .map_or(0.0, |missing| (missing.as_secs_f64() * self.rate).round());
            self.lose(missing as u64, GapReason::CaptureOverrun);
            (self.owed, self.xrun) = (true, true);
        }
        let frames = interleaved.len() / self.channels;
        if self.rate > 0.0 {
            self.due = Some(captured_at + Duration::from_secs_f64(frames as f64 / self.rate));
        }
        self.push(interleaved);
    }

    /// Takes interleaved samples of any device format; real-time safe. A part frame at the end is left out.
    pub fn push<T: ToF32>(&mut self, interleaved: &[T]) {
        let frames = interleaved.len() / self.channels;
        if frames == 0 {
            return;
        }
        let room = self.free_frames();
        if self.owed && (room == 0 || !self.push_mark()) {
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
        self.lost += frames;
        self.owed = true;
        self.counters
            .lost_frames
            .fetch_add(frames, Ordering::Relaxed);
    }

    /// Frames taken so far, lost ones included.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.pushed + self.lost
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
            xrun: self.xrun,
        };
        let told = self.marks.push(mark).is_ok();
        if told {
            self.missing = 0;
            (self.owed, self.xrun) = (false, false);
        }
        told
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if self.owed {
            self.push_mark();
        }
    }
}

#[cfg(test)]
mod tests;
