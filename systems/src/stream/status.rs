//! A stream, and what is known about it and its writer.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_analysis::{HistoryFormat, SharedHistory};
use soundfall_ring::Gap;

use super::clock::StreamClock;

/// What the capture side is asked for, when it runs in this process. Answers must be instant.
pub trait SourceProbe: Send + Sync {
    /// Frames lost before they reached the ring; nothing where only its gap table knows.
    fn lost_frames(&self) -> Option<u64>;
    /// True once the source has ended by itself (a file played to its end).
    fn ended(&self) -> bool;
    /// A line about a failure that the user should see, until it is cured.
    fn trouble(&self) -> Option<String>;
    /// What happened to the source so far.
    fn counts(&self) -> SourceCounts {
        SourceCounts::default()
    }
}

/// What happened to a source since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Times another ring took the place of the one that was shown.
    pub changes: u64,
    /// Times something went wrong with it that the user was told.
    pub faults: u64,
}

/// A sound that is heard, at the end that the display reads.
#[derive(Component, Clone)]
#[require(StreamStatus, StreamClock)]
pub struct Stream {
    /// Where the samples are.
    pub history: SharedHistory,
    /// What the user calls it: "Built-in microphone", "song.flac", "signal chord".
    pub name: String,
    /// The capture side, where it is ours.
    pub probe: Option<Arc<dyn SourceProbe>>,
}

impl Stream {
    /// The sound of a history, without a capture side of its own.
    #[must_use]
    pub fn new(history: SharedHistory, name: impl Into<String>) -> Self {
        Self {
            history,
            name: name.into(),
            probe: None,
        }
    }
}

/// Whether somebody still writes the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriterHealth {
    /// The heartbeat is fresh.
    Alive,
    /// Closed in good order.
    Closed,
    /// The heartbeat stopped without a close.
    Silent,
    /// The heartbeat is dated in the future, so it does not say.
    Ahead,
    /// A base-format ring does not say.
    #[default]
    Unknown,
}

/// What the last poll found. Frames are absolute ring frames.
#[derive(Component, Clone, Debug, Default)]
pub struct StreamStatus {
    /// The display stands still: the ring is not looked at.
    pub held: bool,
    /// Ring epoch; a change means another ring.
    pub epoch: u64,
    /// End of the readable frames.
    pub written_frames: u64,
    /// Oldest readable frame.
    pub oldest_frame: u64,
    /// Gaps ever recorded.
    pub gap_total: u64,
    /// The gaps still in the ring's table, oldest first.
    pub gaps: Arc<[Gap]>,
    /// The writer's health.
    pub writer: WriterHealth,
    /// Frames lost before the ring, as far as known.
    pub lost_frames: u64,
    /// What happened to the source.
    pub counts: SourceCounts,
    /// The source has ended by itself.
    pub ended: bool,
    /// What is wrong with the source now, for the screen.
    pub trouble: Option<String>,
    /// Why the last change of source failed.
    pub refused: Option<String>,
    /// Changes of source that failed.
    pub refusals: u64,
}

impl StreamStatus {
    /// How far from the oldest frame history is read: a quarter of a second of a ring that is
    /// still written, since its oldest frames go while they are read; nothing of a closed one, or
    /// of one that has not gone round yet.
    #[must_use]
    pub fn margin_frames(&self, format: &HistoryFormat) -> u64 {
        let moving = !matches!(self.writer, WriterHealth::Closed) && self.oldest_frame > 0;
        let quarter = u64::from(format.sample_rate) / 4;
        if moving {
            quarter.min(format.capacity_frames / 4)
        } else {
            0
        }
    }
}
