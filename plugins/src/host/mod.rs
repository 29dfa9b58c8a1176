//! What the display runs in: a window, or a picture off-screen. Chosen by the program, once.

mod adapter;
mod base;
mod headless;
mod snapshot;

pub use adapter::{Graphics, display_reachable, find_graphics};
pub use base::{Target, add_base, target_image};
pub use headless::Headless;
pub use snapshot::{SnapshotError, write_png};
