//! What is seen of a stream.

mod settings;

pub use settings::{MAX_CHANNELS, View};
