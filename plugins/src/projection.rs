//! The camera of a view, and points of its scene to points of the picture. All labels and curves find their places here.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::{layout::ViewArea, waterfall::SurfacePlace};

/// The view that a camera shows.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = ViewCamera)]
pub struct CameraOf(pub Entity);

/// The camera of a view; it goes with it.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship_target(relationship = CameraOf, linked_spawn)]
pub struct ViewCamera(Entity);

impl ViewCamera {
    /// The camera.
    #[must_use]
    pub fn camera(&self) -> Entity {
        self.0
    }
}

/// The camera of a view at this moment.
pub(crate) struct Projection {
    clip_from_view_space: Mat4,
    /// The scene's area, in points of text.
    origin: Vec2,
    size: Vec2,
}

impl Projection {
    /// `view` is where the view itself stands, `camera` where its camera does.
    pub(crate) fn new(
        camera: &Camera,
        at: &GlobalTransform,
        view: &GlobalTransform,
        area: &ViewArea,
    ) -> Self {
        let camera_from_world = at.to_matrix().inverse();
        Self {
            clip_from_view_space: camera.clip_from_view() * camera_from_world * view.to_matrix(),
            origin: area.scene.min.as_vec2() / area.points,
            size: area.scene.size().as_vec2() / area.points,
        }
    }

    /// Where a point is seen, in points of text; none behind the camera or outside the scene.
    pub(crate) fn at(&self, point: Vec3) -> Option<egui::Pos2> {
        let clip = self.clip_from_view_space * point.extend(1.0);
        if clip.w <= 1e-6 {
            return None;
        }
        let (x, y) = (clip.x / clip.w, clip.y / clip.w);
        let inside = x.abs() <= 1.0 && y.abs() <= 1.0;
        inside.then(|| {
            let at = self.origin + Vec2::new((x + 1.0) * 0.5, (1.0 - y) * 0.5) * self.size;
            egui::pos2(at.x, at.y)
        })
    }

    /// Where the line of sight through a point of the picture, in points of text, meets the floor: in the space of the
    /// view. None above the horizon.
    pub(crate) fn on_floor(&self, at: egui::Pos2) -> Option<Vec3> {
        let place = (Vec2::new(at.x, at.y) - self.origin) / self.size.max(Vec2::splat(1e-3));
        let clip = Vec2::new(2.0 * place.x - 1.0, 1.0 - 2.0 * place.y);
        let inverse = self.clip_from_view_space.inverse();
        // Depth is reversed: the near plane is at 1.
        let near = inverse.project_point3(clip.extend(1.0));
        let way = inverse.project_point3(clip.extend(0.5)) - near;
        let far = -near.y / way.y;
        (far > 0.0 && far.is_finite()).then(|| near + far * way)
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

/// Where a point is on the floor of a surface: along the frequency axis from the left, and along time from the front
/// edge back; both 0…1 on the surface.
pub(crate) fn on_surface(place: &SurfacePlace, point: Vec3) -> Vec2 {
    let from = point - place.centre;
    Vec2::new(from.x / place.size.x + 0.5, 0.5 - from.z / place.size.z)
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
