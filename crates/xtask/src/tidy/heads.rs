//! Rule: every Rust file starts with `//!`, saying what it is; the root of a crate may
//! start with its README instead.
//!
//! Never judges the sentence itself.

use super::Findings;
use super::sources::{Source, Sources};

/// Files without a head.
pub(super) fn check(sources: &Sources) -> Findings {
    sources.rust.iter().filter_map(finding).collect()
}

fn finding(file: &Source) -> Option<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let says_something = first
        .strip_prefix("//!")
        .is_some_and(|words| !words.trim().is_empty());
    let readme = first.starts_with("#![doc = include_str!(");
    (!says_something && !readme).then(|| {
        format!(
            "{}: starts without `//!`; say in a line what the file is and what it never does",
            file.path
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> bool {
        finding(&Source {
            path: "a.rs".into(),
            text: text.into(),
        })
        .is_some()
    }

    #[test]
    fn a_head_is_a_first_line_with_words() {
        assert!(!found("//! Windows of the STFT.\n"));
        assert!(!found("#![doc = include_str!(\"../README.md\")]\n"));
        assert!(found("use std::fmt;\n"));
        assert!(found("//!\n//! Late.\n"));
        assert!(found("\n//! Late.\n"));
        assert!(found(""));
    }
}
