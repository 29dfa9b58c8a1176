//! Points of the scene to points of the picture, many at a time. Never draws.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::{camera::Layout, waterfall::SurfacePlace};

/// The scene's camera at this moment.
pub(crate) struct Projector {
    clip_from_world: Mat4,
    /// Points of text of the scene's area.
    size: Vec2,
}

impl Projector {
    pub(crate) fn new(camera: &Camera, transform: &GlobalTransform, layout: &Layout) -> Self {
        let view_from_world = transform.to_matrix().inverse();
        Self {
            clip_from_world: camera.clip_from_view() * view_from_world,
            size: layout.scene.size().as_vec2() / layout.points,
        }
    }

    /// Where a point is seen, in points of text; none behind the camera or outside the scene.
    pub(crate) fn at(&self, point: Vec3) -> Option<egui::Pos2> {
        let clip = self.clip_from_world * point.extend(1.0);
        if clip.w <= 1e-6 {
            return None;
        }
        let (x, y) = (clip.x / clip.w, clip.y / clip.w);
        let inside = x.abs() <= 1.0 && y.abs() <= 1.0;
        inside.then(|| egui::pos2((x + 1.0) * 0.5 * self.size.x, (1.0 - y) * 0.5 * self.size.y))
    }

    /// How wide the front edge of a surface is seen; 0 where it is not.
    pub(crate) fn front_width(&self, place: &SurfacePlace) -> f32 {
        let end = |x| self.at(front(place, x, 0.0));
        match (end(0.02), end(0.98)) {
            (Some(left), Some(right)) => left.distance(right) / 0.96,
            _ => 0.0,
        }
    }
}

/// A point over the front edge: `x` along the frequency axis and `height` up to the top of the
/// range, both 0…1.
pub(crate) fn front(place: &SurfacePlace, x: f32, height: f32) -> Vec3 {
    place.centre
        + Vec3::new(
            (x - 0.5) * place.size.x,
            height * place.size.y,
            place.size.z / 2.0,
        )
}
