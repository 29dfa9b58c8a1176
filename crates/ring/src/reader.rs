//! The reading side of the protocol over any storage. Never writes, never waits, never gives out a
//! frame that may be torn.

use std::sync::atomic::Ordering;

use crate::format::{MAX_FRAME, RingFormat};
use crate::gap::Gap;
use crate::header::{Extension, Header, HeaderError};
use crate::layout::{
    EXT_MAGIC, GAP_ENTRIES, GAP_ENTRY_BYTES, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS,
    OFFSET_CLAIM, OFFSET_EPOCH, OFFSET_EXT_MAGIC, OFFSET_GAP_TOTAL, OFFSET_HEARTBEAT, OFFSET_MAGIC,
    OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_STATE, STATE_CLOSED, STATE_OPEN, gap_word, word,
};
use crate::read::{ReadError, RingRead, WriterState, check_length, oldest};
use crate::storage::{ReadStorage, StorageError};
use crate::sync::{AtomicU64, Order, acquire};

/// The protocol's reading side over any storage.
#[derive(Debug)]
pub struct RingReader<S> {
    storage: S,
    header: Header,
    /// The newest sequence seen; what is shown on when the storage fails.
    last_sequence: AtomicU64,
}

/// Words of the header that every check looks at.
const CHECKED_WORDS: usize = word(OFFSET_GAP_TOTAL) as usize + 1;

/// Words of the gap table.
const GAP_TABLE_WORDS: usize = word(GAP_ENTRIES * GAP_ENTRY_BYTES) as usize;

impl<S: ReadStorage> RingReader<S> {
    /// Opens the ring in `storage`.
    ///
    /// # Errors
    /// [`HeaderError`] when there is no whole ring of version 1.
    pub fn new(storage: S) -> Result<Self, HeaderError> {
        let header = Header::parse(&storage)?;
        Ok(Self {
            storage,
            header,
            last_sequence: AtomicU64::new(0),
        })
    }

    /// The storage underneath.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// The header's words up to `gap_total`, if this is still the ring that was opened.
    fn live_words(&self) -> Result<[u64; CHECKED_WORDS], ReadError> {
        let mut words = [0; CHECKED_WORDS];
        self.storage.load(0, &mut words)?;
        let field = |offset: u64| words[word(offset) as usize];
        let format = &self.header.format;
        let same = field(OFFSET_MAGIC) == MAGIC
            && field(OFFSET_SAMPLE_RATE) == u64::from(format.sample_rate)
            && field(OFFSET_CHANNELS) == u64::from(format.channels)
            && field(OFFSET_CAPACITY) == format.capacity_frames
            && field(OFFSET_BLOCK) == u64::from(format.block_frames)
            && self.header.extension.as_ref().is_none_or(|extension| {
                field(OFFSET_EXT_MAGIC) == EXT_MAGIC && field(OFFSET_EPOCH) == extension.epoch
            });
        if same {
            Ok(words)
        } else {
            Err(ReadError::Replaced)
        }
    }

    /// The newest complete block's number; what is loaded after this call is not older than it.
    fn sequence(&self) -> Result<u64, ReadError> {
        let mut sequence = [0];
        self.storage.load(word(OFFSET_SEQUENCE), &mut sequence)?;
        acquire(Order::SequenceThenCopy);
        self.last_sequence.store(sequence[0], Ordering::Relaxed);
        Ok(sequence[0])
    }

    /// The protocol around `copy(first word, range of the output)`, called for one or two spans.
    fn read_with(
        &self,
        channel: u32,
        start: u64,
        len: usize,
        mut copy: impl FnMut(u64, core::ops::Range<usize>) -> Result<(), StorageError>,
    ) -> Result<(), ReadError> {
        let format = &self.header.format;
        if channel >= format.channels {
            return Err(ReadError::NoSuchChannel {
                channel,
                channels: format.channels,
            });
        }
        check_length(format, len)?;
        self.storage.check()?;
        let before = self.sequence()?;
        let available = format.frames_in(before);
        if start
            .checked_add(len as u64)
            .is_none_or(|end| end > available)
        {
            return Err(ReadError::NotYet { available });
        }
        // `start` is at most MAX_FRAME from here on, so no sum below wraps.
        let intact =
            |next_block: u64| format.frames_in(next_block) <= start + format.capacity_frames;
        if !intact(before.saturating_add(1)) {
            return Err(lapped(format, start, before, 0));
        }

        let first = start % format.capacity_frames;
        let span = (format.capacity_frames - first).min(len as u64) as usize;
        copy(format.sample_word(channel, start), 0..span)?;
        if span < len {
            copy(format.sample_word(channel, 0), span..len)?;
        }

        acquire(Order::CopyThenCheck);
        let words = self.live_words()?;
        let after = words[word(OFFSET_SEQUENCE) as usize];
        if after < before {
            return Err(ReadError::Replaced);
        }
        let claim = match self.header.extension {
            Some(_) => words[word(OFFSET_CLAIM) as usize],
            None => 0,
        };
        if intact(claim.max(after.saturating_add(1))) {
            Ok(())
        } else {
            Err(lapped(format, start, after, after - before))
        }
    }
}

impl<S: ReadStorage> RingRead for RingReader<S> {
    fn format(&self) -> &RingFormat {
        &self.header.format
    }

    fn extension(&self) -> Option<&Extension> {
        self.header.extension.as_ref()
    }

    fn written_frames(&self) -> u64 {
        let sequence = self
            .storage
            .check()
            .map_err(ReadError::from)
            .and_then(|()| self.sequence())
            .unwrap_or_else(|_| self.last_sequence.load(Ordering::Relaxed));
        self.header.format.frames_in(sequence)
    }

    fn read(&self, channel: u32, start_frame: u64, out: &mut [f32]) -> Result<(), ReadError> {
        self.read_with(channel, start_frame, out.len(), |first, range| {
            self.storage.copy_f32(first, &mut out[range])
        })
    }

    fn read_f64(&self, channel: u32, start_frame: u64, out: &mut [f64]) -> Result<(), ReadError> {
        self.read_with(channel, start_frame, out.len(), |first, range| {
            self.storage.copy_f64(first, &mut out[range])
        })
    }

    fn gap_total(&self) -> u64 {
        if self.header.extension.is_none() || self.storage.check().is_err() {
            return 0;
        }
        self.live_words()
            .map_or(0, |words| words[word(OFFSET_GAP_TOTAL) as usize])
    }

    fn gaps(&self) -> Vec<Gap> {
        let before = self.gap_total();
        if before == 0 {
            return Vec::new();
        }
        acquire(Order::TotalThenGaps);
        let mut table = [0; GAP_TABLE_WORDS];
        if self.storage.load(gap_word(0), &mut table).is_err() {
            return Vec::new();
        }
        acquire(Order::GapsThenCheck);
        // The writer may be at entry `after` now, which lies where entry `after − 112` was.
        let after = self.gap_total();
        let entries = table.as_chunks::<4>().0;
        (before.saturating_sub(GAP_ENTRIES)..before)
            .filter(|gap| after < gap.saturating_add(GAP_ENTRIES))
            .filter_map(|gap| Gap::from_words(&entries[(gap % GAP_ENTRIES) as usize]))
            .collect()
    }

    fn writer_state(&self) -> WriterState {
        let known = self.header.extension.is_some() && self.storage.check().is_ok();
        let Some(words) = known.then(|| self.live_words().ok()).flatten() else {
            return WriterState::Unknown;
        };
        // A caller that is told the ring is closed may read its last frame next.
        acquire(Order::ClosedThenLast);
        match words[word(OFFSET_STATE) as usize] {
            STATE_OPEN => WriterState::Open {
                heartbeat_unix_ns: words[word(OFFSET_HEARTBEAT) as usize],
                pid: self.header.extension.as_ref().map_or(0, |e| e.writer_pid),
            },
            STATE_CLOSED => WriterState::Closed,
            _ => WriterState::Unknown,
        }
    }
}

/// Where a reader that wanted `start` goes on. `passed` blocks were written while it copied: it
/// gets twice that as a margin, and at least an eighth of the ring.
fn lapped(format: &RingFormat, start: u64, sequence: u64, passed: u64) -> ReadError {
    let written = format.frames_in(sequence);
    let margin = format
        .frames_in(passed.saturating_mul(2))
        .max(format.readable_frames() / 8);
    let resume_at = (oldest(format, written).saturating_add(margin))
        .min(written)
        .max(start.min(MAX_FRAME));
    ReadError::Lapped {
        lost_frames: resume_at - start.min(resume_at),
        resume_at,
    }
}
