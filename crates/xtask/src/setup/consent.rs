//! Whether what is said to be installed may be: asked on a terminal, taken for granted by
//! `--yes` and where nobody sits.
//!
//! Never says what is installed; that has been said before.

use anyhow::{Result, bail};
use std::env;
use std::io::{self, BufRead, IsTerminal as _};

/// The word that answers beforehand; it stands first after the command.
pub(crate) const YES: &str = "--yes";

/// Who agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// `--yes`.
    Given,
    /// Nobody is there to ask: a machine, as in CI.
    Unattended,
    /// Somebody sits at a terminal.
    Ask,
}

impl Consent {
    /// That of this run of xtask.
    pub(super) fn of_this_run() -> Self {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self::of(env::args().nth(2).as_deref(), terminal)
    }

    fn of(first: Option<&str>, terminal: bool) -> Self {
        match (first, terminal) {
            (Some(YES), _) => Self::Given,
            (_, true) => Self::Ask,
            (_, false) => Self::Unattended,
        }
    }

    /// Goes on, or fails with what to type by hand.
    pub(super) fn get(self, by_hand: &str) -> Result<()> {
        match self {
            Self::Given => Ok(()),
            Self::Unattended => {
                eprintln!("setup: nobody to ask, going on");
                Ok(())
            }
            Self::Ask => {
                eprint!("setup: go on? [Y/n] ");
                if agrees(io::stdin().lock())? {
                    return Ok(());
                }
                bail!("nothing was installed; by hand: {by_hand}")
            }
        }
    }
}

/// Reads the answer. The end of the input is none, so no.
fn agrees(mut answer: impl BufRead) -> io::Result<bool> {
    let mut line = String::new();
    let bytes = answer.read_line(&mut line)?;
    let line = line.trim().to_lowercase();
    Ok(bytes > 0 && matches!(line.as_str(), "" | "y" | "yes"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_terminal_is_asked_and_a_machine_is_not() {
        assert_eq!(Consent::of(None, true), Consent::Ask);
        assert_eq!(Consent::of(Some("--web"), true), Consent::Ask);
        assert_eq!(Consent::of(None, false), Consent::Unattended);
        for terminal in [true, false] {
            assert_eq!(Consent::of(Some("--yes"), terminal), Consent::Given);
        }
    }

    #[test]
    fn only_yes_is_yes() {
        for answer in ["\n", "y\n", "YES\n", " y \n", "y"] {
            assert!(agrees(answer.as_bytes()).unwrap(), "{answer:?}");
        }
        for answer in ["", "n\n", "no\n", "what?\n", "yesterday\n"] {
            assert!(!agrees(answer.as_bytes()).unwrap(), "{answer:?}");
        }
    }
}
