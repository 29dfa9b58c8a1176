//! Counts of tests, read from the lines that `cargo test` and Node's TAP reporter print.
//!
//! Never changes what is shown: lines pass through as they come.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Write};

/// What the test programs reported together.
#[derive(Default, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that came to their end and found nothing wrong.
    passed: u64,
    failed: u64,
    /// Lines of tests that left themselves out, with their reason.
    pub(crate) skipped: Vec<String>,
    /// Tests of the program that is running that left themselves out: it will call them passed.
    left_out: BTreeSet<String>,
}

/// `N passed, N failed, N skipped`, the last line of a test run.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.skipped.len();
        write!(
            f,
            "{} passed, {} failed, {skipped} skipped",
            self.passed, self.failed
        )
    }
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
            let said = line[at..].trim_end();
            let test = said.trim_start_matches("SKIPPED ");
            let test = test.split(": ").next().unwrap_or(test);
            // A test says so once, or is still one test.
            if self.left_out.insert(test.to_owned()) {
                self.skipped.push(said.to_owned());
            }
        } else if let Some((test, reason)) = tap_skip(line) {
            // TAP does not call them passed.
            self.skipped.push(format!("SKIPPED web: {test}: {reason}"));
        }
        match tap_sum(line) {
            Some(("pass", count)) => self.passed += count,
            Some(("fail" | "cancelled", count)) => self.failed += count,
            _ => {}
        }
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let left_out = std::mem::take(&mut self.left_out).len() as u64;
        for part in result.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count.saturating_sub(left_out),
                "failed" => self.failed += count,
                _ => {}
            }
        }
    }
}

/// `# pass 3`: a sum at the end of TAP, which stands at the left edge.
fn tap_sum(line: &str) -> Option<(&str, u64)> {
    let (what, count) = line.strip_prefix("# ")?.trim_end().split_once(' ')?;
    Some((what, count.parse().ok()?))
}

/// `ok 2 - NAME # SKIP REASON`, at any depth.
fn tap_skip(line: &str) -> Option<(&str, &str)> {
    let (test, reason) = line.trim().strip_prefix("ok ")?.split_once(" # SKIP")?;
    let name = test.split_once(" - ").map_or(test, |(_, name)| name);
    Some((name, reason.trim()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn tally(text: &str) -> Tally {
        let mut tally = Tally::default();
        tally.pass_through(text.as_bytes(), Vec::new()).unwrap();
        tally
    }

    #[test]
    fn results_of_several_programs_add_up_and_pass_through() {
        let text = "running 3 tests\ntest a ... ok\n\
                    test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                    test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s\n";
        let mut tally = Tally::default();
        let mut out = Vec::new();
        tally.pass_through(text.as_bytes(), &mut out).unwrap();
        assert_eq!(tally.to_string(), "4 passed, 2 failed, 0 skipped");
        assert_eq!(out, text.as_bytes());
    }

    #[test]
    fn sums_of_the_web_tests_are_added() {
        let text = "test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                    TAP version 13\n# Subtest: start page\n    ok 1 - # pass 7\n\
                    not ok 2 - microphone\nok 3 - tab sound # SKIP not offered here\n\
                    1..3\n# tests 3\n# suites 0\n# pass 1\n# fail 1\n# cancelled 1\n# skipped 1\n\
                    # todo 0\n# duration_ms 812.5\n";
        let tally = tally(text);
        assert_eq!(tally.to_string(), "11 passed, 2 failed, 1 skipped");
        assert_eq!(tally.skipped, ["SKIPPED web: tab sound: not offered here"]);
    }

    /// The test runner prints `ok` for a test that returned early.
    #[test]
    fn a_test_that_left_itself_out_is_none_that_passed() {
        let program = "running 3 tests\ntest a ... ok\ntest disk_full ... \n\
                       SKIPPED disk_full: no program: none\nok\ntest c ... ok\n\n\
                       SKIPPED disk_full: said twice\n\
                       test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        // Of the same name in another program: another test.
        let tally = tally(&[program, program].concat());
        assert_eq!(tally.to_string(), "4 passed, 0 failed, 2 skipped");
        let line = "SKIPPED disk_full: no program: none";
        assert_eq!(tally.skipped, [line, line]);
    }

    #[test]
    fn what_is_left_out_of_one_program_is_not_taken_from_the_next() {
        let tally = tally(
            "SKIPPED a: b\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
        );
        assert_eq!(tally.to_string(), "1 passed, 0 failed, 1 skipped");
    }
}
