//! Storage of a ring: 64-bit words, without their meaning.
//!
//! Two traits: [`ReadStorage`] is all a reader needs and can be a mapping, a file read with
//! `pread`, or a JavaScript buffer; [`WriteStorage`] adds the atomic words that a writer stores to.
//!
//! **Invariant: a word of a ring is only ever accessed as one whole atomic 64-bit word, relaxed;
//! ordering comes from the fences of the protocol.** On a read-only mapping nothing but relaxed
//! loads is defined.

use crate::sync::AtomicU64;

/// Reading access to the words of a ring.
///
/// Every method reads with relaxed ordering (or weaker coherent copies of the same words, as
/// `pread` gives) and takes word indices, not byte offsets.
pub trait ReadStorage: Send + Sync {
    /// How many words there are.
    fn word_count(&self) -> u64;

    /// Copies the words from `first` on.
    ///
    /// # Errors
    /// [`StorageError`] when the words are not there (any more).
    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError>;

    /// Asks the storage whether all its words are still there; called once before every read.
    ///
    /// # Errors
    /// [`StorageError::Shrunk`] when they are not, [`StorageError::Regrown`] when they were gone.
    fn check(&self) -> Result<(), StorageError> {
        Ok(())
    }

    /// Copies the samples from word `first` on as f32.
    ///
    /// # Errors
    /// As [`ReadStorage::load`].
    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        let mut words = [0; CHUNK];
        let mut at = first;
        for part in out.chunks_mut(CHUNK) {
            let words = &mut words[..part.len()];
            self.load(at, words)?;
            for (sample, &word) in part.iter_mut().zip(&*words) {
                *sample = f64::from_bits(word) as f32;
            }
            at += part.len() as u64;
        }
        Ok(())
    }

    /// Copies the samples from word `first` on as f64, bit for bit.
    ///
    /// # Errors
    /// As [`ReadStorage::load`].
    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        let mut words = [0; CHUNK];
        let mut at = first;
        for part in out.chunks_mut(CHUNK) {
            let words = &mut words[..part.len()];
            self.load(at, words)?;
            for (sample, &word) in part.iter_mut().zip(&*words) {
                *sample = f64::from_bits(word);
            }
            at += part.len() as u64;
        }
        Ok(())
    }
}

/// Words per step of the default copies: 16 KiB, half of a small first-level cache.
const CHUNK: usize = 2048;

/// Storage that the one writer stores to.
pub trait WriteStorage: ReadStorage {
    /// All words; every one may be stored to.
    fn words(&self) -> &[AtomicU64];
}

/// Why words could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The storage became smaller than the ring in it.
    #[error(
        "the ring shrank to {have_bytes} of {need_bytes} bytes; its writer or somebody else truncated it: start the writer again"
    )]
    Shrunk {
        /// Bytes there now.
        have_bytes: u64,
        /// Bytes the ring needs.
        need_bytes: u64,
    },
    /// The storage became smaller than the ring in it and grew again: what was behind the cut is
    /// gone.
    #[error(
        "the ring's file was cut off and grew again, so its sound is gone: open it again, or start its writer again"
    )]
    Regrown,
    /// Words beyond the end were asked for.
    #[error("words {first}..{end} are beyond the ring's {count} words")]
    OutOfRange {
        /// First word asked for.
        first: u64,
        /// Word after the last one asked for.
        end: u64,
        /// Words there are.
        count: u64,
    },
    /// The operating system refused.
    #[error("reading the ring failed: {0}; check the medium it lies on")]
    Io(std::io::ErrorKind),
}
