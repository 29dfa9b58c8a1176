//! Rings read with `pread`: for files that somebody else could truncate or scribble on. Never
//! maps anything, so nothing that is done to the file can hurt the reader.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use soundfall_ring::layout::WORD_BYTES;
use soundfall_ring::{ReadStorage, StorageError};

use crate::mapped::check_size;

/// Words per system call and step of a conversion.
const CHUNK: usize = 4096;

/// Up to this many words are header fields: they are read until two readings agree, because the
/// system does not promise to copy a word as one.
const FIELDS: usize = 16;

/// A ring file read with `pread`.
#[derive(Debug)]
pub struct PreadStorage {
    file: Arc<File>,
    words: u64,
}

impl PreadStorage {
    /// Reads the first `words` words of `file`.
    pub(crate) fn new(file: Arc<File>, words: u64) -> Self {
        Self { file, words }
    }

    /// Fills `bytes` from word `first` on.
    fn fill(&self, first: u64, bytes: &mut [u8]) -> Result<(), StorageError> {
        let end = first.saturating_add(bytes.len() as u64 / WORD_BYTES);
        if end > self.words {
            return Err(StorageError::OutOfRange {
                first,
                end,
                count: self.words,
            });
        }
        self.file
            .read_exact_at(bytes, first * WORD_BYTES)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => StorageError::Shrunk {
                    have_bytes: self.file.metadata().map_or(0, |meta| meta.len()),
                    need_bytes: self.words * WORD_BYTES,
                },
                kind => StorageError::Io(kind),
            })
    }

    /// Calls `sink(index in the request, word)` for `count` words from `first` on.
    fn each(
        &self,
        first: u64,
        count: usize,
        mut sink: impl FnMut(usize, &[[u8; 8]]),
    ) -> Result<(), StorageError> {
        let mut buffer = [[0u8; 8]; CHUNK];
        let mut done = 0;
        while done < count {
            let words = &mut buffer[..CHUNK.min(count - done)];
            self.fill(first + done as u64, words.as_flattened_mut())?;
            sink(done, words);
            done += words.len();
        }
        Ok(())
    }
}

impl ReadStorage for PreadStorage {
    fn word_count(&self) -> u64 {
        self.words
    }

    fn check(&self) -> Result<(), StorageError> {
        check_size(&self.file, self.words * WORD_BYTES)
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        const TRIES: usize = 8;
        let read = |out: &mut [u64]| {
            self.each(first, out.len(), |at, words| {
                for (value, word) in out[at..].iter_mut().zip(words) {
                    *value = u64::from_le_bytes(*word);
                }
            })
        };
        read(out)?;
        if out.len() <= FIELDS {
            let mut again = [0; FIELDS];
            let again = &mut again[..out.len()];
            for _ in 0..TRIES {
                read(again)?;
                if again == out {
                    break;
                }
                out.copy_from_slice(again);
            }
        }
        Ok(())
    }

    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        self.each(first, out.len(), |at, words| {
            for (sample, word) in out[at..].iter_mut().zip(words) {
                *sample = f64::from_le_bytes(*word) as f32;
            }
        })
    }

    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        self.each(first, out.len(), |at, words| {
            for (sample, word) in out[at..].iter_mut().zip(words) {
                *sample = f64::from_le_bytes(*word);
            }
        })
    }
}
