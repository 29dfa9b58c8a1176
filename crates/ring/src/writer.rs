//! The one writer of a ring. Never waits for a reader, never allocates after creation, and never
//! makes a frame visible that is not complete.

use crate::copy::{deinterleave, load_word, store_word};
use crate::format::{MAX_FRAME, RingFormat};
use crate::gap::GapReason;
use crate::header::{Extension, HeaderError, header_words};
use crate::layout::{
    HEADER_WORDS, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY, OFFSET_CHANNELS, OFFSET_CLAIM,
    OFFSET_EPOCH, OFFSET_GAP_TOTAL, OFFSET_HEARTBEAT, OFFSET_MAGIC, OFFSET_SAMPLE_RATE,
    OFFSET_SEQUENCE, OFFSET_STATE, STATE_CLOSED, gap_word, word,
};
use crate::storage::WriteStorage;
use crate::sync::{AtomicU64, Order, publish, release};

/// The one writer of a ring; works on whole blocks.
///
/// Invariant: `sequence` equals the word in the header, and `claim` is `sequence` between calls; while
/// `silence` is there, `claim` is where that ends.
#[derive(Debug)]
pub struct RingWriter<S> {
    storage: S,
    format: RingFormat,
    epoch: u64,
    sequence: u64,
    gap_total: u64,
    silence: Option<Silence>,
    closed: bool,
}

/// Blocks of silence under way.
#[derive(Debug)]
struct Silence {
    /// The sequence when they are written.
    to: u64,
    /// Index of the next frame to become zero, and how many are left.
    at: u64,
    left: u64,
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
            epoch: extension.epoch,
            sequence: 0,
            gap_total: 0,
            silence: None,
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

    /// Random number of this ring.
    pub fn epoch(&self) -> u64 {
        self.epoch
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
        self.begin_silence(1)?;
        self.end_silence();
        Ok(())
    }

    /// Begins `blocks` blocks of silence, which become visible at once when [`RingWriter::fill_silence`]
    /// has filled them. However many they are, no frame of the ring is set to zero twice: a loss of hours
    /// costs no more than one of the length of the ring.
    ///
    /// # Errors
    /// [`WriteError`]; then nothing was begun.
    pub fn begin_silence(&mut self, blocks: u64) -> Result<(), WriteError> {
        self.end_silence();
        if self.closed {
            return Err(WriteError::Closed);
        }
        let block = u64::from(self.format.block_frames);
        let capacity = self.format.capacity_frames;
        let to = self.sequence.checked_add(blocks);
        let to = to.filter(|to| *to < MAX_FRAME / block);
        let to = to.ok_or(WriteError::Full)?;
        // As for every block: a reader that sees any of the zeros also sees the claim.
        store_word(self.word(word(OFFSET_CLAIM)), to);
        release(Order::ClaimThenSamples);
        self.silence = Some(Silence {
            to,
            at: self.written_frames() % capacity,
            left: (blocks * block).min(capacity),
        });
        Ok(())
    }

    /// Sets at most `frames` frames of the silence that was begun to zero; true when all of it is
    /// written, and where none was begun.
    pub fn fill_silence(&mut self, frames: u64) -> bool {
        let Some(mut silence) = self.silence.take() else {
            return true;
        };
        // Lossless: bounded by the number of words in memory.
        let capacity = self.format.capacity_frames as usize;
        let words = &self.storage.words()[HEADER_WORDS as usize..]
            [..self.format.channels as usize * capacity];
        let mut now = frames.min(silence.left);
        silence.left -= now;
        while now > 0 {
            let at = silence.at as usize;
            let span = (capacity - at).min(now as usize);
            for channel in words.chunks_exact(capacity) {
                for word in &channel[at..][..span] {
                    store_word(word, 0);
                }
            }
            now -= span as u64;
            silence.at = (silence.at + span as u64) % self.format.capacity_frames;
        }
        if silence.left > 0 {
            self.silence = Some(silence);
            return false;
        }
        publish(
            self.word(word(OFFSET_SEQUENCE)),
            silence.to,
            Order::SamplesThenSequence,
        );
        self.sequence = silence.to;
        true
    }

    /// Writes what is left of a silence that was begun.
    fn end_silence(&mut self) {
        self.fill_silence(u64::MAX);
    }

    /// Claims a block, calls `fill(sample words, capacity, index, first frame of the block, frames)`
    /// for its one or two spans, and publishes it.
    fn write_with(
        &mut self,
        fill: impl Fn(&[AtomicU64], usize, usize, usize, usize),
    ) -> Result<(), WriteError> {
        self.end_silence();
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

    /// Whether the words of the header are still those of this writer. Where they are not, somebody else
    /// wrote into this memory, and what it holds is not this ring any more: make a new one.
    pub fn owns_header(&self) -> bool {
        let format = &self.format;
        [
            (OFFSET_MAGIC, MAGIC),
            (OFFSET_SAMPLE_RATE, u64::from(format.sample_rate)),
            (OFFSET_CHANNELS, u64::from(format.channels)),
            (OFFSET_CAPACITY, format.capacity_frames),
            (OFFSET_BLOCK, u64::from(format.block_frames)),
            (OFFSET_EPOCH, self.epoch),
            (OFFSET_SEQUENCE, self.sequence),
        ]
        .iter()
        .all(|(offset, value)| load_word(self.word(word(*offset))) == *value)
    }

    /// Marks the ring as closed cleanly. Its history stays readable; further blocks are refused.
    pub fn close(&mut self) {
        self.end_silence();
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
