//! A mark in a page of a mapped file that goes with the page: it tells of a file that was cut off and
//! grew again before anybody touched what was gone. Never changes the file.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapMut, MmapOptions};

use crate::bus::{Flag, Guard};

/// Tells whether a file was cut off since the mark was made, also where it has grown again: a
/// private copy of the page with the ring's last word, in which the mark stands. When a file is cut
/// off, Linux takes the pages behind the cut out of every mapping, private copies included; what is
/// there after that is the file's again. On other systems a copy may stay, and the size alone tells
/// of a cut.
///
/// A cut within the last page is told by the size, while it lasts.
#[derive(Debug)]
pub(crate) struct Mark {
    // Before `page`: ends before it.
    _guard: Guard,
    page: MmapMut,
}

/// No sample is likely to have these bits: a number that is none.
const MARK: u64 = 0xFFF7_5EA1_ED00_0B0E;

impl Mark {
    /// Marks the page of the last of `bytes` bytes of `file`; `lost` is told where it is gone. `None`
    /// if that cannot be done safely.
    pub(crate) fn new(file: &File, bytes: u64, lost: &Flag) -> std::io::Result<Option<Self>> {
        let page_bytes = page_bytes()?;
        let start = bytes.saturating_sub(1) / page_bytes as u64 * page_bytes as u64;
        // SAFETY: the copy is private, so nobody else changes it; when its page goes, it is replaced
        // (see `bus`). It is only ever accessed as one atomic word.
        let page = unsafe {
            MmapOptions::new()
                .offset(start)
                .len(page_bytes)
                .map_copy(file)?
        };
        let guard = Guard::new(page.as_ptr(), page.len(), true, lost);
        Ok(guard.map(|guard| {
            let mark = Self {
                _guard: guard,
                page,
            };
            mark.word().store(MARK, Ordering::Relaxed);
            mark
        }))
    }

    fn word(&self) -> &AtomicU64 {
        // SAFETY: a mapping starts at a page, so the word is aligned; it lies within the page and
        // lives as long as `self`. Nothing accesses it but atomically.
        unsafe { &*self.page.as_ptr().cast::<AtomicU64>() }
    }

    /// Whether the file was never cut off since, as far as the mark tells.
    fn stands(&self) -> bool {
        self.word().load(Ordering::Relaxed) == MARK
    }
}

/// Whether a mapping lost its file, or lost and found it again; can be asked longer than the mapping
/// lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost {
    flag: Flag,
    mark: Option<Arc<Mark>>,
}

impl Lost {
    /// What `flag` and the mark tell.
    pub(crate) fn new(flag: Flag, mark: Option<Mark>) -> Self {
        let mark = mark.map(Arc::new);
        Self { flag, mark }
    }

    /// To be asked after a copy: `false` means that what was copied came from the file, which was
    /// whole all the time.
    pub(crate) fn is_lost(&self) -> bool {
        if self.was_cut() {
            self.flag.set();
        }
        self.flag.is_set()
    }

    /// Whether the file was cut off, as far as the mark tells: not so where its medium failed.
    pub(crate) fn was_cut(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| !mark.stands())
    }
}

/// Bytes of a page of memory.
fn page_bytes() -> std::io::Result<usize> {
    // SAFETY: asks for a number.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes)
        .ok()
        .filter(|&bytes| bytes > 0)
        .ok_or_else(std::io::Error::last_os_error)
}
