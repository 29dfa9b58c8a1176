#![doc = include_str!("../README.md")]
//! # Code map
//!
//! | module | duty |
//! |---|---|
//! | `layout` | the places of the format: offsets, magics, sizes |
//! | `format` | the four fixed facts of a ring, checked |
//! | `header` | reading and writing the header |
//! | `storage` | where the words live: the traits |
//! | `sync` | where the protocol orders memory, fence by fence |
//! | `copy` | how words are copied: the fast loops |
//! | `writer` | the writing side of the protocol |
//! | `read` | what consumers see: trait and errors |
//! | `reader` | the reading side of the protocol |
//! | `cursor` | following the live edge |
//! | `gap` | spans lost before the ring |
//! | `heap` | a ring in ordinary memory |

pub mod copy;
pub mod layout;
pub mod storage;
#[cfg(loom)]
pub mod sync;

mod cursor;
mod format;
mod gap;
mod header;
#[cfg(not(loom))]
mod heap;
mod read;
mod reader;
#[cfg(not(loom))]
mod sync;
mod writer;

pub use cursor::{Cursor, Poll};
pub use format::{FormatError, MAX_CHANNELS, MAX_FRAME, MAX_SAMPLE_RATE, RingFormat};
pub use gap::{Gap, GapReason, lost_frames};
pub use header::{Extension, Header, HeaderError, header_words};
#[cfg(not(loom))]
pub use heap::{HeapRingError, HeapStorage, heap_ring, heap_ring_with};
pub use read::{ReadError, RingRead, SharedRing, SignOfLife, WriterState};
pub use reader::RingReader;
pub use storage::{ReadStorage, StorageError, WriteStorage};
pub use writer::{RingWriter, WriteError};
