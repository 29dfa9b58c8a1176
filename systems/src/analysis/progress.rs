//! The books of an analysis: what was due, done and dropped always adds up.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use crate::histogram::Histogram;

/// Counts since the start. A column of one channel counts as one.
#[derive(Component, Default, Clone, Debug)]
pub struct AnalysisProgress {
    /// Columns that became due: their samples were there and a picture wanted them.
    pub columns_due: u64,
    /// Columns analysed.
    pub columns_analysed: u64,
    /// Columns that came back too late (settings or views changed meanwhile) or could not be
    /// read any more (the reader was lapped).
    pub columns_dropped: u64,
    /// Columns of live sound that reduced quality left out; never due until they are made good.
    pub columns_left_out: u64,
    /// Times the reader was lapped by the writer.
    pub laps: u64,
    /// Frames the reader lost to laps.
    pub lapped_frames: u64,
    /// Last lap: start and length in frames, for the message on the screen.
    pub last_lap: Option<(u64, u64)>,
    /// Jobs in flight.
    pub in_flight: usize,
    /// Columns due but not yet back.
    pub backlog: u64,
    /// History waits for room.
    pub history_waits: bool,
    /// Jobs that panicked; their columns count as dropped.
    pub panics: u64,
    /// What the last of them said.
    pub last_panic: Option<Arc<str>>,
    /// Time a job took where it ran.
    pub job_ms: Histogram,
    /// Time of the columns analysed where they were, microseconds.
    pub analysed_us: f64,
}

impl AnalysisProgress {
    /// True when nothing is under way and nothing waits.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.backlog == 0 && self.in_flight == 0 && !self.history_waits
    }

    /// Adds the counts of another analysis.
    pub fn add(&mut self, other: &Self) {
        self.columns_due += other.columns_due;
        self.columns_analysed += other.columns_analysed;
        self.columns_dropped += other.columns_dropped;
        self.columns_left_out += other.columns_left_out;
        self.laps += other.laps;
        self.lapped_frames = self.lapped_frames.saturating_add(other.lapped_frames);
        self.last_lap = self.last_lap.or(other.last_lap);
        self.in_flight += other.in_flight;
        self.backlog += other.backlog;
        self.history_waits |= other.history_waits;
        self.panics += other.panics;
        if self.last_panic.is_none() {
            self.last_panic.clone_from(&other.last_panic);
        }
        self.job_ms.merge(&other.job_ms);
        self.analysed_us += other.analysed_us;
    }

    /// Notes a lap at a frame.
    pub fn lapped(&mut self, start_frame: u64, lost_frames: u64) {
        self.laps += 1;
        self.lapped_frames = self.lapped_frames.saturating_add(lost_frames);
        self.last_lap = Some((start_frame, lost_frames));
    }
}
