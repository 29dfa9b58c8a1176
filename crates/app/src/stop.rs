//! Ctrl-C, SIGTERM and SIGHUP as a flag: every run ends in good order. A signal that was ignored when the program
//! started, as `nohup` does with SIGHUP and a shell with SIGINT of what runs in the background, stays ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal};

/// Set once the user asked for the end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on. To be called before the program has other threads: they inherit what is ignored.
    pub fn listen() -> Result<Self> {
        let stop = Self::default();
        let flag = stop.0.clone();
        keep_ignored().context("cannot keep signals ignored")?;
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
            .context("cannot listen for Ctrl-C")?;
        Ok(stop)
    }

    /// True once asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
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
