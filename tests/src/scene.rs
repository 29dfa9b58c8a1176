//! Where things must be in a rendered picture: the home camera's projection, worked out here
//! from the public geometry, not read from the program.

use crate::picture::Picture;
use bevy_math::{Mat4, URect, Vec3};
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_systems::layout::{FIELD_OF_VIEW, ViewArea, home, text_points};
use soundfall_systems::waterfall::{SurfaceLayout, surface_layout};

/// The scene of a picture with so many surfaces, seen from the home camera.
pub struct Scene {
    area: ViewArea,
    places: SurfaceLayout,
    clip_from_world: Mat4,
    axis: FrequencyAxis,
}

impl Scene {
    /// With the default frequency axis at this rate.
    pub fn new(width: u32, height: u32, surfaces: usize, rate: f64) -> Self {
        let whole = URect::new(0, 0, width, height);
        let area = ViewArea::new(whole, text_points(height, 1.0), surfaces as u32);
        let places = surface_layout(surfaces, 1.0);
        let aspect = area.scene.width() as f32 / area.scene.height() as f32;
        let framing = home(&places, aspect);
        let view = Mat4::look_at_rh(framing.eye(), framing.focus, Vec3::Y);
        let lens = Mat4::perspective_rh(FIELD_OF_VIEW, aspect, 0.1, 1000.0);
        let top = (rate / 2.0).min(20_000.0);
        Self {
            area,
            places,
            clip_from_world: lens * view,
            axis: FrequencyAxis::new(Scale::Log, 30.0, top, 512).expect("an axis"),
        }
    }

    /// The pixel of a frequency at an age (0 now, 1 the oldest) and height (0 floor, 1 top) on a
    /// surface.
    pub fn pixel(&self, surface: usize, hertz: f64, age: f32, height: f32) -> (f32, f32) {
        let place = self.places.places[surface];
        let there = place.centre
            + Vec3::new(
                (self.axis.position(hertz) as f32 - 0.5) * place.size.x,
                height * place.size.y,
                (0.5 - age) * place.size.z,
            );
        let ndc = self.clip_from_world.project_point3(there);
        let size = self.area.scene.size().as_vec2();
        ((ndc.x * 0.5 + 0.5) * size.x, (0.5 - ndc.y * 0.5) * size.y)
    }

    /// Frequency of a ridge near `hertz` whose crest is at `height`: along the row of pixels where
    /// the crest must be at this age, the middle of the brightest ones.
    pub fn ridge(
        &self,
        picture: &Picture,
        surface: usize,
        hertz: f64,
        age: f32,
        height: f32,
    ) -> f64 {
        let (x, y) = self.pixel(surface, hertz, age, height);
        let reach = 60;
        let row = y.round() as usize;
        let brightness = |x: usize| {
            let [r, g, b, _] = picture.get(x, row);
            u32::from(r) + u32::from(g) + u32::from(b)
        };
        let first = (x as usize).saturating_sub(reach);
        let last = (x as usize + reach).min(picture.width - 1);
        let most = (first..=last).map(brightness).max().unwrap_or(0);
        let bright: Vec<usize> = (first..=last)
            .filter(|x| brightness(*x) * 100 >= most * 97)
            .collect();
        let middle = bright.iter().sum::<usize>() as f64 / bright.len() as f64 + 0.5;
        hertz + (middle - f64::from(x)) * self.hertz_per_pixel(surface, hertz, age, height)
    }

    /// What a pixel to the right is in Hz at that place.
    pub fn hertz_per_pixel(&self, surface: usize, hertz: f64, age: f32, height: f32) -> f64 {
        let (left, _) = self.pixel(surface, hertz * 0.98, age, height);
        let (right, _) = self.pixel(surface, hertz * 1.02, age, height);
        hertz * 0.04 / f64::from(right - left)
    }
}
