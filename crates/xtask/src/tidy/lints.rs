//! Rule: every package inherits the lints of the workspace.
//!
//! Never reads the lints themselves; clippy does.

use super::Findings;
use super::sources::{Source, Sources};

/// Manifests without `[lints] workspace = true`.
pub(super) fn check(sources: &Sources) -> Findings {
    sources.manifests.iter().filter_map(finding).collect()
}

fn finding(manifest: &Source) -> Option<String> {
    let mut table = "";
    for line in manifest.text.lines().map(str::trim) {
        if line.starts_with('[') {
            table = line;
        }
        let setting: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        if (table == "[lints]" && setting == "workspace=true") || setting == "lints.workspace=true"
        {
            return None;
        }
    }
    Some(format!(
        "{}: does not inherit the lints; add `[lints]` with `workspace = true`",
        manifest.path
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> bool {
        finding(&Source {
            path: "x/Cargo.toml".into(),
            text: text.into(),
        })
        .is_some()
    }

    #[test]
    fn both_spellings_count() {
        assert!(!found(
            "[package]\nname = \"x\"\n[lints]\nworkspace = true\n"
        ));
        assert!(!found("lints.workspace = true\n[package]\nname = \"x\"\n"));
    }

    #[test]
    fn other_tables_do_not() {
        assert!(found("[package]\nname = \"x\"\n"));
        assert!(found("[dependencies.serde]\nworkspace = true\n"));
    }
}
