//! Waveform lanes: minimum, maximum and RMS of every shown channel at powers of two over time,
//! and the newest of them packed for the picture.
//!
//! The envelopes live in one store that travels into a task with new samples to read and comes
//! back; no lock, and nobody waits. A change of the span only picks another level of the store.

mod lanes;
mod set;
mod store;

pub use lanes::{
    LANE_TEXELS, LaneField, LaneJob, LaneState, LaneUploads, LaneWidth, collect_lanes, send_lanes,
    stage_lane_state, stage_lanes,
};
pub use set::LaneUpload;
pub use store::{LaneStore, LaneRequest};
