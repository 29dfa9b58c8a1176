//! What exists in the browser only: rings and queues in JavaScript buffers, messages.

mod create;
mod queue;
mod transport;
mod words;

pub use create::{create_request_queue, create_ring, new_extension, ring_layout};
pub use queue::SharedQueue;
pub use transport::{MessageTransport, SharedTransport};
pub use words::{JsWords, NoWordsError};
