//! `tidy`: rules about the source that no compiler checks, one module a rule.
//!
//! A rule returns what it found, one line each, and never stops at the first. Add a
//! new rule to the list in [`tidy`].

mod cycles;
mod features;
mod heads;
mod ignored;
mod layering;
mod lints;
mod profile;
mod sources;
mod tree;

use anyhow::{Context, Result, bail};
use std::fs;

/// What a rule found wrong: `FILE: what, and what to do`.
type Findings = Vec<String>;

/// Checks every rule; an error if any found something.
pub(crate) fn tidy() -> Result<()> {
    let root = crate::command::root();
    let sources = sources::Sources::read(&root)?;
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("cannot read Cargo.toml")?;
    let mut findings = Findings::new();
    findings.extend(heads::check(&sources));
    findings.extend(ignored::check(&sources));
    findings.extend(cycles::check(&sources));
    findings.extend(lints::check(&sources));
    findings.extend(profile::check(&manifest, &tree::members()?));
    findings.extend(layering::check()?);
    findings.extend(features::check()?);
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} finding(s)"),
    }
}
