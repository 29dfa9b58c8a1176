//! What a running capture reports: events, and the state of its source.

use soundfall_ring::GapReason;

/// Something that happened while capturing, in the order it happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CaptureEvent {
    /// A span was lost; the ring holds zeros there, and the gap table names it.
    Gap {
        /// First lost frame (absolute).
        start_frame: u64,
        /// Length in frames.
        length_frames: u64,
        /// Why.
        reason: GapReason,
    },
    /// The device reported that it lost sound itself, of unknown length.
    Xrun,
    /// The sound system moved the stream to another device; it goes on.
    DeviceChanged {
        /// What the sound system said.
        message: String,
    },
    /// The device is gone; nothing more arrives.
    DeviceLost {
        /// What the sound system said.
        message: String,
    },
    /// The file started again.
    Looped,
    /// The file is at its end; nothing more arrives.
    Ended,
    /// Something went wrong that did not end the capture, or that ended it where the state says so.
    Warning {
        /// What, in one line.
        message: String,
    },
}

/// Whether the source still delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceState {
    /// It delivers.
    #[default]
    Running,
    /// It came to its end (a file that is not looped).
    Ended,
    /// It is gone (an unplugged device, a file that could not be read on).
    Lost,
}
