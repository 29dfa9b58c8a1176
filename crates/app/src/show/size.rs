//! How large a picture may be: what the adapter takes, and what fits into the machine's memory.

use anyhow::{Result, bail, ensure};
use bevy::prelude::UVec2;
use soundfall_plugins::host::Graphics;

use crate::stats::available_bytes;

/// Edges of larger pictures are not smoothed: four samples of each pixel would take gigabytes, and minutes where the
/// processor draws.
const MAX_SMOOTH_PIXELS: u64 = 1 << 24;
/// Bytes a pixel while a picture is drawn: colours and depths where the adapter works, and what is read back from it.
const DRAWN_BYTES: u64 = 24;
/// The same with four samples a pixel.
const SMOOTH_BYTES: u64 = 64;
/// Bytes a pixel of a picture that was read back, before it is a file.
const READ_BYTES: u64 = 12;

/// Whether the edges of a picture of this size are smoothed, where that is wished for.
pub(super) fn is_smooth(wished: bool, size: UVec2) -> bool {
    wished && pixels(size) <= MAX_SMOOTH_PIXELS
}

fn pixels(size: UVec2) -> u64 {
    u64::from(size.x) * u64::from(size.y)
}

/// Refuses a picture that cannot be drawn here, with the largest one that can.
///
/// # Errors
/// The limit, and whose it is.
pub(super) fn check(size: UVec2, smooth: bool, graphics: &Graphics) -> Result<()> {
    let Graphics::Adapter {
        name,
        max_pixels,
        is_software,
        ..
    } = graphics
    else {
        return Ok(());
    };
    ensure!(
        size.max_element() <= *max_pixels,
        "--size {}x{}: {name} draws pictures of at most {max_pixels} pixels in width and height",
        size.x,
        size.y
    );
    let needed = needed_bytes(size, smooth, *is_software);
    let available = available_bytes().unwrap_or(u64::MAX);
    if needed > available {
        let fits = size.as_dvec2() * (available as f64 / needed as f64).sqrt();
        bail!(
            "--size {}x{}: it takes {:.1} GB to draw that, and this machine has {:.1} GB left; {}x{} would fit",
            size.x,
            size.y,
            needed as f64 / 1e9,
            available as f64 / 1e9,
            fits.x as u32,
            fits.y as u32
        );
    }
    Ok(())
}

/// Bytes of the machine's memory that a picture takes while it is drawn and saved.
fn needed_bytes(size: UVec2, smooth: bool, is_software: bool) -> u64 {
    let drawn = match (is_software, is_smooth(smooth, size)) {
        (false, _) => 0,
        (true, false) => DRAWN_BYTES,
        (true, true) => SMOOTH_BYTES,
    };
    pixels(size) * (READ_BYTES + drawn)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn adapter(max_pixels: u32) -> Graphics {
        Graphics::Adapter {
            name: "one".to_owned(),
            backends: soundfall_plugins::host::BROWSER_BACKENDS,
            max_pixels,
            is_software: true,
        }
    }

    #[test]
    fn the_limits_of_adapter_and_memory_are_told() {
        let size = UVec2::new(8192, 100);
        check(size, true, &adapter(8192)).unwrap();
        let error = check(size, true, &adapter(4096)).unwrap_err().to_string();
        assert!(error.contains("8192x100: one draws"), "{error}");
        assert!(error.contains("at most 4096"), "{error}");
        // More than any machine has.
        if available_bytes().is_some() {
            let size = UVec2::splat(u32::MAX / 8);
            let error = check(size, true, &adapter(u32::MAX)).unwrap_err();
            assert!(error.to_string().contains("would fit"), "{error}");
        }
    }

    #[test]
    fn no_picture_that_can_be_asked_for_takes_more_than_three_gigabytes() {
        for side in [64, 1000, 4096, 4097, 8192] {
            let bytes = needed_bytes(UVec2::splat(side), true, true);
            assert!(bytes < 3_000_000_000, "{side}: {bytes}");
        }
        assert!(is_smooth(true, UVec2::new(3840, 2160)));
        assert!(!is_smooth(false, UVec2::new(64, 64)));
    }
}
