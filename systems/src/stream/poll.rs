//! Keeps status and clock of every stream up to date.
//!
//! Polling reads a few header words a frame. It never copies samples, never waits and never
//! touches whatever feeds the ring.

use std::sync::Arc;
use web_time::{SystemTime, UNIX_EPOCH};

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};
use soundfall_ring::WriterState;

use super::clock::StreamClock;
use super::status::{Stream, StreamStatus, WriterHealth};

/// A heartbeat older than this means that the writer is gone.
const HEARTBEAT_LIMIT_NS: u64 = 2_000_000_000;

/// Advances every clock by one display frame. Set `Sync`, after the streams were polled.
pub fn advance_clocks(
    time: Res<Time<Real>>,
    mut streams: Query<(&Stream, &StreamStatus, &mut StreamClock)>,
) {
    for (stream, status, mut clock) in &mut streams {
        let format = stream.history.format();
        clock.advance(
            time.delta_secs_f64(),
            f64::from(format.sample_rate),
            u64::from(format.block_frames),
            status.epoch,
            status.written_frames,
        );
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
        // A recording has no writer.
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
