//! What is seen: a window of time and levels over the rows of an analysis. Every view is an entity;
//! what is drawn of it are its children.

mod relations;
mod settings;
mod time_window;

pub use relations::{ComparedViews, ComparedWith, FocusedView, View, ViewOf, Views, focus_view};
pub use settings::{MAX_CHANNELS, ProgramSettings, ViewSettings};
pub use time_window::{Follow, TimeWindow, move_time_windows};
