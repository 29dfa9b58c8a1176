//! What `cargo tree` says, as sets of lines.
//!
//! Resolves only what is in `Cargo.lock`; never touches the network for a workspace
//! that was built before.

use crate::command::{cargo, output};
use crate::web::toolchain;
use anyhow::Result;
use std::collections::BTreeSet;

/// Names of all packages of the workspace.
pub(super) fn members() -> Result<BTreeSet<String>> {
    let text = output(
        cargo([
            "tree",
            "--workspace",
            "--depth",
            "0",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .arg("--edges=normal"),
    )?;
    Ok(names(&text))
}

/// Names of the packages `package` uses directly (build scripts included, tests not).
pub(super) fn direct(package: &str) -> Result<BTreeSet<String>> {
    below(package, &["--edges=normal,build", "--depth", "1"])
}

/// Names of all packages linked into `package`, on any platform.
pub(super) fn linked(package: &str) -> Result<BTreeSet<String>> {
    below(package, &["--edges=normal,no-proc-macro", "--target=all"])
}

/// Names of the packages linked into `package` in the browser.
pub(super) fn linked_in_the_browser(package: &str) -> Result<BTreeSet<String>> {
    let target = format!("--target={}", toolchain::TARGET);
    below(package, &["--edges=normal,no-proc-macro", &target])
}

fn below(package: &str, args: &[&str]) -> Result<BTreeSet<String>> {
    let mut tree = cargo([
        "tree",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--package",
        package,
    ]);
    let mut found = names(&output(tree.args(args))?);
    found.remove(package);
    Ok(found)
}

/// Every package with the features it is built with, for the selection of packages
/// and edges in `args`. One that is built twice has two lines.
pub(super) fn with_features(args: &[&str]) -> Result<BTreeSet<String>> {
    let text = output(cargo(["tree", "--prefix", "none", "--format", "{p} [{f}]"]).args(args))?;
    Ok(lines(&text).map(str::to_owned).collect())
}

/// Lines that name a package, without the mark of a repeated one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.trim_end_matches(" (*)").trim())
        .filter(|line| !line.is_empty() && !line.starts_with('['))
}

fn names(text: &str) -> BTreeSet<String> {
    lines(text)
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_are_read_from_a_tree() {
        let text = "soundfall-ring v0.1.0 (/w/crates/ring)\nthiserror v2.0.1\nthiserror v2.0.1 (*)\n\n[build-dependencies]\ncc v1.0.0\n";
        assert_eq!(
            names(text).into_iter().collect::<Vec<_>>(),
            ["cc", "soundfall-ring", "thiserror"]
        );
    }

    #[test]
    fn we_see_ourselves() {
        assert!(members().unwrap().contains("xtask"));
        assert!(direct("xtask").unwrap().contains("anyhow"));
    }
}
