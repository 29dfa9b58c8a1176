//! How the picture is divided, and where the camera stands until it is moved: so that every
//! surface is in view.

use bevy_ecs::prelude::*;
use bevy_math::{Quat, URect, UVec2, Vec3};

use crate::waterfall::SurfaceLayout;

/// Width of the control panel with its margins, in points of text.
pub const PANEL_POINTS: f32 = 286.0;

/// Width of the strip of instruments with its right margin, in points of text.
pub const STRIP_POINTS: f32 = 268.0;

/// Where a view is on the picture, in physical pixels of it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ViewArea {
    /// All of the view.
    pub area: URect,
    /// The scene.
    pub scene: URect,
    /// The lanes.
    pub lanes: URect,
    /// Instruments beside the scene; empty where there are none.
    pub strip: URect,
    /// Physical pixels a point of text is made of.
    pub points: f32,
}

/// Divides a picture among views: side by side where it is wide, behind each other where it is
/// tall.
#[must_use]
pub fn view_areas(size: UVec2, count: usize) -> Vec<URect> {
    let count = count.max(1) as u32;
    let aspect = size.x.max(1) as f32 / size.y.max(1) as f32;
    let columns = ((count as f32 * aspect / 1.2).sqrt().round() as u32).clamp(1, count);
    let rows = count.div_ceil(columns);
    (0..count)
        .map(|index| {
            let (row, column) = (index / columns, index % columns);
            // The last row is as wide as the others, whatever its number.
            let in_row = if row == rows - 1 {
                count - row * columns
            } else {
                columns
            };
            URect::new(
                size.x * column / in_row,
                size.y * row / rows,
                size.x * (column + 1) / in_row,
                size.y * (row + 1) / rows,
            )
        })
        .collect()
}

/// Physical pixels of a point of text on a picture of a height: text grows with the picture, so
/// that a 4K wall reads like a 1080p screen. `scale` is the display's own scale factor.
#[must_use]
pub fn text_points(height: u32, scale: f32) -> f32 {
    (height as f32 / 1080.0).max(0.75).max(scale)
}

impl ViewArea {
    /// Divides the area of a view with so many channels; `points` are those of [`text_points`].
    #[must_use]
    pub fn new(area: URect, points: f32, channels: u32) -> Self {
        let (width, height) = (area.width().max(64), area.height().max(64));
        let share = (0.12 + 0.022 * channels as f32).clamp(0.15, 0.34);
        let lanes = (height as f32 * share) as u32;
        let margin = |points_wide: f32| (points_wide * points) as u32;
        let (left, right, foot) = (margin(58.0), margin(14.0), margin(26.0));
        let top = height.saturating_sub(lanes + foot).max(height / 3);
        let (x, y) = (area.min.x, area.min.y);
        Self {
            area,
            scene: URect::new(x, y, x + width, y + top.max(16)),
            lanes: URect::new(
                x + left.min(width / 4),
                y + top,
                x + width - right.min(width / 4),
                y + (top + lanes).min(height),
            ),
            strip: URect::default(),
            points,
        }
    }

    /// The same with the scene beside an open panel at the right end of the picture, where there
    /// is room.
    #[must_use]
    pub fn beside_panel(mut self, picture_width: u32) -> Self {
        let beside = (PANEL_POINTS * self.points) as u32;
        let free = picture_width.saturating_sub(beside);
        if self.scene.max.x > free && self.scene.width() > 3 * beside {
            self.scene.max.x = free;
        }
        self
    }

    /// The same with a strip of instruments at the right of the scene, where there is room.
    #[must_use]
    pub fn with_strip(mut self) -> Self {
        let wide = (STRIP_POINTS * self.points) as u32;
        if wide * 2 < self.scene.width() {
            self.strip = self.scene;
            self.scene.max.x -= wide;
            self.strip.min.x = self.scene.max.x;
        }
        self
    }
}

/// Vertical field of view, radians.
pub const FIELD_OF_VIEW: f32 = 0.6;

/// An orbit around a focus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Framing {
    /// What it looks at.
    pub focus: Vec3,
    /// Distance.
    pub radius: f32,
    /// Around the vertical, radians.
    pub yaw: f32,
    /// Above the horizon, radians.
    pub pitch: f32,
}

impl Framing {
    /// Position of the eye.
    #[must_use]
    pub fn eye(&self) -> Vec3 {
        let turn = Quat::from_rotation_y(self.yaw) * Quat::from_rotation_x(-self.pitch);
        self.focus + turn * Vec3::new(0.0, 0.0, self.radius)
    }
}

/// The home framing of an arrangement in a view of a given width over height.
#[must_use]
pub fn home(surface_layout: &SurfaceLayout, aspect: f32) -> Framing {
    let pitch = if surface_layout.rows > 1 { 0.62 } else { 0.47 };
    let yaw = match (surface_layout.rows, surface_layout.columns) {
        (1, 1) => 0.26,
        (1, _) => 0.2,
        _ => 0.0,
    };
    let half = surface_layout.half_size;
    let focus = Vec3::new(0.0, half.y * 0.5, half.z * 0.1);
    let mut framing = Framing {
        focus,
        radius: 10.0,
        yaw,
        pitch,
    };
    // Move back until every corner of the enclosing box is inside the view, with room for labels.
    // The labels stand in front and at the right.
    let (front, right) = (half.z + 1.1, half.x + 1.0);
    let corners = [
        Vec3::new(-half.x, 0.0, front),
        Vec3::new(right, 0.0, front),
        Vec3::new(-half.x, 2.0 * half.y, -half.z),
        Vec3::new(half.x, 2.0 * half.y, -half.z),
        Vec3::new(right, 0.0, -half.z),
    ];
    let (tan_y, tan_x) = {
        let t = (FIELD_OF_VIEW / 2.0).tan();
        (t * 0.93, t * aspect.max(0.2) * 0.92)
    };
    for _ in 0..200 {
        let eye = framing.eye();
        let look = bevy_math::Mat4::look_at_rh(eye, framing.focus, Vec3::Y);
        let fits = corners.iter().all(|corner| {
            let p = look.transform_point3(*corner);
            p.z < -0.1 && p.x.abs() <= -p.z * tan_x && p.y.abs() <= -p.z * tan_y
        });
        if fits {
            break;
        }
        framing.radius *= 1.02;
    }
    framing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waterfall::surface_layout;

    #[test]
    fn everything_is_in_view() {
        for count in [1, 2, 8, 64] {
            for aspect in [0.6_f32, 1.78, 3.5] {
                let all = surface_layout(count, 1.0);
                let framing = home(&all, aspect);
                let look = bevy_math::Mat4::look_at_rh(framing.eye(), framing.focus, Vec3::Y);
                let tan = (FIELD_OF_VIEW / 2.0).tan();
                for place in &all.places {
                    let p = look.transform_point3(place.centre);
                    assert!(
                        p.z < 0.0 && p.y.abs() <= -p.z * tan && p.x.abs() <= -p.z * tan * aspect
                    );
                }
            }
        }
    }
}
