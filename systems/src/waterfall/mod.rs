//! The height field: rows of levels kept as a ring texture per channel, and where each channel's
//! surface stands.
//!
//! Two *sets* of layers take turns: while a new analysis fills one, the other stays on screen.
//! Nothing here draws; it packs bytes and computes numbers.

mod field;
mod grid;
mod terrace;

pub use field::{
    FieldState, Grid, HeightField, HeightFieldSize, HeightUpload, HeightUploads, SETS,
    STATE_TEXELS, stage_rows, stage_state,
};
pub use grid::{GridSize, surface_grid};
pub use terrace::{Terrace, Terraces, terraces};
