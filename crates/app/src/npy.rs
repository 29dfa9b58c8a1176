//! NPY files (format 1.0, little-endian, C order), written in pieces: first beside the file, then
//! in its place, so that a failure leaves what was there. Never holds a whole array.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::exit::Usage;

/// What an array holds.
trait Number: Copy {
    /// Its name in the header.
    const DESCR: &'static str;
    /// Appends its bytes.
    fn put(self, bytes: &mut Vec<u8>);
}

impl Number for f32 {
    const DESCR: &'static str = "<f4";
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for f64 {
    const DESCR: &'static str = "<f8";
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

/// A file under way.
struct NpyFile {
    file: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

/// A float32 array of a known shape under way.
pub struct NpyWriter {
    file: NpyFile,
    left: u64,
}

impl NpyWriter {
    /// Begins an array of this shape at `path`.
    pub fn create(path: &Path, shape: &[usize]) -> Result<Self> {
        let shape: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
        Ok(Self {
            file: NpyFile::create(path, &header(f32::DESCR, &shape))?,
            left: shape.iter().product(),
        })
    }

    /// Appends values.
    pub fn write(&mut self, values: &[f32]) -> Result<()> {
        self.left = self.left.saturating_sub(values.len() as u64);
        self.file.write(values)
    }

    /// Puts the finished file in its place.
    pub fn finish(self) -> Result<()> {
        ensure!(
            self.left == 0,
            "{}: {} values are missing",
            self.file.path.display(),
            self.left
        );
        self.file.finish()
    }
}

/// A float64 table [rows, fields] under way, whose rows are counted as they come.
pub struct NpyTable {
    file: NpyFile,
    rows: u64,
    fields: u64,
}

impl NpyTable {
    /// Begins a table of so many fields a row at `path`.
    pub fn create(path: &Path, fields: usize) -> Result<Self> {
        let fields = fields as u64;
        Ok(Self {
            file: NpyFile::create(path, &header(f64::DESCR, &[0, fields]))?,
            rows: 0,
            fields,
        })
    }

    /// Appends a row: as many values as it has fields.
    pub fn write(&mut self, row: &[f64]) -> Result<()> {
        debug_assert_eq!(row.len() as u64, self.fields);
        self.rows += 1;
        self.file.write(row)
    }

    /// Puts the finished file in its place.
    pub fn finish(mut self) -> Result<()> {
        // A header has the same length for every number of rows.
        let header = header(f64::DESCR, &[self.rows, self.fields]);
        let rewritten = self.file.file.seek(SeekFrom::Start(0));
        rewritten
            .and_then(|_| self.file.file.write_all(&header))
            .with_context(|| self.file.fail())?;
        self.file.finish()
    }
}

impl NpyFile {
    fn create(path: &Path, header: &[u8]) -> Result<Self> {
        let fail = || format!("cannot write {}", path.display());
        if path == Path::new("-") {
            bail!(Usage(
                "-o -: arrays are written to files; --json prints them".to_owned()
            ));
        }
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
                // Its own text names the temporary file, which is of no use.
                .map_err(|error| std::io::Error::from(error.kind()))
                .with_context(fail)?,
        );
        file.write_all(header).with_context(fail)?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    fn fail(&self) -> String {
        format!("cannot write {}", self.path.display())
    }

    fn write<T: Number>(&mut self, values: &[T]) -> Result<()> {
        let mut bytes = Vec::with_capacity(values.len().min(4096) * size_of::<T>());
        for piece in values.chunks(4096) {
            bytes.clear();
            piece.iter().for_each(|value| value.put(&mut bytes));
            self.file
                .write_all(&bytes)
                .with_context(|| format!("cannot write {}", self.path.display()))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let fail = || format!("cannot write {}", self.path.display());
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

/// Magic, version, and the header padded to 128 bytes, or to more of them in steps of 64.
fn header(descr: &str, shape: &[u64]) -> Vec<u8> {
    let numbers: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let mut text = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}",
        numbers.join(" ")
    );
    let unpadded = 10 + text.len() + 1;
    let whole = unpadded.next_multiple_of(64).max(128);
    text.push_str(&" ".repeat(whole - unpadded));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_header_is_aligned_and_names_the_shape() {
        let bytes = header("<f4", &[2, 30, 1025]);
        assert_eq!(bytes.len() % 64, 0);
        let text = String::from_utf8_lossy(&bytes[10..]).into_owned();
        assert!(text.contains("'shape': (2, 30, 1025,)"), "{text}");
        assert!(text.ends_with('\n'));
        // Whatever the number of rows: it is written again when they are counted.
        assert_eq!(header("<f8", &[u64::MAX, 99]).len(), 128);
    }

    #[test]
    fn rows_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.npy");
        let mut table = NpyTable::create(&path, 2).unwrap();
        table.write(&[1.0, 2.0]).unwrap();
        table.write(&[3.0, -0.5]).unwrap();
        assert!(!path.exists());
        table.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..128], header("<f8", &[2, 2]));
        assert_eq!(bytes.len(), 128 + 4 * 8);
        assert_eq!(bytes[152..], (-0.5f64).to_le_bytes());
    }
}
