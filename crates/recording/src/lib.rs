//! Audio files as histories: any length, open at once, decoded where they are looked at, a bounded number of blocks
//! kept. Knows nothing of displays and analyses nothing.

mod blocks;
mod file;

pub use file::{FileHistory, OpenError};
