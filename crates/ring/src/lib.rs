#![doc = include_str!("../README.md")]

pub mod layout;
pub mod storage;

mod cursor;
mod format;
mod gap;
mod header;
mod heap;
mod reader;
mod writer;

pub use cursor::{Cursor, Poll};
pub use format::{FormatError, MAX_CHANNELS, MAX_FRAME, MAX_SAMPLE_RATE, RingFormat};
pub use gap::{Gap, GapReason};
pub use header::{Extension, Header, HeaderError};
pub use heap::{HeapRingError, HeapStorage, heap_ring, heap_ring_with};
pub use reader::{ReadError, RingRead, RingReader, SharedRing, WriterState};
pub use storage::{ReadStorage, StorageError, WriteStorage};
pub use writer::{RingWriter, WriteError};
