//! Rings in mapped memory. Never hands out the memory as plain bytes, and never stores to a
//! mapping that was opened for reading.
//!
//! A mapped file that is truncated kills whoever touches the missing pages (SIGBUS). A reader
//! therefore asks for the file's size before every read; what remains is a truncation during the
//! copy itself, a span of microseconds. Rings that somebody else could truncate are not mapped
//! at all (see `open`).

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};
use soundfall_ring::copy::{copy_words, copy_words_f32, copy_words_f64, slice_words};
use soundfall_ring::layout::WORD_BYTES;
use soundfall_ring::{ReadStorage, StorageError, WriteStorage};

/// A ring mapped for reading.
#[derive(Debug)]
pub struct MappedStorage {
    map: MmapRaw,
    file: Arc<File>,
}

/// A ring mapped for writing, by its one writer.
#[derive(Debug)]
pub struct MappedWriteStorage {
    map: MmapRaw,
}

/// The words of a mapping.
fn words(map: &MmapRaw) -> &[AtomicU64] {
    let count = map.len() / size_of::<AtomicU64>();
    // SAFETY: a mapping starts at a page, so the words are aligned; it covers `count` whole words
    // and lives as long as `map`. The memory is shared with other processes, which is sound for
    // atomics: every access of ours is one whole atomic word, and other processes that keep to the
    // format do the same. A read-only mapping reaches callers only through `MappedStorage`, which
    // does nothing but relaxed loads. Missing pages of a truncated file raise SIGBUS, which ends
    // the process but is not undefined behaviour.
    unsafe { std::slice::from_raw_parts(map.as_ptr().cast::<AtomicU64>(), count) }
}

impl MappedStorage {
    /// Maps the first `bytes` bytes of `file` for reading.
    pub(crate) fn map(file: Arc<File>, bytes: usize) -> std::io::Result<Self> {
        let map = MmapOptions::new().len(bytes).map_raw_read_only(&*file)?;
        Ok(Self { map, file })
    }
}

impl ReadStorage for MappedStorage {
    fn word_count(&self) -> u64 {
        words(&self.map).len() as u64
    }

    fn check(&self) -> Result<(), StorageError> {
        check_size(&self.file, self.map.len() as u64)
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        copy_words(slice_words(words(&self.map), first, out.len())?, out);
        Ok(())
    }

    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        copy_words_f32(slice_words(words(&self.map), first, out.len())?, out);
        Ok(())
    }

    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        copy_words_f64(slice_words(words(&self.map), first, out.len())?, out);
        Ok(())
    }
}

impl MappedWriteStorage {
    /// Maps the first `bytes` bytes of `file` for writing and brings every page into memory, so
    /// that no block of the first lap waits for one.
    pub(crate) fn map(file: &File, bytes: usize) -> std::io::Result<Self> {
        let map = MmapOptions::new().len(bytes).map_raw(file)?;
        let storage = Self { map };
        if !storage.populate() {
            storage.touch_pages();
        }
        Ok(storage)
    }

    /// Asks the system to make every page present and writable.
    fn populate(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            self.map.advise(memmap2::Advice::PopulateWrite).is_ok()
        }
        #[cfg(not(target_os = "linux"))]
        {
            false
        }
    }

    /// The same by hand: stores a zero into every page of the still empty file.
    fn touch_pages(&self) {
        const SMALLEST_PAGE: usize = 4096;
        let step = SMALLEST_PAGE / WORD_BYTES as usize;
        for word in words(&self.map).iter().step_by(step) {
            soundfall_ring::copy::store_word(word, 0);
        }
    }
}

impl ReadStorage for MappedWriteStorage {
    fn word_count(&self) -> u64 {
        words(&self.map).len() as u64
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        copy_words(slice_words(words(&self.map), first, out.len())?, out);
        Ok(())
    }
}

impl WriteStorage for MappedWriteStorage {
    fn words(&self) -> &[AtomicU64] {
        words(&self.map)
    }
}

/// Whether `file` still has `need_bytes`.
pub(crate) fn check_size(file: &File, need_bytes: u64) -> Result<(), StorageError> {
    let have_bytes = file
        .metadata()
        .map_err(|error| StorageError::Io(error.kind()))?
        .len();
    if have_bytes < need_bytes {
        return Err(StorageError::Shrunk {
            have_bytes,
            need_bytes,
        });
    }
    Ok(())
}
