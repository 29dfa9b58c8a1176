//! A ring in ordinary memory: for tests, off-line rendering and the browser. Never shared with
//! another process.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::copy::{copy_words, copy_words_f32, copy_words_f64, slice_words};
use crate::format::RingFormat;
use crate::header::{Extension, HeaderError};
use crate::read::SharedRing;
use crate::reader::RingReader;
use crate::storage::{ReadStorage, StorageError, WriteStorage};
use crate::writer::RingWriter;

/// Alignment of the words: a page, so that a ring on the heap lies like one in a file.
const ALIGN: usize = 4096;

/// Zeroed, page-aligned words on the heap; clones share them.
#[derive(Clone, Debug)]
pub struct HeapStorage(Arc<Block>);

#[derive(Debug)]
struct Block {
    start: NonNull<AtomicU64>,
    count: usize,
    layout: Layout,
}

// SAFETY: `Block` owns its allocation alone and gives out only `&[AtomicU64]`, which is `Sync`.
unsafe impl Send for Block {}
// SAFETY: as above; all access through `&Block` is atomic.
unsafe impl Sync for Block {}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc_zeroed` with exactly this layout and is freed once.
        unsafe { dealloc(self.start.as_ptr().cast(), self.layout) }
    }
}

/// Why a ring in memory could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeapRingError {
    /// There is not that much memory.
    #[error("no memory for a ring of {bytes} bytes; ask for a shorter history or fewer channels")]
    OutOfMemory {
        /// Bytes the ring needs.
        bytes: u64,
    },
    /// The ring's own header was refused; only damaged memory does that.
    #[error("the new ring cannot be read: {0}")]
    Header(#[from] HeaderError),
}

impl HeapStorage {
    /// Allocates `words` zeroed words.
    ///
    /// # Errors
    /// [`HeapRingError::OutOfMemory`].
    pub fn new(words: u64) -> Result<Self, HeapRingError> {
        let refused = HeapRingError::OutOfMemory {
            bytes: words.saturating_mul(8),
        };
        let count = usize::try_from(words).map_err(|_| refused)?;
        let layout = Layout::array::<AtomicU64>(count.max(1))
            .and_then(|layout| layout.align_to(ALIGN))
            .map_err(|_| refused)?;
        // SAFETY: the layout is not empty (at least one word).
        let memory = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(memory.cast::<AtomicU64>()).ok_or(refused)?;
        Ok(Self(Arc::new(Block {
            start,
            count,
            layout,
        })))
    }
}

impl WriteStorage for HeapStorage {
    fn words(&self) -> &[AtomicU64] {
        // SAFETY: the allocation holds at least `count` zero-initialised, aligned words, lives as
        // long as `self`, and is only ever accessed through such shared slices of atomics.
        unsafe { std::slice::from_raw_parts(self.0.start.as_ptr(), self.0.count) }
    }
}

impl ReadStorage for HeapStorage {
    fn word_count(&self) -> u64 {
        self.0.count as u64
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        copy_words(slice_words(self.words(), first, out.len())?, out);
        Ok(())
    }

    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        copy_words_f32(slice_words(self.words(), first, out.len())?, out);
        Ok(())
    }

    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        copy_words_f64(slice_words(self.words(), first, out.len())?, out);
        Ok(())
    }
}

/// A ring in memory with an epoch of its own (unique in this process), start time 0 and no
/// process id: what tests and off-line rendering want.
///
/// # Errors
/// [`HeapRingError::OutOfMemory`].
pub fn heap_ring(
    format: &RingFormat,
    label: &str,
) -> Result<(RingWriter<HeapStorage>, SharedRing), HeapRingError> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let epoch = NEXT.fetch_add(1, Ordering::Relaxed);
    heap_ring_with(
        format,
        &Extension {
            epoch,
            start_unix_ns: 0,
            label: label.to_owned(),
            writer_pid: 0,
        },
    )
}

/// A ring in memory with the epoch, start time, label and process id of `extension`.
///
/// # Errors
/// [`HeapRingError::OutOfMemory`].
pub fn heap_ring_with(
    format: &RingFormat,
    extension: &Extension,
) -> Result<(RingWriter<HeapStorage>, SharedRing), HeapRingError> {
    let storage = HeapStorage::new(format.total_words())?;
    let writer = RingWriter::create(storage.clone(), format, extension)?;
    let reader = RingReader::new(storage)?;
    Ok((writer, Arc::new(reader)))
}
