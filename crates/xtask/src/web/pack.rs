//! Brotli files beside the page's: what a host sends instead where it can.
//!
//! Leaves out what is small or compressed already, and never keeps a `.br` that is not
//! smaller than its file.

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Smaller files cost a packet anyway.
const LEAST: u64 = 1024;

/// Endings of files that are compressed already.
const PACKED: &[&str] = &[
    "br", "png", "jpg", "jpeg", "webp", "woff2", "mp3", "ogg", "flac", "m4a", "mp4", "webm",
];

/// Whether a file of that name and size gets one.
pub(super) fn pays(path: &str, bytes: u64) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    // Declarations are for editors; no page loads them.
    bytes > LEAST && ending != "ts" && !PACKED.contains(&ending)
}

/// Writes `FILE.br`; its size in bytes, or `None` where it would not be smaller.
pub(super) fn compress(file: &Path) -> Result<Option<u64>> {
    let name = || format!("cannot compress {}", file.display());
    let raw = fs::read(file).with_context(name)?;
    let packed = xtask_pack::brotli(&raw).with_context(name)?;
    if packed.len() >= raw.len() {
        return Ok(None);
    }
    let mut target = file.as_os_str().to_owned();
    target.push(".br");
    fs::write(target, &packed).with_context(name)?;
    Ok(Some(packed.len() as u64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn small_and_packed_files_are_left_alone() {
        assert!(pays("app/soundfall_bg.wasm", 30_000_000));
        assert!(pays("index.html", 1025));
        assert!(!pays("index.html", 1024));
        assert!(!pays("icon.png", 50_000));
        assert!(!pays("module/a.d.ts", 9_000));
    }

    #[test]
    fn the_packed_file_lies_beside() {
        let scratch = Scratch::new("brotli");
        let text = "every sample of every channel\n".repeat(500);
        let file = scratch.file("a.js", &text);
        let bytes = compress(&file).unwrap().unwrap();
        let packed = fs::read(scratch.path("a.js.br")).unwrap();
        assert_eq!(packed.len() as u64, bytes);
        assert!(bytes < 200, "{bytes}");
        assert_eq!(packed, xtask_pack::brotli(text.as_bytes()).unwrap());
    }

    #[test]
    fn what_grows_is_not_kept() {
        let scratch = Scratch::new("noise");
        let mut state = 1_u32;
        let noise: Vec<u8> = (0..4096)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let file = scratch.file("a.bin", &noise);
        assert_eq!(compress(&file).unwrap(), None);
        assert!(!scratch.path("a.bin.br").exists());
    }
}
