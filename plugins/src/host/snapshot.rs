//! A drawn picture as a PNG file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

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
    /// The file could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Writes an RGBA picture as PNG, first beside the file and then in its place, so that a failure
/// leaves what was there.
///
/// # Errors
/// [`SnapshotError::Write`].
pub fn write_png(path: &Path, size: UVec2, rgba: &[u8]) -> Result<(), SnapshotError> {
    let fail = |source: std::io::Error| SnapshotError::Write {
        path: path.to_owned(),
        source,
    };
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = write_rgb(&part, size, rgba).and_then(|()| std::fs::rename(&part, path));
    written.map_err(|source| {
        // Best effort: the error that matters is the first one.
        let _ = std::fs::remove_file(&part);
        fail(source)
    })
}

fn write_rgb(path: &Path, size: UVec2, rgba: &[u8]) -> std::io::Result<()> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), size.x, size.y);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let rgb: Vec<u8> = rgba
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    let mut writer = encoder.write_header().map_err(std::io::Error::other)?;
    writer
        .write_image_data(&rgb)
        .map_err(std::io::Error::other)?;
    writer.finish().map_err(std::io::Error::other)
}
