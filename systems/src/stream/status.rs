//! The ring as the display sees it: attach, poll, and what is known about the writer.
//!
//! Polling reads a few header words a frame. It never copies samples, never waits and never
//! touches whatever feeds the ring.

use std::sync::Arc;
use web_time::{SystemTime, UNIX_EPOCH};

use bevy_ecs::prelude::*;
use soundfall_analysis::{HistoryFormat, SharedHistory};
use soundfall_ring::{Gap, WriterState};

use super::clock::StreamClock;

/// A heartbeat older than this means that the writer is gone.
const HEARTBEAT_LIMIT_NS: u64 = 2_000_000_000;

/// What the capture side is asked for, when it runs in this process. Answers must be instant.
pub trait SourceProbe: Send + Sync {
    /// Frames lost before they reached the ring; nothing where only its gap table knows.
    fn lost_frames(&self) -> Option<u64>;
    /// True once the source has ended by itself (a file played to its end).
    fn ended(&self) -> bool;
    /// A line about a failure that the user should see, until it is cured.
    fn trouble(&self) -> Option<String>;
}

/// A sound that is heard, at the end that the display reads.
#[derive(Component)]
#[require(StreamStatus, StreamClock)]
pub struct Stream {
    /// Where the samples are.
    pub history: SharedHistory,
    /// What the user calls it: "Built-in microphone", "song.flac", "signal chord".
    pub name: String,
    /// The capture side, where it is ours.
    pub probe: Option<Arc<dyn SourceProbe>>,
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
    /// The source has ended by itself.
    pub ended: bool,
    /// What is wrong with the source now, in words for the screen.
    pub trouble: Option<String>,
    /// Why the last change of source failed.
    pub refused: Option<String>,
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

/// Reads sequence, gaps and writer state of every stream. Set `Sync`.
pub fn poll_streams(mut streams: Query<(&Stream, &mut StreamStatus)>) {
    for (stream, mut status) in &mut streams {
        if !status.held {
            status.poll(stream);
        }
    }
}

impl StreamStatus {
    fn poll(&mut self, stream: &Stream) {
        let history = &stream.history;
        if self.epoch != history.epoch() {
            self.epoch = history.epoch();
            self.gap_total = 0;
            self.gaps = Arc::default();
        }
        let extent = history.extent();
        (self.oldest_frame, self.written_frames) = (extent.start, extent.end);
        let gap_total = history.gap_total();
        if gap_total != self.gap_total {
            self.gap_total = gap_total;
            self.gaps = history.gaps().into();
        }
        self.writer = writer_health(history.writer_state(), now_unix_ns());
        let in_table = || {
            let lengths = self.gaps.iter().map(|gap| gap.length_frames);
            lengths.fold(0, u64::saturating_add)
        };
        match &stream.probe {
            Some(probe) => {
                self.lost_frames = probe.lost_frames().unwrap_or_else(in_table);
                self.ended = probe.ended();
                self.trouble = probe.trouble();
            }
            None => {
                self.lost_frames = in_table();
                self.ended = self.writer == WriterHealth::Closed;
                self.trouble = (self.writer == WriterHealth::Silent)
                    .then(|| "The writer has stopped; the history stays.".to_owned());
            }
        }
    }
}

fn writer_health(state: Option<WriterState>, now_ns: u64) -> WriterHealth {
    match state {
        Some(WriterState::Open {
            heartbeat_unix_ns, ..
        }) => {
            if now_ns.saturating_sub(heartbeat_unix_ns) <= HEARTBEAT_LIMIT_NS {
                WriterHealth::Alive
            } else {
                WriterHealth::Silent
            }
        }
        // A recording has nobody who writes.
        Some(WriterState::Closed) | None => WriterHealth::Closed,
        Some(_) => WriterHealth::Unknown,
    }
}

fn now_unix_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}
