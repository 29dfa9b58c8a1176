//! The folder of a build: made beside the old one, then put in its place.
//!
//! Never follows links, and never leaves half of a page behind under the final name.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// An empty folder beside `folder`, on the same disk, for the next build.
pub(super) fn beside(folder: &Path) -> Result<PathBuf> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.with_file_name(format!(".{name}.new"));
    remove(&new)?;
    fs::create_dir_all(&new).with_context(|| format!("cannot create {}", new.display()))?;
    Ok(new)
}

/// Puts `new` in the place of `folder`.
pub(super) fn replace(new: &Path, folder: &Path) -> Result<()> {
    remove(folder)?;
    fs::rename(new, folder)
        .with_context(|| format!("cannot rename {} to {}", new.display(), folder.display()))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Copies every file below `from` to the same place below `to`.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    for path in files(from)? {
        let target = to.join(&path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::copy(from.join(&path), &target)
            .with_context(|| format!("cannot copy {} to {}", path, target.display()))?;
    }
    Ok(())
}

/// Paths of all files below `folder`, relative to it, with `/`, sorted.
pub(super) fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    walk(folder, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_build_takes_the_place_of_the_old_one() {
        let scratch = Scratch::new("replace");
        let source = scratch.file("source/a/b.txt", "new");
        let folder = scratch.path("dist/web");
        scratch.file("dist/web/old.txt", "old");
        let new = beside(&folder).unwrap();
        copy(source.parent().unwrap().parent().unwrap(), &new).unwrap();
        assert!(
            folder.join("old.txt").exists(),
            "the old one is there until the end"
        );
        replace(&new, &folder).unwrap();
        assert_eq!(files(&folder).unwrap(), ["a/b.txt"]);
        assert_eq!(fs::read_to_string(folder.join("a/b.txt")).unwrap(), "new");
        assert!(!new.exists());
    }

    #[test]
    fn leftovers_of_a_broken_build_are_gone() {
        let scratch = Scratch::new("leftovers");
        scratch.file("dist/.web.new/half.js", "");
        let new = beside(&scratch.path("dist/web")).unwrap();
        assert!(files(&new).unwrap().is_empty());
    }

    #[test]
    fn a_missing_source_is_named() {
        let error = copy(Path::new("/no/such/folder"), Path::new("/x")).unwrap_err();
        assert_eq!(error.to_string(), "cannot list /no/such/folder");
    }
}
