//! Rule: every Rust file starts with `//!`, saying what it is; the root of a crate may
//! start with its README instead. Every JavaScript file starts with a comment that does.
//!
//! Never judges the sentence itself.

use super::Findings;
use super::sources::{Source, Sources};

/// Files without a head.
pub(super) fn check(sources: &Sources) -> Findings {
    let rust = sources.rust.iter().filter_map(finding);
    rust.chain(sources.script.iter().filter_map(script))
        .collect()
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

fn script(file: &Source) -> Option<String> {
    let text = &file.text;
    // A program may name its interpreter first.
    let text = match text.strip_prefix("#!") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => text,
    };
    let comment = match (text.strip_prefix("//"), text.strip_prefix("/*")) {
        (Some(line), _) => line.lines().next(),
        (_, Some(block)) => block.split("*/").next(),
        _ => None,
    };
    let says_something = comment.is_some_and(|words| words.contains(char::is_alphabetic));
    (!says_something).then(|| {
        format!(
            "{}: starts without a comment; say in a line what the file is and what it never does",
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

    #[test]
    fn a_script_says_what_it_is_too() {
        let found = |text: &str| {
            script(&Source {
                path: "a.mjs".into(),
                text: text.into(),
            })
            .is_some()
        };
        assert!(!found("// The page's start.\nimport x from './x.js';\n"));
        assert!(!found("/**\n * The worklet.\n */\n"));
        assert!(!found("#!/usr/bin/env node\n// Makes a tone.\n"));
        assert!(found("import x from './x.js';\n// Late.\n"));
        assert!(found("//\n// Late.\n"));
        assert!(found("/* */ const text = 1;\n"));
        assert!(found("#!/usr/bin/env node\n"));
        assert!(found(""));
    }
}
