//! Rule: what `run` builds, `test` builds too, with the same features.
//!
//! Cargo unites the features of a shared dependency over the packages it builds
//! together, so one feature more in a test's dependency would compile Bevy a second
//! time after `cargo xtask run`. The cure is to name that feature in a package the
//! program is built from. Never looks at profiles: both use `dev`.

use super::{Findings, tree};
use anyhow::Result;
use std::collections::BTreeSet;

/// Packages whose features differ between the two builds.
pub(super) fn check() -> Result<Findings> {
    let run = tree::with_features(&["--package=soundfall", "--edges=normal,build"])?;
    let test = tree::with_features(&["--workspace", "--edges=normal,build,dev"])?;
    Ok(findings(&run, &test))
}

fn findings(run: &BTreeSet<String>, test: &BTreeSet<String>) -> Findings {
    run.difference(test)
        .map(|line| {
            let package = line.split(" [").next().unwrap_or(line);
            let others: Vec<&str> = test.iter().filter(|other| other.split(" [").next() == Some(package)).map(String::as_str).collect();
            format!("features differ: run builds {line}, test builds {}; name the missing ones in a crate of the program", others.join(" and "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> BTreeSet<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn packages_only_tests_need_are_no_finding() {
        let run = set(&["libc v0.2.1 [std]"]);
        assert!(findings(&run, &set(&["libc v0.2.1 [std]", "proptest v1.0.0 [std]"])).is_empty());
    }

    #[test]
    fn a_feature_more_is_named() {
        let found = findings(
            &set(&["libc v0.2.1 [std]"]),
            &set(&["libc v0.2.1 [extra_traits,std]"]),
        );
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains(
                "run builds libc v0.2.1 [std], test builds libc v0.2.1 [extra_traits,std]"
            ),
            "{found:?}"
        );
    }
}
