//! The height field: rows of levels kept as ring textures, one layer a channel and level, and
//! where each channel's surface stands. Nothing here draws; it packs bytes and computes numbers.

mod field;
mod grid;
mod stage;
mod state;
mod surface_layout;

pub use field::{Allocation, AllocationIds, HeightField, HeightFieldSize};
pub use grid::{GridSize, surface_grid};
pub use stage::{HeightPart, HeightUpload, HeightUploads, stage_rows};
pub use state::{DrawnChannel, FieldState, FieldTexels, arrange_surfaces, stage_state};
pub use surface_layout::{SurfaceLayout, SurfacePlace, surface_layout};
