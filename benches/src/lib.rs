//! Measuring as ratios: us beside the physical limit, on one machine, in one run.
//! Never asserts on time, never compares with figures of another run.
#![forbid(unsafe_code)]

use std::fmt;
use std::time::{Duration, Instant};

/// How long one comparison takes.
const LENGTH: Duration = Duration::from_millis(1500);
/// How long one turn lasts: long against the clock, short against a noisy neighbour.
const TURN: Duration = Duration::from_micros(400);

/// What a limit and our own work took, in nanoseconds a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The limit.
    pub limit_ns: f64,
    /// Ours.
    pub ours_ns: f64,
}

impl Comparison {
    /// How many times as long ours takes.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.ours_ns / self.limit_ns
    }

    /// How many times as fast ours is.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.limit_ns / self.ours_ns
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "limit {:>10.0} ns, ours {:>10.0} ns, ratio {:.3}",
            self.limit_ns,
            self.ours_ns,
            self.ratio()
        )
    }
}

/// Time this thread has computed so far, where the system counts it (Unix); elsewhere time on the
/// wall. Other programs on a busy machine do not count in the first.
#[must_use]
pub fn thread_time() -> Duration {
    #[cfg(unix)]
    {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(now).unwrap_or_default()
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        START.elapsed()
    }
}

/// Runs both turn by turn, so that whatever disturbs the machine disturbs both, and gives the
/// lower decile of each one's turns, in [`thread_time`]: the undisturbed time, without being ruled
/// by one lucky turn.
pub fn turn_by_turn(mut limit: impl FnMut(), mut ours: impl FnMut()) -> Comparison {
    let limit_calls = calls_a_turn(&mut limit);
    let ours_calls = calls_a_turn(&mut ours);
    let (mut limit_turns, mut our_turns) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while start.elapsed() < LENGTH || our_turns.len() < 10 {
        limit_turns.push(turn(limit_calls, &mut limit));
        our_turns.push(turn(ours_calls, &mut ours));
    }
    Comparison {
        limit_ns: lower_decile(limit_turns),
        ours_ns: lower_decile(our_turns),
    }
}

/// Calls that fill a turn; warms up on the way.
fn calls_a_turn(run: &mut impl FnMut()) -> u32 {
    let start = Instant::now();
    let mut calls = 0u32;
    while start.elapsed() < TURN * 20 {
        run();
        calls += 1;
    }
    (calls / 20).max(1)
}

/// Nanoseconds a call.
fn turn(calls: u32, run: &mut impl FnMut()) -> f64 {
    let start = thread_time();
    for _ in 0..calls {
        run();
    }
    (thread_time() - start).as_secs_f64() * 1e9 / f64::from(calls)
}

fn lower_decile(mut turns: Vec<f64>) -> f64 {
    turns.sort_by(f64::total_cmp);
    turns[turns.len() / 10]
}
