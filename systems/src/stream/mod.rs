//! What is heard: the history of a sound as the display reads it, what is known of its writer, and
//! its clock.

mod clock;
mod status;

pub use clock::{StreamClock, advance_clock};
pub use status::{
    Control, Source, SourceControl, SourceProbe, StreamStatus, WriterHealth, adopt_source,
    poll_source,
};
