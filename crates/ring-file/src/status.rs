//! Whether a ring's writer lives. Never waits for a sign of life: it judges by what is there now.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::Serialize;
use soundfall_ring::{RingRead, SignOfLife, WriterState};

/// Whether a ring's writer lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WriterStatus {
    /// It gave a sign of life within the last second.
    Alive,
    /// No sign of life for more than a second, or one that is dated in the future, yet its process is
    /// there: stopped or very busy, or a clock was set.
    Silent,
    /// No sign of life and no such process: it was killed.
    Dead,
    /// It closed the ring cleanly.
    Closed,
    /// The base format does not say.
    Unknown,
}

impl WriterStatus {
    /// Whether no more frames are to be expected in this ring.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Dead | Self::Closed)
    }
}

impl std::fmt::Display for WriterStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Alive => "alive",
            Self::Silent => "silent",
            Self::Dead => "dead",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        })
    }
}

/// The wall-clock time now, in nanoseconds since 1970.
pub fn unix_now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}

/// Judges a ring's writer at the time `now_unix_ns` (see [`unix_now_ns`]): by its sign of life
/// ([`WriterState::sign_of_life`]), and where that is not fresh, by its process.
pub fn writer_status(ring: &dyn RingRead, now_unix_ns: u64) -> WriterStatus {
    let state = ring.writer_state();
    match (state, state.sign_of_life(now_unix_ns)) {
        (WriterState::Open { .. }, Some(SignOfLife::Fresh)) => WriterStatus::Alive,
        (WriterState::Open { pid, .. }, _) if process_exists(pid) => WriterStatus::Silent,
        (WriterState::Open { .. }, _) => WriterStatus::Dead,
        (WriterState::Closed, _) => WriterStatus::Closed,
        _ => WriterStatus::Unknown,
    }
}

fn process_exists(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid)
        .ok()
        .filter(|&pid| pid > 0)
        .and_then(Pid::from_raw)
    else {
        return false;
    };
    // EPERM: it is there but belongs to somebody else.
    matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM))
}
