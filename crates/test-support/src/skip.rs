//! Leaving a test out, loudly: the reason is shown even when the test passes, and
//! `cargo xtask test` counts and repeats it at the end.
//!
//! Never for something that only failed: only for what is not here. Where `CI=true`, what
//! `cargo xtask setup` installs has to be here, or the test fails.

use std::fmt;
use std::io::Write as _;

/// Why a test cannot run here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A program that setup installs is not on the path.
    Program {
        /// What is started.
        name: &'static str,
        /// Debian's package of it.
        package: &'static str,
    },
    /// A file that setup installs is missing.
    File {
        /// Its path.
        path: &'static str,
        /// Debian's package of it.
        package: &'static str,
    },
    /// No PulseAudio, neither installed nor unpacked by setup.
    SoundServer,
    /// The machine lets nobody, or not this user, mount a file system; with what it said.
    NoMount(String),
    /// The machine lets this user make no namespaces of its own; with what it said.
    NoNamespaces(String),
    /// A ring of the user lies where this test needs to find none.
    OwnRing,
}

impl Reason {
    /// Whether `cargo xtask setup` provides it, so that no test is left out in CI for it.
    pub fn can_be_set_up(&self) -> bool {
        match self {
            Self::Program { .. } | Self::File { .. } | Self::SoundServer => true,
            Self::NoMount(_) | Self::NoNamespaces(_) | Self::OwnRing => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { name, package } => {
                write!(
                    f,
                    "no program {name} (package {package}; cargo xtask setup)"
                )
            }
            Self::File { path, package } => {
                write!(f, "no {path} (package {package}; cargo xtask setup)")
            }
            Self::SoundServer => write!(
                f,
                "no PulseAudio, neither installed nor unpacked for the tests (cargo xtask setup)"
            ),
            Self::NoMount(said) => {
                write!(f, "no file system may be mounted here: {}", OneLine(said))
            }
            Self::NoNamespaces(said) => {
                write!(f, "no namespaces may be made here: {}", OneLine(said))
            }
            Self::OwnRing => write!(
                f,
                "a ring of yours lies in /dev/shm (soundfall ring info shows it; delete it if it is not needed)"
            ),
        }
    }
}

/// What another program said, on one line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.split_whitespace().collect();
        f.write_str(&words.join(" "))
    }
}

/// Says that `test` is left out because of `reason`. Return from the test afterwards, which has
/// done nothing else: it counts as not run.
///
/// # Panics
/// Where `CI=true`, if setup should have provided what is missing.
#[track_caller]
pub fn skip(test: &str, reason: &Reason) {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    match line(test, reason, ci) {
        // Written to the stream itself: the test runner hides what `println!` prints.
        Ok(line) => drop(std::io::stdout().write_all(line.as_bytes())),
        Err(words) => panic!("{words}"),
    }
}

/// The line that `cargo xtask test` counts, or why the test must not be left out.
fn line(test: &str, reason: &Reason, ci: bool) -> Result<String, String> {
    if ci && reason.can_be_set_up() {
        return Err(format!(
            "{test} must not be left out where CI=true: {reason}"
        ));
    }
    Ok(format!("\nSKIPPED {test}: {reason}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAC: Reason = Reason::Program {
        name: "flac",
        package: "flac",
    };

    #[test]
    fn what_setup_provides_is_never_left_out_in_ci() {
        let file = Reason::File {
            path: "/usr/share/a",
            package: "b",
        };
        for reason in [FLAC, file, Reason::SoundServer] {
            assert!(line("a", &reason, false).is_ok());
            assert!(line("a", &reason, true).is_err_and(|words| words.contains("setup")));
        }
    }

    #[test]
    fn what_the_machine_cannot_do_may_be_left_out_everywhere() {
        for reason in [
            Reason::NoMount("no\nright".to_owned()),
            Reason::NoNamespaces(String::new()),
            Reason::OwnRing,
        ] {
            let here = line("a", &reason, false);
            assert_eq!(here, line("a", &reason, true));
            // One line, as `cargo xtask test` reads it.
            assert!(here.is_ok_and(|line| line.trim().lines().count() == 1));
        }
    }

    #[test]
    fn the_line_names_test_and_reason() {
        assert_eq!(
            line("m::a", &FLAC, false).as_deref(),
            Ok("\nSKIPPED m::a: no program flac (package flac; cargo xtask setup)\n")
        );
    }
}
