//! Rule: who may import whom (`ARCHITECTURE.md`), on the resolved dependencies.
//!
//! Tests and examples of a crate may import what they like: only what is linked into
//! others counts.

use super::{Findings, tree};
use anyhow::Result;
use std::collections::BTreeSet;

/// Our own packages that each of our packages may name. Everything is forbidden that
/// is not in this table: add a line here (and in `ARCHITECTURE.md`) with a new crate.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("soundfall-ring", &[]),
    ("soundfall-dsp", &[]),
    ("soundfall-analysis", &["soundfall-ring", "soundfall-dsp"]),
    ("soundfall-settings", &["soundfall-dsp"]),
    ("soundfall-ring-file", &["soundfall-ring"]),
    (
        "soundfall-capture",
        &["soundfall-ring", "soundfall-ring-file"],
    ),
    (
        "soundfall-recording",
        &["soundfall-analysis", "soundfall-capture", "soundfall-ring"],
    ),
    (
        "soundfall-web",
        &["soundfall-analysis", "soundfall-ring", "soundfall-dsp"],
    ),
    (
        // Of capture only the signals, see NO_DEVICES.
        "soundfall-web-module",
        &[
            "soundfall-web",
            "soundfall-analysis",
            "soundfall-ring",
            "soundfall-capture",
        ],
    ),
    (
        "soundfall-systems",
        &[
            "soundfall-analysis",
            "soundfall-settings",
            "soundfall-ring",
            "soundfall-dsp",
        ],
    ),
    (
        "soundfall-plugins",
        &[
            "soundfall-systems",
            "soundfall-analysis",
            "soundfall-settings",
            "soundfall-ring",
            "soundfall-dsp",
        ],
    ),
    (
        "soundfall",
        &[
            "soundfall-analysis",
            "soundfall-plugins",
            "soundfall-systems",
            "soundfall-settings",
            "soundfall-capture",
            "soundfall-recording",
            "soundfall-ring-file",
            "soundfall-web",
            "soundfall-ring",
            "soundfall-dsp",
        ],
    ),
    ("xtask", &["xtask-pack"]),
    ("xtask-pack", &[]),
    ("soundfall-test-support", &[]),
    (
        "soundfall-tests",
        &[
            "soundfall-test-support",
            "soundfall-analysis",
            "soundfall-plugins",
            "soundfall-systems",
            "soundfall-capture",
            "soundfall-ring-file",
            "soundfall-ring",
            "soundfall-dsp",
        ],
    ),
    (
        "soundfall-benches",
        &[
            "soundfall-analysis",
            "soundfall-plugins",
            "soundfall-systems",
            "soundfall-capture",
            "soundfall-ring-file",
            "soundfall-ring",
            "soundfall-dsp",
        ],
    ),
];

/// Packages whose whole tree is free of Bevy.
const NO_BEVY: &[&str] = &[
    "soundfall-ring",
    "soundfall-ring-file",
    "soundfall-dsp",
    "soundfall-analysis",
    "soundfall-settings",
    "soundfall-capture",
    "soundfall-recording",
    "soundfall-web",
    "soundfall-web-module",
    "soundfall-test-support",
    "xtask",
    "xtask-pack",
];

/// Packages that are small modules in the browser, and what must not be in them there:
/// devices, files and decoders.
const SMALL_IN_THE_BROWSER: &[&str] = &["soundfall-web", "soundfall-web-module"];
const NO_DEVICES: &[&str] = &[
    "soundfall-ring-file",
    "cpal",
    "symphonia",
    "hound",
    "memmap2",
];

/// Never anywhere in the tree of `soundfall-systems`, which runs on a bare `World`.
const NO_RENDERER: &[&str] = &[
    "bevy_render",
    "bevy_pbr",
    "bevy_core_pipeline",
    "bevy_winit",
    "bevy_window",
    "wgpu",
    "wgpu-core",
    "wgpu-hal",
    "winit",
];

/// Imports that cross the layers.
pub(super) fn check() -> Result<Findings> {
    let members = tree::members()?;
    let mut findings = Findings::new();
    for package in &members {
        findings.extend(imports(package, &tree::direct(package)?, &members));
    }
    for package in NO_BEVY.iter().filter(|package| members.contains(**package)) {
        findings.extend(forbidden(package, &tree::linked(package)?, |name| {
            name == "bevy" || name.starts_with("bevy_")
        }));
    }
    for package in SMALL_IN_THE_BROWSER
        .iter()
        .filter(|package| members.contains(**package))
    {
        findings.extend(forbidden(
            package,
            &tree::linked_in_the_browser(package)?,
            |name| NO_DEVICES.contains(&name),
        ));
    }
    findings.extend(forbidden(
        "soundfall-systems",
        &tree::linked("soundfall-systems")?,
        |name| NO_RENDERER.contains(&name),
    ));
    Ok(findings)
}

/// Direct imports of ours that the table does not allow.
fn imports(package: &str, direct: &BTreeSet<String>, members: &BTreeSet<String>) -> Findings {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == package) else {
        return vec![format!(
            "{package}: no line in the table of crates/xtask/src/tidy/layering.rs says whom it may import"
        )];
    };
    direct
        .intersection(members)
        .filter(|name| !allowed.contains(&name.as_str()))
        .map(|name| {
            format!("{package}: must not import {name} (see ARCHITECTURE.md, who may import whom)")
        })
        .collect()
}

fn forbidden(package: &str, linked: &BTreeSet<String>, rule: impl Fn(&str) -> bool) -> Findings {
    linked
        .iter()
        .filter(|name| rule(name))
        .map(|name| format!("{package}: has {name} in its tree; `cargo tree -p {package} -i {name}` shows the way in"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_the_table_allows() {
        let members = set(&[
            "soundfall-ring",
            "soundfall-dsp",
            "soundfall",
            "soundfall-systems",
        ]);
        assert!(
            imports(
                "soundfall-systems",
                &set(&["soundfall-ring", "bevy_ecs"]),
                &members
            )
            .is_empty()
        );
        assert_eq!(
            imports("soundfall-ring", &set(&["soundfall-dsp"]), &members).len(),
            1
        );
        assert_eq!(
            imports("soundfall-systems", &set(&["soundfall"]), &members).len(),
            1
        );
        assert_eq!(imports("newcomer", &set(&[]), &members).len(), 1);
    }

    #[test]
    fn nothing_may_import_the_program_or_the_tests() {
        let no_one = ["soundfall", "soundfall-tests", "soundfall-benches", "xtask"];
        assert!(
            MAY_IMPORT
                .iter()
                .all(|(_, allowed)| allowed.iter().all(|name| !no_one.contains(name)))
        );
    }

    #[test]
    fn a_renderer_is_found_and_its_types_are_not() {
        let rule = |name: &str| NO_RENDERER.contains(&name);
        assert!(
            forbidden(
                "soundfall-systems",
                &set(&["wgpu-types", "bevy_mesh"]),
                rule
            )
            .is_empty()
        );
        assert_eq!(
            forbidden("soundfall-systems", &set(&["wgpu", "bevy_mesh"]), rule).len(),
            1
        );
    }
}
