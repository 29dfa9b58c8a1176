//! The files the rules look at, read once.
//!
//! Skips what is built (`target`, `dist`, `out`) and hidden folders; follows no links.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// One text file: its path from the root, with `/`, and its text.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// Every Rust and JavaScript file and every package manifest of the workspace, by path.
pub(super) struct Sources {
    pub(super) rust: Vec<Source>,
    pub(super) script: Vec<Source>,
    pub(super) manifests: Vec<Source>,
}

const NOT_OURS: &[&str] = &["target", "dist", "out", "node_modules"];

impl Sources {
    /// Reads the tree below `root`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut sources = Self {
            rust: Vec::new(),
            script: Vec::new(),
            manifests: Vec::new(),
        };
        sources.walk(root, "")?;
        sources.rust.sort_by(|a, b| a.path.cmp(&b.path));
        sources.script.sort_by(|a, b| a.path.cmp(&b.path));
        sources.manifests.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(sources)
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in
            fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
        {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()) {
                self.walk(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() && name.ends_with(".rs") {
                self.rust.push(Source {
                    text: read(&entry.path())?,
                    path,
                });
            } else if kind.is_file() && (name.ends_with(".js") || name.ends_with(".mjs")) {
                self.script.push(Source {
                    text: read(&entry.path())?,
                    path,
                });
            } else if kind.is_file() && name == "Cargo.toml" && !prefix.is_empty() {
                self.manifests.push(Source {
                    text: read(&entry.path())?,
                    path,
                });
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn finds_this_file_and_our_manifest_but_not_the_roots() {
        let sources = Sources::read(&crate::command::root()).unwrap();
        assert!(
            sources
                .rust
                .iter()
                .any(|file| file.path == "crates/xtask/src/tidy/sources.rs")
        );
        assert!(
            sources
                .manifests
                .iter()
                .any(|file| file.path == "crates/xtask/Cargo.toml")
        );
        assert!(
            sources
                .manifests
                .iter()
                .all(|file| file.path != "Cargo.toml")
        );
        assert!(
            sources
                .rust
                .iter()
                .all(|file| !file.path.starts_with("target/"))
        );
    }
}
