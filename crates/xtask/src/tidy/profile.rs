//! Rule: the profile `dev` names every package of the workspace.
//!
//! Its own settings are those of the dependencies; a package of ours that is not named would be tested without
//! overflow checks and debug assertions.

use super::Findings;
use std::collections::BTreeSet;

/// Members of the workspace that `[profile.dev.package]` does not name.
pub(super) fn check(manifest: &str, members: &BTreeSet<String>) -> Findings {
    let named = named(manifest);
    members
        .iter()
        .filter(|member| !named.contains(member.as_str()))
        .map(|member| {
            format!(
                "Cargo.toml: `[profile.dev.package]` does not name {member}; add a line with \
                 `debug-assertions = true` and `overflow-checks = true`"
            )
        })
        .collect()
}

fn named(manifest: &str) -> BTreeSet<&str> {
    let mut table = "";
    let mut named = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            table = line;
        } else if table == "[profile.dev.package]"
            && line.contains("debug-assertions = true")
            && let Some((name, _)) = line.split_once(" = ")
        {
            named.insert(name);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_missing_is_named() {
        let manifest = "[profile.dev.package]\n\
            a = { opt-level = 2, debug-assertions = true }\n\
            b = { opt-level = 1 }\n\
            [profile.web.package]\n\
            c = { debug-assertions = true }\n";
        let members = ["a", "b", "c"].map(str::to_owned).into();
        let found = check(manifest, &members);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("name b;") && found[1].contains("name c;"));
    }
}
