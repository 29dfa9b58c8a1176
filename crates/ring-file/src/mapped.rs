//! Rings in mapped memory. Never hands out the memory as plain bytes, and never stores to a
//! mapping that was opened for reading.
//!
//! A reader asks for the file's size before every read, and sees after every copy whether its
//! pages were still there (see `bus`) and were there all the time (see `mark`): a truncated file
//! is an error, whenever it happens, also when it has grown again. Rings that somebody else could
//! truncate are not mapped at all (see `open`).

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use memmap2::{MmapOptions, MmapRaw};
use soundfall_ring::copy::{copy_words, copy_words_f32, copy_words_f64, load_word, slice_words};
use soundfall_ring::layout::WORD_BYTES;
use soundfall_ring::{ReadStorage, StorageError, WriteStorage};

use crate::bus::{Flag, Guard};
use crate::mark::{Lost, Mark};

/// A ring mapped for reading.
#[derive(Debug)]
pub struct MappedStorage {
    lost: Lost,
    // Before `map`: ends before it.
    _guard: Guard,
    map: MmapRaw,
    file: Arc<File>,
}

/// A ring mapped for writing, by its one writer.
#[derive(Debug)]
pub struct MappedWriteStorage {
    lost: Lost,
    // Before `map`: ends before it.
    _guard: Option<Guard>,
    map: MmapRaw,
}

/// The words of a mapping.
fn words(map: &MmapRaw) -> &[AtomicU64] {
    let count = map.len() / size_of::<AtomicU64>();
    // SAFETY: a mapping starts at a page, so the words are aligned; it covers `count` whole words
    // and lives as long as `map`. The memory is shared with other processes, which is sound for
    // atomics: every access of ours is one whole atomic word, and other processes that keep to the
    // format do the same. A read-only mapping reaches callers only through `MappedStorage`, which
    // does nothing but relaxed loads. Where pages are missing because the file was truncated, the
    // words become zeros (see `bus`), which is for atomics as if another process had stored them.
    unsafe { std::slice::from_raw_parts(map.as_ptr().cast::<AtomicU64>(), count) }
}

impl MappedStorage {
    /// Maps the first `bytes` bytes of `file` for reading; `None` if that cannot be done safely.
    pub(crate) fn map(file: Arc<File>, bytes: usize) -> std::io::Result<Option<Self>> {
        let map = MmapOptions::new().len(bytes).map_raw_read_only(&*file)?;
        let flag = Flag::default();
        let guard = Guard::new(map.as_ptr(), map.len(), false, &flag);
        let mark = Mark::new(&file, bytes as u64, &flag)?;
        Ok(guard.zip(mark).map(|(guard, mark)| Self {
            lost: Lost::new(flag, Some(mark)),
            _guard: guard,
            map,
            file,
        }))
    }

    /// What tells whether the mapping lost its file.
    pub(crate) fn lost(&self) -> &Lost {
        &self.lost
    }

    /// Whether all that was copied up to word `end` came from the file.
    ///
    /// The last page of a file that was cut off still has zeros behind the cut, and those raise
    /// nothing. All pages after it do, or were taken away with their mark: so mark and last word of
    /// the ring are touched, and where the copy itself came near that, the file's size is asked for.
    fn intact(&self, end: u64) -> Result<(), StorageError> {
        fence(Ordering::Acquire);
        let words = words(&self.map);
        std::hint::black_box(words.last().map(load_word));
        if self.lost.is_lost() {
            let grown = if self.lost.was_cut() {
                StorageError::Regrown
            } else {
                // A failing medium: no size says what was wrong.
                StorageError::Io(std::io::ErrorKind::UnexpectedEof)
            };
            return check_size(&self.file, self.map.len() as u64).and(Err(grown));
        }
        if end + LAST_PAGE_WORDS > words.len() as u64 {
            return check_size(&self.file, self.map.len() as u64);
        }
        Ok(())
    }
}

/// No page of any system is longer: 64 KiB.
const LAST_PAGE_WORDS: u64 = 8192;

impl ReadStorage for MappedStorage {
    fn word_count(&self) -> u64 {
        words(&self.map).len() as u64
    }

    fn check(&self) -> Result<(), StorageError> {
        self.intact(0)?;
        check_size(&self.file, self.map.len() as u64)
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        copy_words(slice_words(words(&self.map), first, out.len())?, out);
        self.intact(first + out.len() as u64)
    }

    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        copy_words_f32(slice_words(words(&self.map), first, out.len())?, out);
        self.intact(first + out.len() as u64)
    }

    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        copy_words_f64(slice_words(words(&self.map), first, out.len())?, out);
        self.intact(first + out.len() as u64)
    }
}

impl MappedWriteStorage {
    /// Maps the first `bytes` bytes of `file` for writing and brings every page into memory, so
    /// that no block of the first lap waits for one.
    pub(crate) fn map(file: &File, bytes: usize) -> std::io::Result<Self> {
        let map = MmapOptions::new().len(bytes).map_raw(file)?;
        let flag = Flag::default();
        let guard = Guard::new(map.as_ptr(), map.len(), true, &flag);
        let mark = Mark::new(file, bytes as u64, &flag)?;
        let storage = Self {
            lost: Lost::new(flag, mark),
            _guard: guard,
            map,
        };
        if !storage.populate() {
            storage.touch_pages();
        }
        Ok(storage)
    }

    /// What tells whether the mapping lost its file; then stores go nowhere.
    pub(crate) fn lost(&self) -> Lost {
        self.lost.clone()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const WORDS: usize = 16_384;

    /// A file of ones, mapped and then cut off: as if that happened after the look at its size.
    fn cut_off(len: u64) -> MappedStorage {
        let file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut &file, &[1; WORDS * 8]).unwrap();
        let file = Arc::new(file);
        let storage = MappedStorage::map(Arc::clone(&file), WORDS * 8)
            .unwrap()
            .unwrap();
        file.set_len(len).unwrap();
        storage
    }

    #[test]
    fn a_file_cut_off_before_a_copy_touches_it_is_an_error() {
        let copies: [&dyn Fn(&MappedStorage) -> Result<(), StorageError>; 3] = [
            &|storage| storage.load(0, &mut [0; WORDS]),
            &|storage| storage.copy_f32(0, &mut [0.0; WORDS]),
            &|storage| storage.copy_f64(1, &mut [0.0; WORDS - 1]),
        ];
        for len in [0, 8192] {
            for copy in copies {
                let storage = cut_off(len);
                let shrunk = StorageError::Shrunk {
                    have_bytes: len,
                    need_bytes: WORDS as u64 * 8,
                };
                assert_eq!(copy(&storage), Err(shrunk));
                // From then on nothing is given out.
                assert_eq!(storage.load(0, &mut [0]), Err(shrunk));
                storage.file.set_len(WORDS as u64 * 8).unwrap();
                let grown = Err(StorageError::Regrown);
                assert_eq!(storage.check(), grown);
                assert_eq!(storage.load(0, &mut [0]), grown);
            }
        }
    }

    #[test]
    fn zeros_behind_a_cut_are_not_given_out_and_others_lose_nothing() {
        let ones = [0x0101_0101_0101_0101; 1024];
        let bytes = WORDS as u64 * 8;
        // In the middle of a page, which itself can still be read: far from the end and near it.
        for (cut, first) in [(8192 + 800, 1024), (bytes - 1000, WORDS as u64 - 1024)] {
            let (cut, other) = (cut_off(cut), cut_off(bytes));
            let mut words = [0; 1024];
            assert!(matches!(
                cut.load(first, &mut words),
                Err(StorageError::Shrunk { .. })
            ));
            assert_eq!(other.load(first, &mut words), Ok(()));
            assert_eq!(words, ones);
            assert!(!other.lost().is_lost());
        }
    }

    #[test]
    fn a_writer_survives_the_loss_of_its_file() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(WORDS as u64 * 8).unwrap();
        let storage = MappedWriteStorage::map(&file, WORDS * 8).unwrap();
        let lost = storage.lost();
        assert!(!lost.is_lost());
        file.set_len(8192).unwrap();
        for word in storage.words() {
            soundfall_ring::copy::store_word(word, 7);
        }
        assert!(lost.is_lost());
        assert_eq!(file.metadata().unwrap().len(), 8192);
    }

    /// Nobody touches a page between the cut and the growth, so that no signal tells of it.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_cut_off_and_grown_again_unseen_is_an_error() {
        let bytes = WORDS as u64 * 8;
        for len in [0, 4096, 8192 + 800, bytes - 4096] {
            let storage = cut_off(bytes);
            let mut word = [0];
            assert_eq!(storage.load(WORDS as u64 / 2, &mut word), Ok(()));
            storage.file.set_len(len).unwrap();
            storage.file.set_len(bytes).unwrap();
            for _ in 0..2 {
                let got = storage.load(WORDS as u64 / 2, &mut word);
                assert_eq!(got, Err(StorageError::Regrown), "cut to {len}");
                assert_eq!(storage.check(), Err(StorageError::Regrown));
            }
        }
        // And its writer hears of it.
        let file = tempfile::tempfile().unwrap();
        file.set_len(bytes).unwrap();
        let storage = MappedWriteStorage::map(&file, WORDS * 8).unwrap();
        let lost = storage.lost();
        file.set_len(4096).unwrap();
        file.set_len(bytes).unwrap();
        assert!(lost.is_lost());
    }
}
