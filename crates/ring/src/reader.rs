//! The reading side of the protocol over any storage. Never writes, never waits, never gives out a
//! frame that may be torn.

// Not part of the protocol, so no model looks at it.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::format::{MAX_FRAME, RingFormat};
use crate::gap::Gap;
use crate::header::{Extension, Header, HeaderError};
use crate::layout::{
    EXT_MAGIC, GAP_ENTRIES, GAP_ENTRY_BYTES, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS,
    OFFSET_CLAIM, OFFSET_EPOCH, OFFSET_EXT_MAGIC, OFFSET_GAP_TOTAL, OFFSET_HEARTBEAT, OFFSET_MAGIC,
    OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_START_UNIX_NS, OFFSET_STATE, STATE_CLOSED,
    STATE_OPEN, gap_word, word,
};
use crate::read::{ReadError, RingRead, WriterState, check_length, oldest};
use crate::storage::{ReadStorage, StorageError};
use crate::sync::{Order, acquire};

/// The protocol's reading side over any storage.
///
/// Once another ring was found in the memory, or the end of the memory gone, this reader gives out
/// nothing any more: what comes after that is another ring's sound, to be opened as such.
#[derive(Debug)]
pub struct RingReader<S> {
    storage: S,
    header: Header,
    /// The newest sequence seen; what is shown on when the storage fails. A smaller one is that of
    /// another ring.
    newest: AtomicU64,
    /// Why the ring that was opened is no more.
    over: OnceLock<ReadError>,
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
        let reader = Self {
            storage,
            header,
            newest: AtomicU64::new(0),
            over: OnceLock::new(),
        };
        // From here on the sequence may not go back. A failure is told by the first read.
        let _ = reader.sequence();
        Ok(reader)
    }

    /// The storage underneath.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// Remembers an error after which this is not the ring any more.
    fn end(&self, error: ReadError) -> ReadError {
        match error {
            ReadError::Replaced
            | ReadError::Storage(StorageError::Shrunk { .. } | StorageError::Regrown) => {
                *self.over.get_or_init(|| error)
            }
            other => other,
        }
    }

    /// Whether the ring that was opened is still there, as far as can be told without looking.
    fn check_storage(&self) -> Result<(), ReadError> {
        match self.over.get() {
            Some(error) => Err(*error),
            None => self.storage.check().map_err(|error| self.end(error.into())),
        }
    }

    /// Loads words of the header.
    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), ReadError> {
        let loaded = self.storage.load(first, out);
        loaded.map_err(|error| self.end(error.into()))
    }

    /// The header's words up to `gap_total`, if this is still the ring that was opened.
    fn live_words(&self) -> Result<[u64; CHECKED_WORDS], ReadError> {
        let known = self.newest.load(Ordering::Acquire);
        let mut words = [0; CHECKED_WORDS];
        self.load(0, &mut words)?;
        let field = |offset: u64| words[word(offset) as usize];
        let format = &self.header.format;
        let same = field(OFFSET_MAGIC) == MAGIC
            && field(OFFSET_SAMPLE_RATE) == u64::from(format.sample_rate)
            && field(OFFSET_CHANNELS) == u64::from(format.channels)
            && field(OFFSET_CAPACITY) == format.capacity_frames
            && field(OFFSET_BLOCK) == u64::from(format.block_frames)
            && self.header.extension.as_ref().is_none_or(|extension| {
                field(OFFSET_EXT_MAGIC) == EXT_MAGIC
                    && field(OFFSET_EPOCH) == extension.epoch
                    && field(OFFSET_START_UNIX_NS) == extension.start_unix_ns
            });
        if !same {
            return Err(self.end(ReadError::Replaced));
        }
        self.goes_on(known, field(OFFSET_SEQUENCE))?;
        Ok(words)
    }

    /// The newest complete block's number; what is loaded after this call is not older than it.
    fn sequence(&self) -> Result<u64, ReadError> {
        let known = self.newest.load(Ordering::Acquire);
        let mut sequence = [0];
        self.load(word(OFFSET_SEQUENCE), &mut sequence)?;
        acquire(Order::SequenceThenCopy);
        self.goes_on(known, sequence[0])?;
        Ok(sequence[0])
    }

    /// Judges a sequence that was loaded after `known` was: no thread of ours can have seen a newer
    /// one of the same ring before.
    fn goes_on(&self, known: u64, sequence: u64) -> Result<(), ReadError> {
        if sequence < known {
            return Err(self.end(ReadError::Replaced));
        }
        if sequence > known {
            self.newest.fetch_max(sequence, Ordering::AcqRel);
        }
        Ok(())
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
        self.check_storage()?;
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
        let copied = copy(format.sample_word(channel, start), 0..span).and_then(|()| {
            if span < len {
                copy(format.sample_word(channel, 0), span..len)?;
            }
            Ok(())
        });
        copied.map_err(|error| self.end(error.into()))?;

        acquire(Order::CopyThenCheck);
        let words = self.live_words()?;
        let after = words[word(OFFSET_SEQUENCE) as usize];
        if after < before {
            return Err(self.end(ReadError::Replaced));
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

    fn check(&self) -> Result<(), ReadError> {
        self.check_storage()?;
        self.live_words()?;
        Ok(())
    }

    fn written_frames(&self) -> u64 {
        let sequence = self.check_storage().and_then(|()| self.sequence());
        let newest = sequence.unwrap_or_else(|_| self.newest.load(Ordering::Relaxed));
        self.header.format.frames_in(newest)
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
        if self.header.extension.is_none() || self.check_storage().is_err() {
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
        if self.load(gap_word(0), &mut table).is_err() {
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
        let known = self.header.extension.is_some() && self.check_storage().is_ok();
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
