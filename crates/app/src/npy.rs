//! NPY files (format 1.0, little-endian, C order), written in pieces. Never holds a whole array.

use std::io::{Seek, SeekFrom, Write};

use anyhow::{Context, Result, ensure};

use crate::output::{Output, OutputFile};

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
struct NpyFile(OutputFile);

/// A float32 array of a known shape under way.
pub struct NpyWriter {
    file: NpyFile,
    left: u64,
}

impl NpyWriter {
    /// Begins an array of this shape.
    pub fn create(output: &Output, shape: &[usize]) -> Result<Self> {
        let shape: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
        Ok(Self {
            file: NpyFile::create(output, &header(f32::DESCR, &shape))?,
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
            self.file.0.fail(),
            self.left
        );
        self.file.0.finish()
    }
}

/// A float64 table [rows, fields] under way, whose rows are counted as they come.
pub struct NpyTable {
    file: NpyFile,
    rows: u64,
    fields: u64,
}

impl NpyTable {
    /// Begins a table of so many fields a row.
    pub fn create(output: &Output, fields: usize) -> Result<Self> {
        let fields = fields as u64;
        Ok(Self {
            file: NpyFile::create(output, &header(f64::DESCR, &[0, fields]))?,
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
    pub fn finish(self) -> Result<()> {
        // A header has the same length for every number of rows.
        let header = header(f64::DESCR, &[self.rows, self.fields]);
        let NpyFile(mut file) = self.file;
        let rewritten = file.seek(SeekFrom::Start(0));
        rewritten
            .and_then(|_| file.write_all(&header))
            .with_context(|| file.fail())?;
        file.finish()
    }
}

impl NpyFile {
    fn create(output: &Output, header: &[u8]) -> Result<Self> {
        let mut file = output.create()?;
        file.write_all(header).with_context(|| file.fail())?;
        Ok(Self(file))
    }

    fn write<T: Number>(&mut self, values: &[T]) -> Result<()> {
        let Self(file) = self;
        let mut bytes = Vec::with_capacity(values.len().min(4096) * size_of::<T>());
        for piece in values.chunks(4096) {
            bytes.clear();
            piece.iter().for_each(|value| value.put(&mut bytes));
            file.write_all(&bytes).with_context(|| file.fail())?;
        }
        Ok(())
    }
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
    use crate::output::Files;

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
        let output = Files::new(false).array(&path).unwrap();
        let mut table = NpyTable::create(&output, 2).unwrap();
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
