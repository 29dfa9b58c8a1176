//! Rule: a Rust or JavaScript file has one duty, and so at most 400 lines.
//!
//! Never counts other files.

use super::Findings;
use super::sources::{Source, Sources};

const MOST_LINES: usize = 400;

/// Files that are too long.
pub(super) fn check(sources: &Sources) -> Findings {
    let files = sources.rust.iter().chain(&sources.script);
    files.filter_map(finding).collect()
}

fn finding(file: &Source) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > MOST_LINES).then(|| {
        format!(
            "{}: {lines} lines, more than {MOST_LINES}; split it by duty",
            file.path
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_lines_are_the_most() {
        let file = |lines| Source {
            path: "a.rs".into(),
            text: "\n".repeat(lines),
        };
        assert!(finding(&file(400)).is_none());
        assert!(finding(&file(401)).is_some_and(|text| text.starts_with("a.rs: 401 lines")));
    }
}
