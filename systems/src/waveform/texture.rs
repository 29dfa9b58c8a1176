//! How much a texture of lanes holds.

use bevy_ecs::prelude::*;

/// Entries along the time axis of a texture of lanes.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneWidth(pub u32);

impl Default for LaneWidth {
    fn default() -> Self {
        Self(2048)
    }
}

/// Frames of the shortest entries with which a span fits a texture of so many columns, a power of two.
pub(super) fn entry_frames_for(span_frames: f64, width: u32) -> u64 {
    let frames = (span_frames / room(width)).ceil().max(1.0);
    (frames as u64)
        .checked_next_power_of_two()
        .unwrap_or(1 << 63)
}

/// Columns of a texture that a span may take: room is left for those that arrive before the oldest one leaves.
fn room(width: u32) -> f64 {
    (f64::from(width) * 0.96 - 8.0).max(1.0)
}
