//! Reads `.npy` files of little-endian numbers in C order: float32 as `soundfall stft`, `envelope`
//! and `measure` write them, float64 as `soundfall peaks` does.
//!
//! Never reads any other type: that would be a mistake of the program.

use std::fs;
use std::path::Path;

/// An array: its shape and its values, last axis fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of every axis.
    pub shape: Vec<usize>,
    /// All values.
    pub values: Vec<f32>,
}

impl Array {
    /// Reads a file; fails the test where it is not such an array.
    #[track_caller]
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        Self::parse(&bytes).unwrap_or_else(|| {
            panic!(
                "{} is no .npy file of little-endian float32",
                path.display()
            )
        })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (shape, data) = parts(bytes, "'descr':'<f4'")?;
        let values: Vec<f32> = data
            .chunks_exact(4)
            .map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        (data.len() % 4 == 0 && values.len() == shape.iter().product::<usize>())
            .then_some(Self { shape, values })
    }

    /// Row `[i][j]` of a three-dimensional array.
    #[track_caller]
    pub fn row(&self, i: usize, j: usize) -> &[f32] {
        assert_eq!(self.shape.len(), 3, "three axes");
        let width = self.shape[2];
        let start = (i * self.shape[1] + j) * width;
        &self.values[start..start + width]
    }
}

/// Shape and bytes of the values of a file whose header names this type.
fn parts<'a>(bytes: &'a [u8], descr: &str) -> Option<(Vec<usize>, &'a [u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (header, data) = match rest.first()? {
        1 => rest
            .get(4..)?
            .split_at_checked(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?).into())?,
        _ => rest
            .get(6..)?
            .split_at_checked(u32::from_le_bytes(rest.get(2..6)?.try_into().ok()?) as usize)?,
    };
    let header: String = std::str::from_utf8(header)
        .ok()?
        .split_whitespace()
        .collect();
    if !header.contains(descr) || !header.contains("'fortran_order':False") {
        return None;
    }
    let shape = header.split_once("'shape':(")?.1.split_once(')')?.0;
    let shape = shape
        .split(',')
        .filter(|axis| !axis.is_empty())
        .map(|axis| axis.parse().ok())
        .collect::<Option<_>>()?;
    Some((shape, data))
}

/// Reads a table of float64 values, [rows, fields]; fails the test where the file is none.
#[track_caller]
pub fn read_table(path: &Path) -> Vec<Vec<f64>> {
    let bytes =
        fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let Some((shape, data)) = parts(&bytes, "'descr':'<f8'") else {
        panic!(
            "{} is no .npy file of little-endian float64",
            path.display()
        );
    };
    assert_eq!(shape.len(), 2, "rows and fields");
    assert_eq!(data.len(), shape[0] * shape[1] * 8, "{shape:?}");
    let number = |word: &[u8]| f64::from_le_bytes(word.try_into().expect("eight bytes"));
    data.chunks_exact(shape[1] * 8)
        .map(|row| row.chunks_exact(8).map(number).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, values: &[f32]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    #[test]
    fn three_axes_are_read() {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2), }   \n";
        let array = Array::parse(&file(header, &[1.0, 2.0, 3.0, 4.0])).unwrap();
        assert_eq!(array.shape, [1, 2, 2]);
        assert_eq!(array.row(0, 1), [3.0, 4.0]);
    }

    #[test]
    fn other_types_and_lengths_are_not() {
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
        assert_eq!(Array::parse(&file(header, &[1.0, 2.0])), None);
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n";
        assert_eq!(Array::parse(&file(header, &[1.0, 2.0])), None);
        assert_eq!(Array::parse(b""), None);
    }
}
