//! NPY files (format 1.0, little-endian float32, C order), written in pieces: first beside the
//! file, then in its place, so that a failure leaves what was there.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A file under way.
pub struct NpyWriter {
    file: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
    left: u64,
}

impl NpyWriter {
    /// Begins an array of this shape at `path`.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self> {
        let fail = || format!("cannot write {}", path.display());
        ensure!(
            !path.is_dir(),
            "cannot write {}: it is a folder",
            path.display()
        );
        // A link's target is what is meant; pipes and devices cannot be replaced by a file.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        ensure!(
            !path.exists() || path.is_file(),
            "cannot write {}: it is not a regular file",
            path.display()
        );
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        ensure!(
            folder.is_dir(),
            "cannot write {}: there is no folder {}",
            path.display(),
            folder.display()
        );
        let mut file = BufWriter::new(
            tempfile::Builder::new()
                .prefix(".soundfall-")
                .suffix(".part")
                .tempfile_in(folder)
                // Its own words name the temporary file, which tells nobody anything.
                .map_err(|error| std::io::Error::from(error.kind()))
                .with_context(fail)?,
        );
        file.write_all(&header(shape)).with_context(fail)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            left: shape.iter().map(|n| *n as u64).product(),
        })
    }

    /// Appends values.
    pub fn write(&mut self, values: &[f32]) -> Result<()> {
        self.left = self.left.saturating_sub(values.len() as u64);
        for piece in values.chunks(4096) {
            let bytes: Vec<u8> = piece.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.file
                .write_all(&bytes)
                .with_context(|| format!("cannot write {}", self.path.display()))?;
        }
        Ok(())
    }

    /// Puts the finished file in its place.
    pub fn finish(self) -> Result<()> {
        let fail = || format!("cannot write {}", self.path.display());
        ensure!(
            self.left == 0,
            "{}: {} values are missing",
            self.path.display(),
            self.left
        );
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .with_context(fail)?;
        readable_by_others(file.as_file()).with_context(fail)?;
        file.persist(&self.path)
            .map_err(|error| error.error)
            .with_context(fail)?;
        Ok(())
    }
}

/// A temporary file is private; the finished one gets the usual permissions.
#[cfg(unix)]
fn readable_by_others(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// Magic, version, and the header padded to 64 bytes.
fn header(shape: &[usize]) -> Vec<u8> {
    let numbers: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let mut text = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}",
        numbers.join(" ")
    );
    let unpadded = 10 + text.len() + 1;
    text.push_str(&" ".repeat(unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_aligned_and_names_the_shape() {
        let bytes = header(&[2, 30, 1025]);
        assert_eq!(bytes.len() % 64, 0);
        let text = String::from_utf8_lossy(&bytes[10..]).into_owned();
        assert!(text.contains("'shape': (2, 30, 1025,)"), "{text}");
        assert!(text.ends_with('\n'));
    }
}
