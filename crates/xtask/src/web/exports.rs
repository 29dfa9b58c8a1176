//! Check: the two modules of the page export no name twice, so that it is plain which of them a
//! function of the page belongs to, and no code is in both for it.
//!
//! Reads the JavaScript that wasm-bindgen wrote; what it writes into every module does not count.

use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Exports of every module that wasm-bindgen writes.
const OF_EVERY_MODULE: &[&str] = &["default", "initSync"];

/// An error that names what both scripts export.
pub(super) fn check(one: &Path, other: &Path) -> Result<()> {
    let names = |script: &Path| {
        let text = fs::read_to_string(script)
            .with_context(|| format!("cannot read {}", script.display()))?;
        let names = exports(&text);
        if names.is_empty() {
            bail!("{}: exports nothing that could be found", script.display());
        }
        Ok(names)
    };
    let (first, second) = (names(one)?, names(other)?);
    let twice: Vec<&str> = first.intersection(&second).map(String::as_str).collect();
    if !twice.is_empty() {
        bail!(
            "exported both by {} and by {}: {}",
            one.display(),
            other.display(),
            twice.join(", ")
        );
    }
    Ok(())
}

/// The names that a script exports: `export function f`, `export class C`, `export { a, b as c }`.
fn exports(script: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |name: &str| {
        if !name.is_empty() && !OF_EVERY_MODULE.contains(&name) {
            names.insert(name.to_owned());
        }
    };
    for line in script.lines() {
        let Some(exported) = line.strip_prefix("export ") else {
            continue;
        };
        if let Some(list) = exported.trim_start().strip_prefix('{') {
            let list = list.split('}').next().unwrap_or_default();
            for item in list.split(',') {
                add(item.split_whitespace().last().unwrap_or_default());
            }
        } else {
            let kinds = ["async", "function", "class", "const", "let", "default"];
            let mut words =
                exported.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
            add(words
                .find(|word| !word.is_empty() && !kinds.contains(word))
                .unwrap_or_default());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn all_forms_of_exports_are_found() {
        let script = "/* @ts-self-types=\"./x.d.ts\" */\nexport class Reader {\n    export() {}\n}\n\
                      export function createRing(rate) {\nexport const LIMIT = 3;\n\
                      export { inner as outer, plain }\nfunction hidden() {}\n\
                      export { initSync, __wbg_init as default };\n";
        let names: Vec<String> = exports(script).into_iter().collect();
        assert_eq!(names, ["LIMIT", "Reader", "createRing", "outer", "plain"]);
    }

    #[test]
    fn a_name_in_both_is_an_error_that_names_it() {
        let scratch = Scratch::new("exports");
        scratch.file(
            "a.js",
            "export function start() {}\nexport function one() {}\n",
        );
        scratch.file("b.js", "export class B {}\nexport { initSync };\n");
        scratch.file("c.js", "export { two, one };\n");
        scratch.file("d.js", "function one() {}\n");
        let of = |one: &str, other: &str| check(&scratch.path(one), &scratch.path(other));
        of("a.js", "b.js").unwrap();
        let error = of("a.js", "c.js").unwrap_err().to_string();
        assert!(error.ends_with("c.js: one"), "{error}");
        let error = of("a.js", "d.js").unwrap_err().to_string();
        assert!(error.contains("exports nothing"), "{error}");
    }
}
