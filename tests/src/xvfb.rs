//! A private X display without a screen.
//!
//! Never touches the display of the user.

use soundfall_test_support::program::program;
use soundfall_test_support::skip::Reason;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A running Xvfb; ended when dropped.
#[derive(Debug)]
pub struct Xvfb {
    server: Child,
    display: String,
}

impl Xvfb {
    /// Starts one on a free display; `Err` is the reason to leave the test out. An Xvfb that is
    /// there and does not start fails the test.
    #[track_caller]
    pub fn start(width: u32, height: u32) -> Result<Self, Reason> {
        let screen = format!("{width}x{height}x24");
        let mut server = program("Xvfb", "xvfb")?
            // The server chooses a free number and writes it when it is ready.
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                &screen,
                "-nolisten",
                "tcp",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut number);
        }
        let display = format!(":{}", number.trim());
        let this = Self { server, display };
        assert!(!number.trim().is_empty(), "Xvfb ended at once");
        Ok(this)
    }

    /// Its name for `DISPLAY`.
    pub fn display(&self) -> &str {
        &self.display
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        // Asked politely it removes its lock and its socket.
        let asked = Command::new("kill")
            .arg(self.server.id().to_string())
            .status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_displays_differ() {
        let (one, two) = match (Xvfb::start(64, 64), Xvfb::start(64, 64)) {
            (Ok(one), Ok(two)) => (one, two),
            (Err(reason), _) | (_, Err(reason)) => {
                return crate::skip::skip("xvfb::tests::two_displays_differ", &reason);
            }
        };
        assert_ne!(one.display(), two.display());
    }
}
