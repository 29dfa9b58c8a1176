//! What is heard: the history of a sound as the display reads it, what is known of its writer, and
//! its clock. Every stream is an entity.

mod clock;
mod status;
mod switch;

pub use clock::{StreamClock, advance_clocks};
pub use status::{SourceProbe, Stream, StreamStatus, WriterHealth, poll_streams};
pub use switch::{SourceControl, SourceSwitch, adopt_sources};
