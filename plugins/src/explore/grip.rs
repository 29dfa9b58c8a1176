//! What of a view is under a point of the picture.

use bevy::{ecs::query::QueryData, prelude::*};
use bevy_egui::egui;
use soundfall_systems::{layout::ViewArea, waterfall::SurfaceLayout};

use crate::projection::{Projection, ViewCamera, on_surface};

/// A view that can be taken hold of.
#[derive(QueryData)]
pub(super) struct HeldView {
    pub entity: Entity,
    pub area: &'static ViewArea,
    pub camera: &'static ViewCamera,
    surfaces: &'static SurfaceLayout,
    place: &'static GlobalTransform,
}

/// What is under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Grip {
    /// The lanes, at a place along their time: 0 is the newest end.
    Lanes { time: f64 },
    /// A surface, by its number, at a place along its time and its frequency axis.
    Surface {
        number: usize,
        time: f64,
        frequency: f64,
    },
    /// Nothing that is sound; the nearest surface at its place.
    Sky { time: f64 },
}

impl Grip {
    /// The place along the frequency axis, from the lowest one shown; none beside the surfaces.
    pub fn frequency(self) -> Option<f64> {
        match self {
            Self::Surface { frequency, .. } => Some(frequency),
            Self::Lanes { .. } | Self::Sky { .. } => None,
        }
    }

    /// The place along the time axis, 0 at the front edge.
    pub fn time(self) -> f64 {
        match self {
            Self::Lanes { time } | Self::Surface { time, .. } | Self::Sky { time } => time,
        }
    }
}

impl HeldViewItem<'_, '_> {
    /// What is at a point in physical pixels of the picture; none outside the view.
    pub fn grip(&self, cameras: &Query<(&Camera, &GlobalTransform)>, at: Vec2) -> Option<Grip> {
        let inside = |area: URect| area.as_rect().contains(at);
        if inside(self.area.lanes) {
            return Some(self.on_lanes(at));
        }
        inside(self.area.scene)
            .then(|| self.in_scene(cameras, at))
            .flatten()
    }

    /// The same of a point that may have left what `held` is on.
    pub fn held(
        &self,
        cameras: &Query<(&Camera, &GlobalTransform)>,
        held: Grip,
        at: Vec2,
    ) -> Option<Grip> {
        match held {
            Grip::Lanes { .. } => Some(self.on_lanes(at)),
            Grip::Surface { number, .. } => {
                let place = self.surfaces.places.get(number)?;
                let on = on_surface(place, self.floor(cameras, at)?);
                Some(Grip::Surface {
                    number,
                    time: f64::from(on.y),
                    frequency: f64::from(on.x),
                })
            }
            Grip::Sky { .. } => Some(held),
        }
    }

    fn on_lanes(&self, at: Vec2) -> Grip {
        let (min, max) = (self.area.lanes.min.as_vec2(), self.area.lanes.max.as_vec2());
        let time = f64::from(max.x - at.x) / f64::from((max.x - min.x).max(1.0));
        Grip::Lanes { time }
    }

    fn floor(&self, cameras: &Query<(&Camera, &GlobalTransform)>, at: Vec2) -> Option<Vec3> {
        let (camera, stands) = cameras.get(self.camera.camera()).ok()?;
        let project = Projection::new(camera, stands, self.place, self.area);
        let at = at / self.area.points.max(0.01);
        project.on_floor(egui::pos2(at.x, at.y))
    }

    fn in_scene(&self, cameras: &Query<(&Camera, &GlobalTransform)>, at: Vec2) -> Option<Grip> {
        let Some(point) = self.floor(cameras, at) else {
            // Above the horizon is the far end.
            return Some(Grip::Sky { time: 1.0 });
        };
        let places = self.surfaces.places.iter().enumerate();
        let beside = |on: Vec2| on.distance_squared(on.clamp(Vec2::ZERO, Vec2::ONE));
        let (number, on) = places
            .map(|(number, place)| (number, on_surface(place, point)))
            .min_by(|(_, a), (_, b)| beside(*a).total_cmp(&beside(*b)))?;
        let (time, frequency) = (f64::from(on.y), f64::from(on.x));
        Some(if beside(on) > 0.0 {
            Grip::Sky {
                time: time.clamp(0.0, 1.0),
            }
        } else {
            Grip::Surface {
                number,
                time,
                frequency,
            }
        })
    }
}
