//! Exploring a stream: points and spans of it that every view shows at its own place, and how a view is
//! moved through it.

mod glide;
mod points;
mod sight;

pub use glide::{Glide, MoveView, Push, move_views};
pub use points::{AnnotationOf, Annotations, Cursor, Marker, Selection, StreamPoint, StreamSpan};
pub use sight::{Bounds, MIN_SPAN_FRAMES, Sight};
