//! Waveform lanes: minimum, maximum and RMS of every shown channel at powers of two over time,
//! and those that a view shows packed for its picture.
//!
//! The envelopes of some channels of a stream are an entity, shared by all views that show these
//! channels. They live in a store that takes in base entries as responses bring them; no lock, and
//! nothing waits. A change of the span only picks another level of the store. Those of the whole history are as fine as
//! there is room for; a view that looks closer gets envelopes of what it sees, down to single samples.

mod envelopes;
mod lanes;
mod set;
mod store;
mod texture;

pub use envelopes::{
    EnvelopeJob, EnvelopeWindow, Envelopes, EnvelopesOf, StreamEnvelopes, collect_envelopes,
    send_envelopes,
};
pub use lanes::{
    LaneField, LaneState, LaneTexels, LaneUploads, fit_lanes, forget_lanes, stage_lane_state,
    stage_lanes,
};
pub use set::LaneUpload;
pub use store::LaneStore;
pub use texture::LaneWidth;
