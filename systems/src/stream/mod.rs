//! What is heard: the history of a sound as the display reads it, what is known of its writer, and
//! its clock. Every stream is an entity.

mod clock;
mod poll;
mod status;
mod switch;

pub use clock::StreamClock;
pub use poll::{advance_clocks, poll_streams};
pub use status::{SourceCounts, SourceProbe, Stream, StreamStatus, WriterHealth};
pub use switch::{SourceControl, SourceSwitch, adopt_sources};

pub use soundfall_analysis::{History, Recording, RingHistory, SharedHistory};
