//! The stream clock: which frame of the stream is *now* on the screen.
//!
//! Blocks reach the ring in steps of about 10 ms, frames are drawn every 16 ms: a picture that
//! followed the ring's sequence would stutter. The clock runs at the sample rate and is pulled
//! gently towards the ring (a first-order phase-locked loop). It never runs backwards and never
//! ahead of what is written.

use bevy_ecs::prelude::*;

/// How strongly the clock follows the ring: relative speed change per second of error.
const PULL_PER_SEC: f64 = 1.5;
/// At most this much faster or slower than the sample rate.
const MAX_SPEED_CHANGE: f64 = 0.05;
/// An error beyond this is a jump, not a drift.
const JUMP_SECS: f64 = 0.5;
/// With nothing new for this long, the stream counts as standing still.
const STILL_SECS: f64 = 0.3;

/// The smoothed stream position.
#[derive(Component, Default)]
pub struct StreamClock {
    /// The frame that is now, fractional.
    pub now_frames: f64,
    epoch: Option<u64>,
    last_written: u64,
    still_secs: f64,
    still_limit_secs: f64,
}

impl StreamClock {
    /// True while blocks keep arriving.
    #[must_use]
    pub fn flowing(&self) -> bool {
        self.epoch.is_some() && self.still_secs < self.still_limit_secs
    }

    /// Moves on by `dt_secs`, given what is written. `rate_hz` is the sample rate.
    pub fn advance(
        &mut self,
        dt_secs: f64,
        rate_hz: f64,
        block_frames: u64,
        epoch: u64,
        written: u64,
    ) {
        let end = written as f64;
        // Blocks of another program can be long.
        let still_limit_secs = STILL_SECS.max(2.5 * block_frames as f64 / rate_hz);
        if self.epoch != Some(epoch) {
            *self = Self {
                now_frames: end,
                epoch: Some(epoch),
                last_written: written,
                // Until a block arrives it may be a ring without a writer.
                still_secs: still_limit_secs,
                still_limit_secs,
            };
            return;
        }
        if written == self.last_written {
            self.still_secs += dt_secs;
        } else {
            self.still_secs = 0.0;
            self.last_written = written;
        }
        // Keep one block behind while it flows, so that the steps never catch the clock up.
        let margin = if self.flowing() {
            block_frames as f64
        } else {
            0.0
        };
        let target = (end - margin).max(0.0);
        let expected = self.now_frames + dt_secs * rate_hz;
        let error_secs = (target - expected) / rate_hz;
        if error_secs.abs() > JUMP_SECS {
            if error_secs > 0.0 {
                self.now_frames = target;
            }
            return;
        }
        let pull = (error_secs * PULL_PER_SEC).clamp(-MAX_SPEED_CHANGE, MAX_SPEED_CHANGE);
        let next = expected + dt_secs * rate_hz * pull;
        self.now_frames = next.min(end).max(self.now_frames);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 512 at 48 kHz, drawn at 60 Hz: the steps between frames stay even.
    #[test]
    fn scrolls_evenly_over_blocks() {
        let mut clock = StreamClock::default();
        clock.advance(0.0, 48_000.0, 512, 1, 0);
        let (mut last, mut steps) = (0.0, Vec::new());
        for frame in 1..1200_u64 {
            let written = frame * 800 / 512 * 512;
            clock.advance(1.0 / 60.0, 48_000.0, 512, 1, written);
            assert!(clock.now_frames >= last, "never backwards");
            assert!(clock.now_frames <= written as f64, "never ahead");
            if frame > 240 {
                steps.push(clock.now_frames - last);
            }
            last = clock.now_frames;
        }
        for step in steps {
            assert!(
                (step - 800.0).abs() < 20.0,
                "a step of {step} frames stutters"
            );
        }
    }

    #[test]
    fn a_standing_stream_is_shown_to_its_end() {
        let mut clock = StreamClock::default();
        clock.advance(0.0, 48_000.0, 512, 1, 0);
        for _ in 0..240 {
            clock.advance(1.0 / 60.0, 48_000.0, 512, 1, 20_480);
        }
        assert!((clock.now_frames - 20_480.0).abs() < 1.0);
    }

    #[test]
    fn another_ring_starts_at_its_end() {
        let mut clock = StreamClock::default();
        clock.advance(0.0, 48_000.0, 512, 1, 1_000_000);
        clock.advance(0.1, 48_000.0, 512, 2, 4096);
        assert!((clock.now_frames - 4096.0).abs() < f64::EPSILON);
    }
}
