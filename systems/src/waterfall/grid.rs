//! The grid every surface is drawn with: flat here, displaced on the graphics card.
//!
//! A vertex carries no position in space but its place in the grid: x is the frequency 0…1, y is 1
//! on the surface and 0 at the foot of the skirt that closes it to a solid block, z is the index
//! of the grid row, 0 in front.

use bevy_asset::RenderAssetUsages;
use bevy_mesh::{Indices, Mesh, PrimitiveTopology};

/// Vertices of a surface, without the skirt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GridSize {
    /// Along the frequency axis.
    pub columns: u32,
    /// Along time.
    pub rows: u32,
}

impl GridSize {
    /// A grid for a number of surfaces: the more there are the smaller each is on the screen.
    #[must_use]
    pub fn for_surfaces(count: usize) -> Self {
        let (columns, rows) = match count {
            0 | 1 => (512, 514),
            2 => (320, 386),
            3..=4 => (256, 342),
            5..=8 => (192, 258),
            9..=16 => (128, 206),
            _ => (96, 130),
        };
        Self { columns, rows }
    }
}

/// Builds the grid with its skirt.
#[must_use]
pub fn surface_grid(size: GridSize) -> Mesh {
    let (columns, rows) = (size.columns.max(2), size.rows.max(3));
    // One ring of vertices more on each side: the same places at the foot.
    let (across, along) = (columns + 2, rows + 2);
    let mut positions = Vec::with_capacity((across * along) as usize);
    for j in 0..along {
        let row = j.saturating_sub(1).min(rows - 1);
        for i in 0..across {
            let column = i.saturating_sub(1).min(columns - 1);
            let foot = i == 0 || j == 0 || i == across - 1 || j == along - 1;
            positions.push([
                column as f32 / (columns - 1) as f32,
                if foot { 0.0 } else { 1.0 },
                row as f32,
            ]);
        }
    }
    let mut indices = Vec::with_capacity(((across - 1) * (along - 1) * 6) as usize);
    for j in 0..along - 1 {
        for i in 0..across - 1 {
            let a = j * across + i;
            let (b, c, d) = (a + 1, a + across, a + across + 1);
            indices.extend_from_slice(&[a, b, c, b, d, c]);
        }
    }
    Mesh::new(
        PrimitiveTopology::TriangleList,
        RenderAssetUsages::RENDER_WORLD,
    )
    .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, positions)
    .with_inserted_indices(Indices::U32(indices))
}
