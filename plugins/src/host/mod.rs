//! What the display runs in: a window, or a picture off-screen. Chosen by the program, once.

mod adapter;
mod base;
#[cfg(all(unix, not(target_os = "macos")))]
mod display;
#[cfg(not(target_arch = "wasm32"))]
mod headless;
#[cfg(not(target_arch = "wasm32"))]
mod recovery;
#[cfg(not(target_arch = "wasm32"))]
mod snapshot;
#[cfg(not(target_arch = "wasm32"))]
mod threads;

pub use adapter::Graphics;
#[cfg(not(target_arch = "wasm32"))]
pub use adapter::{display_reachable, find_graphics};
pub use base::{BROWSER_BACKENDS, Target, add_base, target_image};
#[cfg(not(target_arch = "wasm32"))]
pub use headless::Headless;
#[cfg(not(target_arch = "wasm32"))]
pub use recovery::GraphicsLoss;
#[cfg(not(target_arch = "wasm32"))]
pub use snapshot::{SnapshotError, write_png};
#[cfg(not(target_arch = "wasm32"))]
pub use threads::{TooFewThreads, check_threads};
