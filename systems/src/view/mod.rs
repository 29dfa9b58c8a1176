//! What is seen: a window of time and levels over the rows of an analysis. Every view is an entity;
//! what is drawn of it are its children.

mod entity;
mod relations;
mod settings;
mod time_window;

pub use entity::{FocusedView, View, focus_view};
pub use relations::{ComparedViews, ComparedWith, ViewOf, Views};
pub use settings::{MAX_CHANNELS, ProgramSettings, ViewSettings};
pub use time_window::{Follow, TimeWindow, move_time_windows};
