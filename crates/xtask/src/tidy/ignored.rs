//! Rule: `#[ignore]` says who runs the test nevertheless, or that it takes long.
//!
//! A test that is never run is not counted anywhere; `skip` of `crates/test-support` is.

use super::Findings;
use super::sources::{Source, Sources};

/// Beginnings of reasons: run in another process by a test, or by hand.
const REASONS: [&str; 2] = ["run by ", "takes "];

/// Ignored tests without such a reason.
pub(super) fn check(sources: &Sources) -> Findings {
    sources.rust.iter().flat_map(findings).collect()
}

fn findings(file: &Source) -> Findings {
    let said = |line: &str| {
        REASONS
            .iter()
            .any(|reason| line.contains(&format!("\"{reason}")))
    };
    (1..)
        .zip(file.text.lines().map(str::trim))
        .filter(|(_, line)| line.starts_with("#[ignore") && !said(line))
        .map(|(number, _)| {
            format!(
                "{}:{number}: an ignored test says `run by TEST` or `takes …`; one that cannot run here calls `skip`",
                file.path
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_helpers_and_long_tests_are_ignored() {
        let found = |line: &str| {
            findings(&Source {
                path: "a.rs".into(),
                text: format!("//! A test.\n\n    {line}\n    fn a() {{}}\n"),
            })
            .len()
        };
        assert_eq!(found("#[ignore = \"run by a_test\"]"), 0);
        assert_eq!(found("#[ignore = \"takes some minutes\"]"), 0);
        assert_eq!(found("#[ignore]"), 1);
        assert_eq!(found("#[ignore = \"no PulseAudio\"]"), 1);
    }
}
