//! A private X display without a screen.
//!
//! Never touches the display of the user.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A running Xvfb; ended when dropped.
#[derive(Debug)]
pub struct Xvfb {
    server: Child,
    display: String,
}

impl Xvfb {
    /// Starts one on a free display, or says why not.
    pub fn start(width: u32, height: u32) -> Result<Self, String> {
        let screen = format!("{width}x{height}x24");
        let mut server = Command::new("Xvfb")
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
            .map_err(|error| format!("cannot start Xvfb: {error} (cargo xtask setup)"))?;
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut number);
        }
        let display = format!(":{}", number.trim());
        let this = Self { server, display };
        if number.trim().is_empty() {
            Err("Xvfb ended at once".to_owned())
        } else {
            Ok(this)
        }
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
        let (Ok(one), Ok(two)) = (Xvfb::start(64, 64), Xvfb::start(64, 64)) else {
            return crate::skip::skip("two_displays_differ", "no Xvfb on this machine");
        };
        assert_ne!(one.display(), two.display());
    }
}
