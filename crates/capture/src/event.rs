//! Events of a running capture, and the state of its source.

use soundfall_ring::GapReason;
use soundfall_ring_file::RingLoss;

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
    /// The device reported that it lost sound itself. Where its clock tells how much, a gap of that length stands in
    /// the ring (and its own event came before); where not, time is off by an unknown amount from this frame on.
    Xrun {
        /// Frame at which the sound is missing (absolute).
        at_frame: u64,
        /// Length of the loss in frames; `None` where it is unknown.
        length_frames: Option<u64>,
    },
    /// The sound system moved the stream to another device; it goes on.
    DeviceChanged {
        /// What the sound system said.
        message: String,
    },
    /// The device is gone or gives no sound. The capture goes on: it looks for the device until it is back, and the
    /// ring stands still meanwhile.
    DeviceLost {
        /// Cause, in one line.
        message: String,
    },
    /// Sound returns after a loss. The time between is a gap in the ring (its event came before).
    Reconnected {
        /// The device: the same one, or for the default device the new default.
        device: String,
    },
    /// The device came back with another rate or channel count than the ring has. This capture is over; a new one
    /// makes a new ring of the new shape.
    Reshaped {
        /// The device.
        device: String,
        /// Its id, which may be another one than it was.
        id: String,
        /// Its channel count now.
        channels: u32,
        /// Its sampling rate now, in Hz.
        rate: u32,
    },
    /// The file started again: nothing is missing, but the signal is discontinuous here.
    Looped {
        /// First frame of the new pass (absolute).
        at_frame: u64,
    },
    /// The ring is no longer what and where it was. The capture goes on, and so do its recordings; a new ring is made,
    /// unless somebody else's file lies in its place.
    RingLost {
        /// What became of it.
        loss: RingLoss,
    },
    /// A new ring lies where the lost one was; readers open it.
    RingRenewed {
        /// The frame of the capture that is the new ring's first one.
        at_frame: u64,
    },
    /// A thread of the capture failed by a fault of this program. The capture is over, and a new one can be started.
    Failed {
        /// What, in one line.
        message: String,
    },
    /// The system refuses the writer thread a real-time priority. It runs without; under heavy load sound may be
    /// lost. Sent once at most.
    PriorityRefused {
        /// Reason and advice, in one line.
        message: String,
    },
    /// The file has ended; no more frames arrive.
    Ended,
    /// A failure that does not end the capture, or that ends it where the state says so.
    Warning {
        /// The failure, in one line.
        message: String,
    },
}

/// Whether the source still delivers. Only `CaptureStats::finished` says that nothing more will come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceState {
    /// It delivers.
    #[default]
    Running,
    /// It came to its end: a file that is not looped, or a device that came back with another shape.
    Ended,
    /// It is gone: an unplugged device (which may come back), a file that could not be read on.
    Lost,
    /// A thread of the capture failed; the capture is over.
    Failed,
}

/// How the writer thread is scheduled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriterPriority {
    /// It has not started yet.
    #[default]
    NotAsked,
    /// Real-time: ahead of all ordinary threads.
    RealTime,
    /// As an ordinary thread: the system refused more.
    Ordinary,
}
