//! Keeps status and clock of every stream up to date.
//!
//! Polling reads a few header words a frame. It never copies samples, never waits and never
//! touches whatever feeds the ring.

use std::sync::Arc;
use web_time::{SystemTime, UNIX_EPOCH};

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};
use soundfall_ring::{SignOfLife, WriterState, lost_frames};

use super::clock::StreamClock;
use super::status::{Stream, StreamStatus, WriterHealth};

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
        // A ring that cannot be read any more says 0; what is known stays.
        let gap_total = history.gap_total();
        if gap_total > self.gap_total {
            self.gap_total = gap_total;
            self.gaps = history.gaps().into();
        }
        self.writer = writer_health(history.writer_state(), now_unix_ns());
        let in_table = || lost_frames(&self.gaps, &(0..self.written_frames));
        match &stream.probe {
            Some(probe) => {
                self.lost_frames = probe.lost_frames().unwrap_or_else(in_table);
                self.ended = probe.ended();
                self.trouble = probe.trouble();
                self.counts = probe.counts();
            }
            None => {
                self.lost_frames = in_table();
                self.ended = self.writer == WriterHealth::Closed;
                let words = match self.writer {
                    WriterHealth::Silent => Some("The writer has stopped; the history stays."),
                    WriterHealth::Ahead => Some(
                        "The writer's signs of life are dated in the future: whether it lives cannot be told.",
                    ),
                    _ => None,
                };
                self.trouble = words.map(str::to_owned);
            }
        }
    }
}

fn writer_health(state: Option<WriterState>, now_ns: u64) -> WriterHealth {
    // A recording has no writer.
    let Some(state) = state.filter(|state| *state != WriterState::Closed) else {
        return WriterHealth::Closed;
    };
    match state.sign_of_life(now_ns) {
        Some(SignOfLife::Fresh) => WriterHealth::Alive,
        Some(SignOfLife::Ahead { .. }) => WriterHealth::Ahead,
        Some(_) => WriterHealth::Silent,
        None => WriterHealth::Unknown,
    }
}

fn now_unix_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use soundfall_ring::{GapReason, MAX_FRAME, RingFormat, heap_ring};

    use super::*;
    use crate::stream::RingHistory;

    #[test]
    fn the_writer_is_judged_by_its_sign_of_life_either_way() {
        let now = 50_000_000_000;
        let second = 1_000_000_000;
        let health = |heartbeat_unix_ns| {
            let state = WriterState::Open {
                heartbeat_unix_ns,
                pid: 1,
            };
            writer_health(Some(state), now)
        };
        assert_eq!(health(now), WriterHealth::Alive);
        assert_eq!(health(now - second), WriterHealth::Alive);
        assert_eq!(health(now + second), WriterHealth::Alive);
        assert_eq!(health(now - second - 1), WriterHealth::Silent);
        assert_eq!(health(0), WriterHealth::Silent);
        assert_eq!(health(now + second + 1), WriterHealth::Ahead);
        assert_eq!(health(u64::MAX), WriterHealth::Ahead);
        assert_eq!(writer_health(None, now), WriterHealth::Closed);
        let closed = writer_health(Some(WriterState::Closed), now);
        assert_eq!(closed, WriterHealth::Closed);
        let unknown = writer_health(Some(WriterState::Unknown), now);
        assert_eq!(unknown, WriterHealth::Unknown);
    }

    #[test]
    fn no_more_is_lost_than_is_written() {
        let format = RingFormat::new(1_000, 1, 4_000, 100).unwrap();
        let (mut writer, ring) = heap_ring(&format, "x").unwrap();
        for _ in 0..5 {
            writer.write_block(&[0.5; 100]).unwrap();
        }
        for _ in 0..4 {
            writer.record_gap(0, MAX_FRAME, GapReason::DeviceLost);
        }
        let stream = Stream::new(RingHistory::shared(ring), "hostile");
        let mut status = StreamStatus::default();
        status.poll(&stream);
        assert_eq!((status.gap_total, status.gaps.len()), (4, 4));
        assert_eq!(status.lost_frames, 500);
    }

    #[test]
    fn two_histories_of_rings_without_epochs_are_two() {
        let format = RingFormat::new(1_000, 1, 4_000, 100).unwrap();
        let extension = soundfall_ring::Extension::default();
        let open = || {
            let (_, ring) = soundfall_ring::heap_ring_with(&format, &extension).unwrap();
            Stream::new(RingHistory::shared(ring), "foreign")
        };
        let mut status = StreamStatus::default();
        status.poll(&open());
        let first = status.epoch;
        status.poll(&open());
        assert_ne!(first, status.epoch);
    }
}
