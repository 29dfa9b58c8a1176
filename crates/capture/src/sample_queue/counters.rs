//! Counters that the threads of a capture share. Atomics only, no locks.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::event::{SourceState, WriterPriority};

/// Counters shared by callback, writer thread and the rest of the program.
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
    /// Times the device was lost.
    pub device_losses: AtomicU64,
    /// Times sound came again after a loss.
    pub reconnects: AtomicU64,
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
