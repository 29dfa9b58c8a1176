//! The places of the ring format: byte offsets, magic values and table sizes, and nothing that
//! computes with them.
//!
//! Offsets are in bytes, as the format document states them; [`word`] turns one into the index
//! of a 64-bit word. The JavaScript constants are generated from this file.

/// `AUDITAB!` as a big-endian reading; the first word of every ring.
pub const MAGIC: u64 = 0x4155_4449_5441_4221;
/// The base format's version.
pub const VERSION: u64 = 1;
/// `SOUNDFAL`: the extension in the reserved bytes is there.
pub const EXT_MAGIC: u64 = 0x534F_554E_4446_414C;
/// The extension's version.
pub const EXT_VERSION: u64 = 1;

/// Bytes before the samples of channel 0.
pub const HEADER_BYTES: u64 = 4096;
/// 64-bit words before the samples of channel 0.
pub const HEADER_WORDS: u64 = HEADER_BYTES / WORD_BYTES;
/// Bytes of one word: a header field or one sample.
pub const WORD_BYTES: u64 = 8;

/// [`MAGIC`].
pub const OFFSET_MAGIC: u64 = 0;
/// [`VERSION`].
pub const OFFSET_VERSION: u64 = 8;
/// Sample rate in Hz.
pub const OFFSET_SAMPLE_RATE: u64 = 16;
/// Number of channels C.
pub const OFFSET_CHANNELS: u64 = 24;
/// Frames per channel N.
pub const OFFSET_CAPACITY: u64 = 32;
/// Complete blocks written since the start; atomic.
pub const OFFSET_SEQUENCE: u64 = 40;
/// Frames per block B.
pub const OFFSET_BLOCK: u64 = 48;

/// [`EXT_MAGIC`].
pub const OFFSET_EXT_MAGIC: u64 = 56;
/// [`EXT_VERSION`].
pub const OFFSET_EXT_VERSION: u64 = 64;
/// k+1, stored before block k is written; atomic.
pub const OFFSET_CLAIM: u64 = 72;
/// Random number, new for every ring created.
pub const OFFSET_EPOCH: u64 = 80;
/// Wall-clock time of frame 0 in nanoseconds since 1970.
pub const OFFSET_START_UNIX_NS: u64 = 88;
/// Wall-clock time of the writer's last sign of life; atomic.
pub const OFFSET_HEARTBEAT: u64 = 96;
/// Process id of the writer.
pub const OFFSET_WRITER_PID: u64 = 104;
/// [`STATE_OPEN`] or [`STATE_CLOSED`]; atomic.
pub const OFFSET_STATE: u64 = 112;
/// Gaps ever recorded; atomic.
pub const OFFSET_GAP_TOTAL: u64 = 120;
/// The source's name: UTF-8, zero padded, [`LABEL_BYTES`] long.
pub const OFFSET_LABEL: u64 = 256;
/// Room for the source's name.
pub const LABEL_BYTES: u64 = 256;
/// The gap table: [`GAP_ENTRIES`] entries of [`GAP_ENTRY_BYTES`].
pub const OFFSET_GAP_TABLE: u64 = 512;
/// Entries of the gap table; entry g is at index g mod this. Models of the protocol have fewer.
pub const GAP_ENTRIES: u64 = if cfg!(loom) { 3 } else { 112 };
/// Bytes of one gap entry: start frame, length in frames, reason, reserved.
pub const GAP_ENTRY_BYTES: u64 = 32;

/// `state` while the writer lives (or died without closing the ring).
pub const STATE_OPEN: u64 = 1;
/// `state` after a clean close.
pub const STATE_CLOSED: u64 = 2;

/// The index of the word at a byte offset.
pub const fn word(offset: u64) -> u64 {
    offset / WORD_BYTES
}

/// The index of the first word of entry `gap` of the gap table.
pub const fn gap_word(gap: u64) -> u64 {
    word(OFFSET_GAP_TABLE) + (gap % GAP_ENTRIES) * word(GAP_ENTRY_BYTES)
}

const _: () = assert!(OFFSET_LABEL + LABEL_BYTES == OFFSET_GAP_TABLE);
const _: () =
    assert!(cfg!(loom) || OFFSET_GAP_TABLE + GAP_ENTRIES * GAP_ENTRY_BYTES == HEADER_BYTES);
