//! Counts of tests, read from the lines `cargo test` prints.
//!
//! Never changes what is shown: lines pass through as they come.

use std::io::{self, BufRead, Write};

/// What the test programs reported together.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Lines of tests that left themselves out, with their reason.
    pub(crate) skipped: Vec<String>,
}

impl Tally {
    /// Copies `from` to `to` line by line, counting.
    pub(crate) fn pass_through(
        &mut self,
        mut from: impl BufRead,
        mut to: impl Write,
    ) -> io::Result<()> {
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            to.write_all(&line)?;
            to.flush()?;
            self.line(&String::from_utf8_lossy(&line));
            line.clear();
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        if let Some(at) = line.find("SKIPPED ") {
            self.skipped.push(line[at..].trim_end().to_owned());
        }
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in result.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn results_of_several_programs_add_up_and_pass_through() {
        let text = "running 3 tests\ntest a ... ok\n\
                    test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                    test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s\n";
        let mut tally = Tally::default();
        let mut out = Vec::new();
        tally.pass_through(text.as_bytes(), &mut out).unwrap();
        assert_eq!((tally.passed, tally.failed), (4, 2));
        assert_eq!(out, text.as_bytes());
    }

    #[test]
    fn left_out_tests_are_kept_with_their_reason() {
        let mut tally = Tally::default();
        tally.line("test disk_full ... SKIPPED disk_full: needs root\n");
        assert_eq!(tally.skipped, ["SKIPPED disk_full: needs root"]);
    }
}
