//! Counters that the threads of a capture share. Atomics only, no locks.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crossbeam::channel::Sender;

use crate::event::{CaptureEvent, SourceState, WriterPriority};

/// [`SourceState::Failed`].
const FAILED: u8 = 3;

/// Counters shared by callback, writer thread and the rest of the program.
#[derive(Debug, Default)]
pub struct Counters {
    /// Frames written (whole blocks, gaps and padding included).
    pub ring_frames: AtomicU64,
    /// Frames lost before the ring.
    pub lost_frames: AtomicU64,
    /// Gaps recorded.
    pub gaps: AtomicU64,
    /// Overruns that the device reported.
    pub xruns: AtomicU64,
    /// Times the device was lost.
    pub device_losses: AtomicU64,
    /// Times sound came again after a loss.
    pub reconnects: AtomicU64,
    /// Times the ring was lost.
    pub ring_losses: AtomicU64,
    /// Times a new ring was made in its place.
    pub ring_renewals: AtomicU64,
    /// Frames that the played file states and does not have.
    pub cut_frames: AtomicU64,
    /// Panics of the capture's threads.
    pub panics: AtomicU64,
    ring_lost: AtomicBool,
    state: AtomicU8,
    finished: AtomicU8,
    priority: AtomicU8,
}

impl Counters {
    /// State of the source.
    pub fn state(&self) -> SourceState {
        match self.state.load(Ordering::Acquire) {
            0 => SourceState::Running,
            1 => SourceState::Ended,
            2 => SourceState::Lost,
            _ => SourceState::Failed,
        }
    }

    /// Sets the state of the source. One that has failed stays so.
    pub fn set_state(&self, state: SourceState) {
        let value = match state {
            SourceState::Running => 0,
            SourceState::Ended => 1,
            SourceState::Lost => 2,
            SourceState::Failed => FAILED,
        };
        self.state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |was| {
                (was != FAILED).then_some(value)
            })
            .ok();
    }

    /// Whether there is no ring at its path now.
    pub(crate) fn ring_lost(&self) -> bool {
        self.ring_lost.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ring_lost(&self, lost: bool) {
        self.ring_lost.store(lost, Ordering::Relaxed);
    }

    /// After a panic in a thread of the capture: counts and tells it.
    pub(crate) fn fail(
        &self,
        events: &Sender<CaptureEvent>,
        what: &str,
        reason: &(dyn Any + Send),
    ) {
        let text = reason.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| reason.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("a panic without words");
        self.panics.fetch_add(1, Ordering::Relaxed);
        self.set_state(SourceState::Failed);
        let message = format!("{what} failed ({text}): nothing more is captured");
        events.try_send(CaptureEvent::Failed { message }).ok();
    }

    /// Marks a running source as lost; false where it was not running.
    pub(crate) fn lose_device(&self) -> bool {
        let was_running = self
            .state
            .compare_exchange(0, 2, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if was_running {
            self.device_losses.fetch_add(1, Ordering::Relaxed);
        }
        was_running
    }

    /// Counts an overrun that the device reported; real-time safe. Its place and length follow from the next samples.
    pub fn note_xrun(&self) {
        self.xruns.fetch_add(1, Ordering::Relaxed);
    }

    /// How the writer thread is scheduled.
    pub fn priority(&self) -> WriterPriority {
        match self.priority.load(Ordering::Relaxed) {
            0 => WriterPriority::NotAsked,
            1 => WriterPriority::RealTime,
            _ => WriterPriority::Ordinary,
        }
    }

    pub(crate) fn set_priority(&self, priority: WriterPriority) {
        let value = match priority {
            WriterPriority::NotAsked => 0,
            WriterPriority::RealTime => 1,
            WriterPriority::Ordinary => 2,
        };
        self.priority.store(value, Ordering::Relaxed);
    }

    /// True when the source is done and everything from it is in the ring.
    pub fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire) != 0
    }

    pub(crate) fn set_finished(&self) {
        self.finished.store(1, Ordering::Release);
    }
}
