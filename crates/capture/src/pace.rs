//! How many frames are due by now, for sources that have no clock of their own.
//!
//! Pure arithmetic on elapsed time; it never reads a clock or sleeps.

use std::time::Duration;

/// Longest backlog that is made up for at once; what is behind more (the program was stopped) is let go.
const MAX_BACKLOG: Duration = Duration::from_secs(2);

/// Counts frames against a clock.
///
/// ```
/// use soundfall_capture::pace::Pacer;
/// use std::time::Duration;
/// let mut pacer = Pacer::new(48_000.0);
/// assert_eq!(pacer.due(Duration::from_millis(10)), 480);
/// pacer.deliver(400);
/// assert_eq!(pacer.due(Duration::from_millis(10)), 80);
/// assert_eq!(pacer.until(512, Duration::from_millis(10)), Duration::from_millis(9));
/// ```
#[derive(Clone, Debug)]
pub struct Pacer {
    frames_per_sec: f64,
    delivered: u64,
    /// Frames that were let go.
    let_go: u64,
    /// Those of them that went by while nobody looked, and were not told yet.
    missed: u64,
    /// The time of the last look.
    looked: Duration,
}

impl Pacer {
    /// A pacer for this many frames a second.
    #[must_use]
    pub fn new(frames_per_sec: f64) -> Self {
        Self {
            frames_per_sec,
            delivered: 0,
            let_go: 0,
            missed: 0,
            looked: Duration::ZERO,
        }
    }

    /// Frames due at `elapsed` since the start. At most two seconds' worth: what is beyond that is let go.
    pub fn due(&mut self, elapsed: Duration) -> u64 {
        let target = (elapsed.as_secs_f64() * self.frames_per_sec) as u64;
        let behind = target.saturating_sub(self.delivered + self.let_go);
        let most = (MAX_BACKLOG.as_secs_f64() * self.frames_per_sec).max(1.0) as u64;
        if behind > most {
            self.let_go += behind - most;
            if elapsed.saturating_sub(self.looked) > MAX_BACKLOG {
                self.missed += behind - most;
            }
        }
        self.looked = elapsed;
        behind.min(most)
    }

    /// Frames that were let go since the last call because nobody looked for so long: the program was stopped, and
    /// there was no sound. A machine that is only too slow misses none; there the clock slips.
    pub fn take_missed(&mut self) -> u64 {
        std::mem::take(&mut self.missed)
    }

    /// Notes that `frames` frames went out.
    pub fn deliver(&mut self, frames: u64) {
        self.delivered += frames;
    }

    /// How long from `elapsed` until `frames` frames are due (rounded up to a millisecond).
    #[must_use]
    pub fn until(&self, frames: u64, elapsed: Duration) -> Duration {
        let at = (self.delivered + self.let_go + frames) as f64 / self.frames_per_sec;
        let millis = ((at - elapsed.as_secs_f64()) * 1e3).ceil().clamp(0.0, 1e6);
        Duration::from_millis(millis as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sleep_is_let_go() {
        let mut pacer = Pacer::new(1_000.0);
        assert_eq!(pacer.due(Duration::from_secs(100)), 2_000);
        assert_eq!(pacer.take_missed(), 98_000);
        pacer.deliver(2_000);
        assert_eq!(pacer.due(Duration::from_secs(100)), 0);
        assert_eq!(pacer.take_missed(), 0);
        assert_eq!(pacer.due(Duration::from_millis(100_250)), 250);
    }

    #[test]
    fn a_slow_machine_misses_nothing() {
        let mut pacer = Pacer::new(1_000.0);
        for second in 1..100 {
            assert!(pacer.due(Duration::from_secs(second)) <= 2_000);
            pacer.deliver(10);
        }
        assert_eq!(pacer.take_missed(), 0);
    }

    proptest! {
        #[test]
        fn delivery_follows_the_clock(rate in 1.0f64..1e8, steps in prop::collection::vec(1u64..900, 1..60)) {
            let mut pacer = Pacer::new(rate);
            let (mut elapsed, mut total) = (Duration::ZERO, 0u64);
            for step in steps {
                elapsed += Duration::from_millis(step);
                let due = pacer.due(elapsed);
                pacer.deliver(due);
                total += due;
            }
            let exact = elapsed.as_secs_f64() * rate;
            prop_assert!((total as f64 - exact).abs() <= 1.0 + exact * 1e-9);
        }
    }
}
