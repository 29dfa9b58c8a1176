#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod copied;
mod format;
mod mirror;
mod pending;
mod queue;
mod reader;

#[cfg(target_arch = "wasm32")]
pub mod js;

pub use answer::answer;
pub use copied::{BlockError, CopiedRing};
pub use format::{NewRingError, ring_format};
pub use mirror::HeaderMirror;
pub use pending::{PendingRequests, Transport};
pub use queue::{MAX_RESPONSE_BYTES, QUEUE_BYTES, QueueMemory, RequestQueue, SLOTS, SUBMITTED};
pub use reader::{MAX_VALUES, ReaderError, latest, spectrogram, waveform, whole_waveform};
