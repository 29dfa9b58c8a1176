//! How large each file of the page is, and on the wire.
//!
//! Writes the brotli files while it measures them; the package for npm is left out, as
//! no page loads it.

use super::{dist, pack};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// One file of the page.
pub(super) struct Size {
    /// From the page's folder, with `/`.
    pub(super) path: String,
    /// Bytes as stored.
    pub(super) raw: u64,
    /// Bytes with brotli, where that was made.
    pub(super) brotli: Option<u64>,
}

/// Every file of the page.
pub(super) struct Sizes(pub(super) Vec<Size>);

impl Sizes {
    /// Measures the files in `folder`, and compresses those that `wanted` names.
    pub(super) fn of(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let mut sizes = Vec::new();
        for path in dist::files(folder)? {
            if path.starts_with("pkg/") {
                continue;
            }
            let file = folder.join(&path);
            let raw = fs::metadata(&file)
                .with_context(|| format!("cannot read {}", file.display()))?
                .len();
            let brotli = if wanted(&path) && pack::pays(&path, raw) {
                pack::compress(&file)?
            } else {
                None
            };
            sizes.push(Size { path, raw, brotli });
        }
        Ok(Self(sizes))
    }

    /// Bytes on the wire of the files below `folder/`.
    pub(super) fn wire(&self, folder: &str) -> u64 {
        self.0
            .iter()
            .filter(|size| {
                size.path
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
            .filter(|size| !size.path.ends_with(".d.ts"))
            .map(|size| size.brotli.unwrap_or(size.raw))
            .sum()
    }

    /// Whether the modules below `folder/` were compressed, so that [`Self::wire`] is
    /// what a host sends.
    pub(super) fn is_compressed(&self, folder: &str) -> bool {
        let mut modules = self
            .0
            .iter()
            .filter(|size| size.path.starts_with(folder) && size.path.ends_with(".wasm"))
            .peekable();
        modules.peek().is_some() && modules.all(|size| size.brotli.is_some())
    }

    /// A line a file, in kB.
    pub(super) fn table(&self) -> String {
        let mut text = format!("{:>10}  {:>10}  file\n", "raw kB", "brotli kB");
        let mut total = (0, 0);
        for size in &self.0 {
            let packed = size.brotli.map_or_else(|| "-".to_owned(), kilobytes);
            text += &format!("{:>10}  {packed:>10}  {}\n", kilobytes(size.raw), size.path);
            total = (
                total.0 + size.raw,
                total.1 + size.brotli.unwrap_or(size.raw),
            );
        }
        text + &format!(
            "{:>10}  {:>10}  together\n",
            kilobytes(total.0),
            kilobytes(total.1)
        )
    }
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn files_are_measured_and_those_wanted_compressed() {
        let scratch = Scratch::new("sizes");
        scratch.file("app/a.wasm", "a".repeat(5000));
        scratch.file("module/r.wasm", "r".repeat(3000));
        scratch.file("module/r.d.ts", "t".repeat(9000));
        scratch.file("pkg/r.wasm", "r".repeat(3000));
        let sizes = Sizes::of(scratch.root(), |path| path.starts_with("module/")).unwrap();
        assert_eq!(sizes.wire("app"), 5000);
        assert!(
            sizes.wire("module") < 100,
            "declarations are not sent to a page"
        );
        assert!(sizes.is_compressed("module") && !sizes.is_compressed("app"));
        assert!(!sizes.is_compressed("elsewhere"));
        let table = sizes.table();
        assert!(
            table.contains("       5.0           -  app/a.wasm\n"),
            "{table}"
        );
        assert!(!table.contains("pkg"), "{table}");
    }
}
