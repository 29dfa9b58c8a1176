//! The queue from a real-time callback to the writer thread: samples converted to f32, and markers of lost spans.
//!
//! [`SampleProducer::push`] and [`SampleProducer::push_timed`] never allocate, lock, block, log or make a system call
//! (`tests/realtime.rs` checks it). Frames that do not fit are counted; a second queue carries a [`GapMarker`] with the
//! frame at which they are missing.

mod counters;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};
use soundfall_ring::GapReason;

pub use crate::convert::ToF32;
pub use counters::Counters;

/// Capacity of the marker queue; while it is full, the current gap is extended.
const MAX_PENDING_MARKERS: usize = 256;

/// A lost span between two frames of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapMarker {
    /// Frames that were pushed before the span (absolute, lost ones not counted).
    pub after_frames: u64,
    /// Length of the span in frames; 0 where the device lost sound of unknown length.
    pub length_frames: u64,
    /// Why.
    pub reason: GapReason,
    /// True where the device itself reported the loss.
    pub xrun: bool,
}

/// The producing end of the queue.
#[derive(Debug)]
pub struct SampleProducer {
    samples: Producer<f32>,
    markers: Producer<GapMarker>,
    channels: usize,
    /// Frames a second, for timed pushes.
    rate: f64,
    pushed: u64,
    lost: u64,
    /// Frames lost since the last pushed frame, not in a marker yet.
    missing: u64,
    reason: GapReason,
    /// A marker is due.
    marker_due: bool,
    xrun: bool,
    /// Overruns of the device that were handled.
    xruns_seen: u64,
    /// Time of the next frame by the device's clock.
    due: Option<Duration>,
    counters: Arc<Counters>,
}

/// The consuming end of the queue.
#[derive(Debug)]
pub struct SampleConsumer {
    pub(crate) samples: Consumer<f32>,
    pub(crate) markers: Consumer<GapMarker>,
    pub(crate) channels: usize,
}

impl SampleConsumer {
    /// Drops all queued samples and markers.
    pub fn clear(&mut self) {
        while self.markers.pop().is_ok() {}
        let waiting = self.samples.slots();
        if let Ok(chunk) = self.samples.read_chunk(waiting) {
            chunk.commit_all();
        }
    }
}

/// A queue with room for `frames` frames of `channels` channels (both at least 1).
///
/// ```
/// use std::sync::Arc;
/// use soundfall_capture::sample_queue::{Counters, sample_queue};
/// let counters = Arc::new(Counters::default());
/// let (mut producer, _consumer) = sample_queue(2, 4, Arc::clone(&counters));
/// producer.push(&[0i16; 12]); // six frames into a queue of four
/// assert_eq!(counters.lost_frames.load(std::sync::atomic::Ordering::Relaxed), 2);
/// ```
#[must_use]
pub fn sample_queue(
    channels: u32,
    frames: usize,
    counters: Arc<Counters>,
) -> (SampleProducer, SampleConsumer) {
    let channels = channels.max(1) as usize;
    let (samples, samples_out) = RingBuffer::new(frames.max(1) * channels);
    let (markers, markers_out) = RingBuffer::new(MAX_PENDING_MARKERS);
    let producer = SampleProducer {
        samples,
        markers,
        channels,
        rate: 0.0,
        pushed: 0,
        lost: 0,
        missing: 0,
        reason: GapReason::CaptureOverrun,
        marker_due: false,
        xrun: false,
        xruns_seen: counters.xruns.load(Ordering::Relaxed),
        due: None,
        counters,
    };
    (
        producer,
        SampleConsumer {
            samples: samples_out,
            markers: markers_out,
            channels,
        },
    )
}

impl SampleProducer {
    /// Sets the sampling rate in Hz that [`SampleProducer::push_timed`] works with.
    #[must_use]
    pub fn with_rate(mut self, rate: u32) -> Self {
        self.rate = f64::from(rate);
        self
    }

    /// As [`SampleProducer::push`], with the time of the first frame by the device's own clock; real-time safe. After an
    /// overrun that the device reported, the length of the gap before these samples is worked out from that clock.
    pub fn push_timed<T: ToF32>(&mut self, interleaved: &[T], captured_at: Duration) {
        let reported = self.counters.xruns.load(Ordering::Relaxed);
        if reported != self.xruns_seen {
            self.xruns_seen = reported;
            let missing = self
                .due
                .and_then(|due| captured_at.checked_sub(due))
                .map_or(0.0, |missing| (missing.as_secs_f64() * self.rate).round());
            self.lose(missing as u64, GapReason::CaptureOverrun);
            (self.marker_due, self.xrun) = (true, true);
        }
        let frames = interleaved.len() / self.channels;
        if self.rate > 0.0 {
            self.due = Some(captured_at + Duration::from_secs_f64(frames as f64 / self.rate));
        }
        self.push(interleaved);
    }

    /// Queues interleaved samples of any device format; real-time safe. An incomplete frame at the end is dropped.
    pub fn push<T: ToF32>(&mut self, interleaved: &[T]) {
        let frames = interleaved.len() / self.channels;
        if frames == 0 {
            return;
        }
        let room = self.free_frames();
        if self.marker_due && (room == 0 || !self.push_marker()) {
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
            // Cannot happen: only this end fills the queue.
            Err(_) => self.lose(take as u64, GapReason::CaptureOverrun),
        }
        if take < frames {
            self.lose((frames - take) as u64, GapReason::CaptureOverrun);
        }
    }

    /// Counts frames as lost here; a span keeps its first reason.
    pub fn lose(&mut self, frames: u64, reason: GapReason) {
        if frames == 0 {
            return;
        }
        if self.missing == 0 {
            self.reason = reason;
        }
        self.missing += frames;
        self.lost += frames;
        self.marker_due = true;
        self.counters
            .lost_frames
            .fetch_add(frames, Ordering::Relaxed);
    }

    /// Frames delivered so far, lost ones included.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.pushed + self.lost
    }

    /// Frames that fit now.
    #[must_use]
    pub fn free_frames(&self) -> usize {
        self.samples.slots() / self.channels
    }

    /// Queues the marker of the lost span; false when the marker queue is full. The writer sees the marker before any
    /// frame that is pushed after it.
    fn push_marker(&mut self) -> bool {
        let marker = GapMarker {
            after_frames: self.pushed,
            length_frames: self.missing,
            reason: self.reason,
            xrun: self.xrun,
        };
        let queued = self.markers.push(marker).is_ok();
        if queued {
            self.missing = 0;
            (self.marker_due, self.xrun) = (false, false);
        }
        queued
    }
}

impl Drop for SampleProducer {
    fn drop(&mut self) {
        if self.marker_due {
            self.push_marker();
        }
    }
}

#[cfg(test)]
mod tests;
