//! Ctrl-C, SIGTERM and SIGHUP as a flag: every run ends in good order. A signal that was ignored when the program
//! started, as `nohup` does with SIGHUP and a shell with SIGINT of what runs in the background, stays ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal};

/// How often the user asked for the end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU32>);

impl Stop {
    /// Listens from now on. To be called before the program has other threads: they inherit what is ignored.
    pub fn listen() -> Result<Self> {
        let stop = Self::default();
        let asked = stop.clone();
        keep_ignored().context("cannot keep signals ignored")?;
        ctrlc::set_handler(move || asked.ask()).context("cannot listen for Ctrl-C")?;
        Ok(stop)
    }

    /// Asks for the end.
    pub fn ask(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// True once asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// True once asked a second time: what the end still waits for is given up.
    pub fn insisted(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// A write beyond the largest size that a file may have (`ulimit -f`) is an error like that of a full disk and no end of
/// the program. To be called before the program has other threads.
pub fn outlive_file_limits() {
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGXFSZ);
    // Where it cannot be blocked it only means the same as before.
    blocked.thread_block().ok();
}

/// The handler is installed for all of its signals at once. Those that are ignored are blocked before, so that it never
/// hears of them.
fn keep_ignored() -> nix::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let mut blocked = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if ignored >> (signal as u32 - 1) & 1 == 1 {
            blocked.add(signal);
        }
    }
    blocked.thread_block()
}

/// The mask of ignored signals in `/proc/self/status`, signal 1 in the lowest bit; 0 where it does not say.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let status = "SigBlk:\t0000000000000002\nSigIgn:\t0000000000001003\nSigCgt:\t0\n";
        assert_eq!(ignored(status), 0x1003);
        assert_eq!(ignored("Name:\tx\n"), 0);
        assert_eq!(ignored("SigIgn:\tno number\n"), 0);
    }
}
