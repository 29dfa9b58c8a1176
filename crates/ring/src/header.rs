//! Reading and writing the header. Every value that is read may be hostile: it is checked here,
//! once, and ends in a typed error or in a [`Header`] that can be trusted.

use crate::format::{FormatError, MAX_FRAME, RingFormat};
use crate::layout::{
    EXT_MAGIC, EXT_VERSION, HEADER_WORDS, LABEL_BYTES, MAGIC, OFFSET_BLOCK, OFFSET_CAPACITY,
    OFFSET_CHANNELS, OFFSET_EPOCH, OFFSET_EXT_MAGIC, OFFSET_EXT_VERSION, OFFSET_HEARTBEAT,
    OFFSET_LABEL, OFFSET_MAGIC, OFFSET_SAMPLE_RATE, OFFSET_SEQUENCE, OFFSET_START_UNIX_NS,
    OFFSET_STATE, OFFSET_VERSION, OFFSET_WRITER_PID, STATE_OPEN, VERSION, WORD_BYTES, word,
};
use crate::storage::{ReadStorage, StorageError};
use crate::sync::{Order, acquire};

/// What a ring of ours says about itself beyond the base format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// Random number, new for every ring created; never 0 in a ring of ours.
    pub epoch: u64,
    /// Wall-clock time of frame 0, nanoseconds since 1970.
    pub start_unix_ns: u64,
    /// Name of the source; at most 256 bytes are kept, control characters are replaced on reading.
    pub label: String,
    /// Process id of the writer.
    pub writer_pid: u32,
}

/// A checked header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The fixed facts.
    pub format: RingFormat,
    /// Present only where the extension magic is there.
    pub extension: Option<Extension>,
}

/// Why some words are not a ring's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Fewer bytes than a header has.
    #[error("only {0} bytes, a ring's header alone has 4096: not a ring, or cut off")]
    TooShort(u64),
    /// The first word is something else.
    #[error("not a ring: it starts with {0:#018x} instead of the AUDITAB magic")]
    NotARing(u64),
    /// The magic reads byte-swapped.
    #[error(
        "the ring was written with the other byte order (big-endian); write it little-endian, as the format demands"
    )]
    ByteSwapped,
    /// A version this program does not know.
    #[error("ring format version {0} is not known here (only version 1); update this program")]
    Version(u64),
    /// The fixed facts contradict themselves.
    #[error("damaged ring header: {0}")]
    Format(#[from] FormatError),
    /// The sequence cannot be true.
    #[error("damaged ring header: write sequence {0} is impossibly large; start the writer again")]
    Sequence(u64),
    /// The samples that the header promises are not there.
    #[error(
        "the ring is cut off: its header promises {need_bytes} bytes, there are {have_bytes}; start the writer again"
    )]
    Truncated {
        /// Bytes the header promises.
        need_bytes: u64,
        /// Bytes there are.
        have_bytes: u64,
    },
    /// The words could not be read at all.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Header {
    /// Reads and checks the header of the ring in `storage`.
    ///
    /// # Errors
    /// A [`HeaderError`] for whatever is not a version 1 ring that is there as a whole.
    pub fn parse<S: ReadStorage + ?Sized>(storage: &S) -> Result<Self, HeaderError> {
        let have_bytes = storage.word_count().saturating_mul(WORD_BYTES);
        if storage.word_count() < HEADER_WORDS {
            return Err(HeaderError::TooShort(have_bytes));
        }
        storage.check()?;
        let mut words = [0; word(OFFSET_LABEL + LABEL_BYTES) as usize];
        // The magic is stored last, so it is loaded first.
        let (magic, others) = words.split_at_mut(1);
        storage.load(word(OFFSET_MAGIC), magic)?;
        match magic[0] {
            MAGIC => {}
            other if other.swap_bytes() == MAGIC => return Err(HeaderError::ByteSwapped),
            other => return Err(HeaderError::NotARing(other)),
        }
        acquire(Order::MagicThenHeader);
        storage.load(word(OFFSET_MAGIC) + 1, others)?;
        let field = |offset: u64| words[word(offset) as usize];
        if field(OFFSET_VERSION) != VERSION {
            return Err(HeaderError::Version(field(OFFSET_VERSION)));
        }
        let format = RingFormat::from_words(
            field(OFFSET_SAMPLE_RATE),
            field(OFFSET_CHANNELS),
            field(OFFSET_CAPACITY),
            field(OFFSET_BLOCK),
        )?;
        if storage.word_count() < format.total_words() {
            return Err(HeaderError::Truncated {
                need_bytes: format.total_bytes(),
                have_bytes,
            });
        }
        let sequence = field(OFFSET_SEQUENCE);
        if sequence >= MAX_FRAME / u64::from(format.block_frames) {
            return Err(HeaderError::Sequence(sequence));
        }
        let extended =
            field(OFFSET_EXT_MAGIC) == EXT_MAGIC && field(OFFSET_EXT_VERSION) == EXT_VERSION;
        let extension = extended.then(|| Extension {
            epoch: field(OFFSET_EPOCH),
            start_unix_ns: field(OFFSET_START_UNIX_NS),
            label: parse_label(&words[word(OFFSET_LABEL) as usize..]),
            writer_pid: u32::try_from(field(OFFSET_WRITER_PID)).unwrap_or(0),
        });
        Ok(Self { format, extension })
    }
}

/// The label's words as text: up to the first zero byte, nothing that a terminal would obey.
fn parse_label(words: &[u64]) -> String {
    let bytes: Vec<u8> = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .take_while(|&byte| byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes)
        .chars()
        .map(|c| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

/// The longest start of `label` that fits its field without cutting a character.
fn clip_label(label: &str) -> &str {
    &label[..label.floor_char_boundary(LABEL_BYTES as usize)]
}

/// Every header word of a new ring that is not zero, as (word index, value); the magic comes last.
/// For writers whose words are not in this process's memory.
#[must_use]
pub fn header_words(format: &RingFormat, extension: &Extension) -> Vec<(u64, u64)> {
    let mut words = vec![
        (word(OFFSET_VERSION), VERSION),
        (word(OFFSET_SAMPLE_RATE), format.sample_rate.into()),
        (word(OFFSET_CHANNELS), format.channels.into()),
        (word(OFFSET_CAPACITY), format.capacity_frames),
        (word(OFFSET_BLOCK), format.block_frames.into()),
        (word(OFFSET_EXT_MAGIC), EXT_MAGIC),
        (word(OFFSET_EXT_VERSION), EXT_VERSION),
        (word(OFFSET_EPOCH), extension.epoch),
        (word(OFFSET_START_UNIX_NS), extension.start_unix_ns),
        (word(OFFSET_HEARTBEAT), extension.start_unix_ns),
        (word(OFFSET_WRITER_PID), extension.writer_pid.into()),
        (word(OFFSET_STATE), STATE_OPEN),
    ];
    let label = clip_label(&extension.label).as_bytes();
    for (index, bytes) in (0u64..).zip(label.chunks(WORD_BYTES as usize)) {
        let mut padded = [0; WORD_BYTES as usize];
        padded[..bytes.len()].copy_from_slice(bytes);
        words.push((word(OFFSET_LABEL) + index, u64::from_le_bytes(padded)));
    }
    words.push((word(OFFSET_MAGIC), MAGIC));
    words
}
