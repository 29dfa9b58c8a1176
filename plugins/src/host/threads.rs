//! Whether the system lets a display start its threads: the libraries that need them panic where it does not.

use std::{io, num::NonZero, thread};

use thiserror::Error;

/// Threads of a display beside those that every processor core gets: files, rendering, windows.
const OTHER_THREADS: usize = 10;

/// The system starts no more threads.
#[derive(Debug, Error)]
#[error(
    "the system starts {started} more threads and a display needs {wanted} ({reason}): raise the limit of processes (`ulimit -u`, or that of the container or service)"
)]
pub struct TooFewThreads {
    /// Threads that could be started.
    pub started: usize,
    /// Threads that a display needs.
    pub wanted: usize,
    /// What the system says.
    pub reason: io::Error,
}

/// Starts as many threads as a display may need, all at once, and ends them again.
///
/// # Errors
/// [`TooFewThreads`] where the system refuses one.
pub fn check_threads() -> Result<(), TooFewThreads> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    // Those of the analysis and the systems, and those of a renderer on the processor.
    start(2 * cores + OTHER_THREADS, 64 << 10)
}

fn start(wanted: usize, stack_bytes: usize) -> Result<(), TooFewThreads> {
    let (hold, held) = crossbeam::channel::bounded::<()>(0);
    let mut threads = Vec::new();
    let mut refused = None;
    while refused.is_none() && threads.len() < wanted {
        let held = held.clone();
        let wait = move || {
            let _ = held.recv();
        };
        match thread::Builder::new().stack_size(stack_bytes).spawn(wait) {
            Ok(thread) => threads.push(thread),
            Err(reason) => refused = Some(reason),
        }
    }
    let started = threads.len();
    drop(hold);
    for thread in threads {
        let _ = thread.join();
    }
    match refused {
        Some(reason) => Err(TooFewThreads {
            started,
            wanted,
            reason,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn threads_are_there_and_what_the_system_refuses_is_said() {
        check_threads().expect("threads");
        // More memory than any address has.
        let refused = start(3, 1 << 60).expect_err("no such stack");
        assert_eq!((refused.started, refused.wanted), (0, 3));
        let said = refused.to_string();
        assert!(
            said.starts_with("the system starts 0 more threads"),
            "{said}"
        );
    }
}
