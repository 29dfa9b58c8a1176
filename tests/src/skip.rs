//! Leaving a test out, loudly: the reason is shown even when the test passes, and
//! `cargo xtask test` repeats it at the end.
//!
//! Never for something that only failed: only for what this machine cannot do.

use std::io::Write as _;

/// Says that `test` is left out because of `reason`. Return from the test afterwards.
pub fn skip(test: &str, reason: &str) {
    // Written to the stream itself: the test runner hides what `println!` prints.
    let line = format!("\nSKIPPED {test}: {reason}\n");
    let _ = std::io::stdout().write_all(line.as_bytes());
}
