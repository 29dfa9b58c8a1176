//! A drawn picture as PNG.

use std::io::Write;

use bevy::prelude::*;
use thiserror::Error;

/// Why a picture could not be saved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Nothing was drawn.
    #[error(
        "no picture was drawn: there is no graphics adapter (on Debian, `apt install mesa-vulkan-drivers` brings a software one)"
    )]
    NoGraphics,
    /// The renderer did not deliver in time.
    #[error("the renderer delivered no picture within {frames} frames")]
    NotDelivered {
        /// Frames waited for.
        frames: u32,
    },
}

/// Writes an RGBA picture as PNG, without its alpha.
///
/// # Errors
/// What `out` says, and a picture without pixels.
pub fn write_png(out: &mut impl Write, size: UVec2, rgba: &[u8]) -> std::io::Result<()> {
    let mut encoder = png::Encoder::new(out, size.x, size.y);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    // A row at a time: a large picture is not copied as a whole.
    let mut rows = writer.stream_writer()?;
    let mut rgb = Vec::with_capacity(3 * size.x as usize);
    for row in rgba.chunks_exact(4 * size.x.max(1) as usize) {
        rgb.clear();
        rgb.extend(row.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]));
        rows.write_all(&rgb)?;
    }
    rows.finish()?;
    Ok(writer.finish()?)
}
