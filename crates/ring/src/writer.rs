//! The one writer of a ring. Never waits for a reader, never allocates after creation, and never
//! makes a frame visible that is not complete.

use crate::copy::{deinterleave, store_word};
use crate::format::{MAX_FRAME, RingFormat};
use crate::gap::GapReason;
use crate::header::{Extension, HeaderError, header_words};
use crate::layout::{
    HEADER_WORDS, OFFSET_CLAIM, OFFSET_GAP_TOTAL, OFFSET_HEARTBEAT, OFFSET_SEQUENCE, OFFSET_STATE,
    STATE_CLOSED, gap_word, word,
};
use crate::storage::WriteStorage;
use crate::sync::{AtomicU64, Order, publish, release};

/// The one writer of a ring; works on whole blocks.
///
/// Invariant: `sequence` equals the word in the header, and `claim` is `sequence` between calls.
#[derive(Debug)]
pub struct RingWriter<S> {
    storage: S,
    format: RingFormat,
    sequence: u64,
    gap_total: u64,
    closed: bool,
}

/// Why a block was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The slice is not one block of all channels.
    #[error("{got} samples given, one block has {expected} (block_frames × channels)")]
    WrongLength {
        /// Samples given.
        got: usize,
        /// Samples of one block.
        expected: usize,
    },
    /// The ring was closed.
    #[error("the ring is closed; make a new one to write on")]
    Closed,
    /// Frame numbers are used up (after 3 million years at 48 kHz).
    #[error("the ring's frame numbers are used up; make a new one")]
    Full,
}

impl<S: WriteStorage> RingWriter<S> {
    /// Writes the header of a new ring into zeroed `storage`.
    ///
    /// The magic is stored last. Share the storage only after this call.
    ///
    /// # Errors
    /// [`HeaderError::Truncated`] when the storage is smaller than the format needs.
    pub fn create(
        storage: S,
        format: &RingFormat,
        extension: &Extension,
    ) -> Result<Self, HeaderError> {
        let have = storage.words().len() as u64;
        if have < format.total_words() {
            return Err(HeaderError::Truncated {
                need_bytes: format.total_bytes(),
                have_bytes: have.saturating_mul(8),
            });
        }
        let writer = Self {
            storage,
            format: *format,
            sequence: 0,
            gap_total: 0,
            closed: false,
        };
        for (index, value) in header_words(format, extension) {
            release(Order::HeaderThenMagic);
            store_word(writer.word(index), value);
        }
        Ok(writer)
    }

    /// The fixed facts of this ring.
    pub fn format(&self) -> &RingFormat {
        &self.format
    }

    /// Frames written so far; always whole blocks.
    pub fn written_frames(&self) -> u64 {
        self.format.frames_in(self.sequence)
    }

    /// Writes one block: `interleaved` holds exactly `block_frames` × `channels` samples,
    /// frame by frame. Costs the same however many readers there are.
    ///
    /// # Errors
    /// [`WriteError`]; then nothing was written.
    pub fn write_block(&mut self, interleaved: &[f32]) -> Result<(), WriteError> {
        let channels = self.format.channels as usize;
        let expected = (self.format.block_frames as usize).saturating_mul(channels);
        if interleaved.len() != expected {
            return Err(WriteError::WrongLength {
                got: interleaved.len(),
                expected,
            });
        }
        self.write_with(|words, capacity, at, first_frame, frames| {
            let samples = &interleaved[first_frame * channels..][..frames * channels];
            deinterleave(samples, channels, words, capacity, at);
        })
    }

    /// Writes one block of silence; for spans that were lost (see [`RingWriter::record_gap`]).
    ///
    /// # Errors
    /// [`WriteError`]; then nothing was written.
    pub fn write_silence_block(&mut self) -> Result<(), WriteError> {
        self.write_with(|words, capacity, at, _, frames| {
            for channel in words.chunks_exact(capacity) {
                for word in &channel[at..][..frames] {
                    store_word(word, 0);
                }
            }
        })
    }

    /// Claims a block, calls `fill(sample words, capacity, index, first frame of the block, frames)`
    /// for its one or two spans, and publishes it.
    fn write_with(
        &mut self,
        fill: impl Fn(&[AtomicU64], usize, usize, usize, usize),
    ) -> Result<(), WriteError> {
        if self.closed {
            return Err(WriteError::Closed);
        }
        let block = u64::from(self.format.block_frames);
        let next = self.sequence + 1;
        if next >= MAX_FRAME / block {
            return Err(WriteError::Full);
        }
        let first = self.written_frames() % self.format.capacity_frames;
        let span = block.min(self.format.capacity_frames - first);
        // Lossless: all of them are bounded by the number of words in memory.
        let [capacity, at, first_span, rest] =
            [self.format.capacity_frames, first, span, block - span].map(|frames| frames as usize);
        let words = &self.storage.words()[HEADER_WORDS as usize..]
            [..self.format.channels as usize * capacity];

        // A reader that sees any of the samples below also sees the claim and the sequence before it.
        store_word(self.word(word(OFFSET_CLAIM)), next);
        release(Order::ClaimThenSamples);
        fill(words, capacity, at, 0, first_span);
        if rest > 0 {
            fill(words, capacity, 0, first_span, rest);
        }
        publish(
            self.word(word(OFFSET_SEQUENCE)),
            next,
            Order::SamplesThenSequence,
        );
        self.sequence = next;
        Ok(())
    }

    /// Records that `length_frames` frames from `start_frame` on were lost before the ring; the
    /// caller writes zeros for them so that time stays true. A gap of no frames is not recorded.
    pub fn record_gap(&mut self, start_frame: u64, length_frames: u64, reason: GapReason) {
        if self.closed || length_frames == 0 {
            return;
        }
        let entry = gap_word(self.gap_total);
        // A reader that sees a word of the new entry also sees the total before it.
        release(Order::TotalThenGap);
        for (index, value) in (entry..).zip([start_frame, length_frames, reason.to_word(), 0]) {
            store_word(self.word(index), value);
        }
        self.gap_total += 1;
        publish(
            self.word(word(OFFSET_GAP_TOTAL)),
            self.gap_total,
            Order::GapThenTotal,
        );
    }

    /// Gives a sign of life: the wall-clock time now, in nanoseconds since 1970. To be called at
    /// least every 250 ms while the writer lives, also when the source is silent.
    pub fn heartbeat(&self, unix_ns: u64) {
        store_word(self.word(word(OFFSET_HEARTBEAT)), unix_ns);
    }

    /// Marks the ring as closed cleanly. Its history stays readable; further blocks are refused.
    pub fn close(&mut self) {
        self.closed = true;
        publish(
            self.word(word(OFFSET_STATE)),
            STATE_CLOSED,
            Order::LastThenClosed,
        );
    }

    /// Whether [`RingWriter::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// A header word. `index` is below [`HEADER_WORDS`], which `create` found to be there.
    fn word(&self, index: u64) -> &AtomicU64 {
        &self.storage.words()[index as usize]
    }
}
