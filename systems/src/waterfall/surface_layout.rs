//! Where the channels stand: one surface alone, a few side by side, many in rising rows.
//!
//! World units: x to the right (frequency), y up (level), z towards the viewer (time, now in
//! front). The whole arrangement is centred on the origin and about 20 units wide.

use bevy_ecs::prelude::*;
use bevy_math::Vec3;

/// Width of the whole arrangement.
const STAGE_WIDTH: f32 = 20.0;
/// Gap between surfaces, as a part of a surface's width.
const GAP: f32 = 0.12;

/// The place of one channel's surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfacePlace {
    /// Middle of the floor.
    pub centre: Vec3,
    /// Extent in x, y and z; y is the height of the top of the dB range.
    pub size: Vec3,
    /// Row from the front, 0 first.
    pub row: u32,
    /// Column from the left, 0 first.
    pub column: u32,
}

/// The places of all surfaces of a view and what encloses them.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct SurfaceLayout {
    /// One a slot.
    pub places: Vec<SurfacePlace>,
    /// Half extents of everything around the origin.
    pub half_size: Vec3,
    /// Surfaces beside each other.
    pub columns: u32,
    /// Rows behind each other.
    pub rows: u32,
}

/// Columns and rows for a number of surfaces: about twice as many side by side as behind each
/// other, without holes where the number allows.
fn arrangement(count: u32) -> (u32, u32) {
    let count = count.max(1);
    let columns = if count <= 4 {
        count
    } else {
        let share = |times: f64| (f64::from(count) * times).sqrt();
        let (few, many) = (share(1.5).ceil() as u32, share(4.0).floor() as u32);
        (few..=many)
            .rev()
            .find(|columns| count.is_multiple_of(*columns))
            .unwrap_or(share(2.0).ceil() as u32)
    };
    (columns, count.div_ceil(columns))
}

impl Default for SurfaceLayout {
    fn default() -> Self {
        surface_layout(1, 1.0)
    }
}

/// Places `count` surfaces.
#[must_use]
pub fn surface_layout(count: usize, height_scale: f32) -> SurfaceLayout {
    let count = count.clamp(1, 4096) as u32;
    let (columns, rows) = arrangement(count);
    let width = STAGE_WIDTH / (columns as f32 + GAP * (columns - 1) as f32);
    let pitch_x = width * (1.0 + GAP);
    // Deep when alone; as rows are added each becomes shallower, the whole a little deeper.
    let total_depth = if rows > 1 {
        10.0 + 1.5 * rows.min(6) as f32
    } else {
        13.0
    };
    let gap_z = if rows > 1 { 0.16 } else { 0.0 };
    let depth = total_depth / (rows as f32 + gap_z * (rows - 1) as f32);
    let pitch_z = depth * (1.0 + gap_z);
    let height = (width * 0.36).clamp(0.9, 3.6) * height_scale;
    let rise = if rows > 1 { height * 0.55 } else { 0.0 };
    let places = (0..count)
        .map(|slot| {
            let (row, column) = (slot / columns, slot % columns);
            SurfacePlace {
                centre: Vec3::new(
                    (column as f32 - (columns - 1) as f32 / 2.0) * pitch_x,
                    row as f32 * rise,
                    ((rows - 1) as f32 / 2.0 - row as f32) * pitch_z,
                ),
                size: Vec3::new(width, height, depth),
                row,
                column,
            }
        })
        .collect();
    SurfaceLayout {
        places,
        half_size: Vec3::new(
            STAGE_WIDTH / 2.0,
            (rise * (rows - 1) as f32 + height) / 2.0,
            total_depth / 2.0,
        ),
        columns,
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surfaces_never_overlap() {
        for count in 1..=64 {
            let all = surface_layout(count, 1.0);
            assert_eq!(all.places.len(), count);
            for (i, a) in all.places.iter().enumerate() {
                for b in &all.places[i + 1..] {
                    let apart_x = (a.centre.x - b.centre.x).abs() >= a.size.x - 1e-4;
                    let apart_z = (a.centre.z - b.centre.z).abs() >= a.size.z - 1e-4;
                    assert!(apart_x || apart_z, "{count} channels: {a:?} and {b:?}");
                }
            }
        }
    }
}
