//! Points and spans of a stream: cursors, markers and selections, in the stream's own coordinates: frame, Hz and
//! channel.

use std::ops::Range;

use bevy_ecs::prelude::*;

/// The stream that a cursor, marker or selection belongs to.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Annotations)]
pub struct AnnotationOf(pub Entity);

/// Cursors, markers and selections of a stream; they go with it.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = AnnotationOf, linked_spawn)]
pub struct Annotations(Vec<Entity>);

/// A point in time, frequency and channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamPoint {
    /// Absolute frame.
    pub frame: f64,
    /// Hz.
    pub hz: f64,
    /// Channel of the stream.
    pub channel: u32,
}

/// A point that is looked at.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Cursor(pub StreamPoint);

/// A place with a name.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct Marker {
    /// Where it is.
    pub span: StreamSpan,
    /// What the user calls it.
    pub name: String,
}

/// What commands like save, play and measure work on.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct Selection(pub StreamSpan);

/// A span of time, of a band where one is given, of a channel where one is given.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSpan {
    /// Absolute frames; an empty range is a moment.
    pub frames: Range<u64>,
    /// Lower and upper end in Hz; all frequencies without it.
    pub band_hz: Option<(f64, f64)>,
    /// A channel of the stream; all without it.
    pub channel: Option<u32>,
}
