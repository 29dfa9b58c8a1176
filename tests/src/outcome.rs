//! What a process left behind, and what is expected of it.
//!
//! Never waits and never starts anything.

use crate::place::Place;
use serde_json::Value;
use std::process::ExitStatus;

/// What a process left behind.
#[derive(Debug)]
pub struct Outcome {
    /// Its arguments, for messages.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Data.
    pub stdout: String,
    /// Words.
    pub stderr: String,
    /// The folder it ran in.
    pub home: Place,
}

impl Outcome {
    /// Fails the test unless it succeeded without a panic on any thread.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(
            self.status.success(),
            "soundfall {} ended with {}\n{}",
            self.line,
            self.status,
            self.stderr
        );
        self.expect_no_panic()
    }

    /// Fails the test if any thread panicked.
    #[track_caller]
    pub fn expect_no_panic(self) -> Self {
        let panicked = self.stderr.contains("panicked at") || self.stdout.contains("panicked at");
        assert!(
            !panicked,
            "soundfall {} panicked\n{}",
            self.line, self.stderr
        );
        self
    }

    /// Fails the test unless it was refused as bad input must be: exit code 1 or 2, no
    /// panic, and one line of words that contains each of `words` (in any case).
    #[track_caller]
    pub fn expect_refusal(self, words: &[&str]) -> Self {
        let code = self.status.code();
        assert!(
            matches!(code, Some(1 | 2)),
            "soundfall {} ended with {}, not 1 or 2\n{}",
            self.line,
            self.status,
            self.stderr
        );
        let this = self.expect_no_panic();
        let lines: Vec<&str> = this
            .stderr
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        assert_eq!(
            lines.len(),
            1,
            "soundfall {}: not one line but\n{}",
            this.line,
            this.stderr
        );
        assert!(
            this.stdout.trim().is_empty(),
            "soundfall {}: data in spite of the error\n{}",
            this.line,
            this.stdout
        );
        let said = lines[0].to_lowercase();
        for word in words {
            assert!(
                said.contains(&word.to_lowercase()),
                "soundfall {}: {word:?} is not in: {}",
                this.line,
                lines[0]
            );
        }
        this
    }

    /// Its standard output as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(self.stdout.trim()).unwrap_or_else(|error| {
            panic!(
                "soundfall {}: no JSON ({error}):\n{}\n{}",
                self.line, self.stdout, self.stderr
            )
        })
    }
}

/// A number of a JSON object, by name; fails the test where there is none.
#[track_caller]
pub fn number(object: &Value, name: &str) -> f64 {
    object[name]
        .as_f64()
        .unwrap_or_else(|| panic!("no number {name} in {object:#}"))
}
