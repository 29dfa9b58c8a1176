//! Levels over time at powers of two, kept up as data arrives. Never loses an extreme, never
//! touches old entries again, never takes more memory than what is kept needs.

mod entries;
mod envelope_pyramid;
mod max_rows;

pub use envelope_pyramid::{BASE_FRAMES, EnvelopePyramid};
pub use max_rows::{MaxRow, MaxRows, fold_max};
