//! Where things must be in a rendered picture, by numbers of its own.
//!
//! Nothing is asked of the program: the arrangements below say where the home camera stands and
//! where surfaces and lanes are, for the pictures in which tests look for places. They were worked
//! out once from the design (a stage 20 units wide; 34° from top to bottom; moved back in steps of
//! 2 % until all is in view with its labels). When the arrangement changes on purpose, so do they.

use crate::picture::Picture;

/// Left end of the frequency axis, in Hz.
const LOWEST: f64 = 30.0;
/// Right end, in Hz; half the rate where that is less.
const HIGHEST: f64 = 20_000.0;
/// From the middle of the picture to its upper edge, at distance 1: half of 0.6 radians.
const HALF_HEIGHT: f64 = 0.309_336_25;

type Point = [f64; 3];

/// A picture of known arrangement.
#[derive(Clone, Copy, Debug)]
pub struct Arrangement {
    /// Width and height of the picture, pixels.
    pub picture: [u32; 2],
    /// Width and height of the scene in it, from the upper left, pixels.
    scene: [f64; 2],
    /// Left, top, right, bottom of the lanes below, pixels.
    pub lanes: [f64; 4],
    /// Where the home camera stands, and what it looks at. Units of the world: x to the right,
    /// y up, z to the viewer.
    eye: Point,
    focus: Point,
    /// Extent of every surface.
    size: Point,
    /// Middles of the floors of the surfaces, channel by channel.
    middles: &'static [Point],
}

/// One surface on 1920 × 1080 pixels: seen from the right, 15° round and 27° up.
pub const ONE_ON_1080P: Arrangement = Arrangement {
    picture: [1920, 1080],
    scene: [1920.0, 892.0],
    lanes: [58.0, 892.0, 1906.0, 1054.0],
    eye: [6.048_29, 12.850_82, 23.386_07],
    focus: [0.0, 0.9, 0.65],
    size: [20.0, 3.6, 13.0],
    middles: &[[0.0, 0.0, 0.0]],
};

/// Eight surfaces on 640 × 360 pixels: two rows of four, the one behind raised, seen from the front.
pub const EIGHT_ON_360P: Arrangement = Arrangement {
    picture: [640, 360],
    scene: [640.0, 228.0],
    lanes: [58.0, 228.0, 626.0, 334.0],
    eye: [0.0, 12.971_21, 17.922_93],
    focus: [0.0, 0.639_91, 0.65],
    size: [4.587_16, 1.651_38, 6.018_52],
    middles: &[
        [-7.706_42, 0.0, 3.490_74],
        [-2.568_81, 0.0, 3.490_74],
        [2.568_81, 0.0, 3.490_74],
        [7.706_42, 0.0, 3.490_74],
        [-7.706_42, 0.908_26, -3.490_74],
        [-2.568_81, 0.908_26, -3.490_74],
        [2.568_81, 0.908_26, -3.490_74],
        [7.706_42, 0.908_26, -3.490_74],
    ],
};

/// The scene of a picture, seen from the home camera.
#[derive(Clone, Debug)]
pub struct Scene {
    arrangement: Arrangement,
    right: Point,
    up: Point,
    forward: Point,
    highest: f64,
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn unit(a: Point) -> Point {
    a.map(|value| value / dot(a, a).sqrt())
}

impl Scene {
    /// With the default frequency axis at this rate, in Hz.
    pub fn new(arrangement: Arrangement, rate: f64) -> Self {
        let forward = unit(minus(arrangement.focus, arrangement.eye));
        let right = unit(cross(forward, [0.0, 1.0, 0.0]));
        Self {
            arrangement,
            right,
            up: cross(right, forward),
            forward,
            highest: (rate / 2.0).min(HIGHEST),
        }
    }

    /// The pixel of a frequency at an age (0 now, 1 the oldest) and height (0 floor, 1 top) on a
    /// surface.
    pub fn pixel(&self, surface: usize, hertz: f64, age: f32, height: f32) -> (f32, f32) {
        let Arrangement {
            scene: [wide, high],
            eye,
            size,
            middles,
            ..
        } = self.arrangement;
        let along = (hertz / LOWEST).ln() / (self.highest / LOWEST).ln();
        let middle = middles[surface];
        let there = [
            middle[0] + (along - 0.5) * size[0],
            middle[1] + f64::from(height) * size[1],
            middle[2] + (0.5 - f64::from(age)) * size[2],
        ];
        let seen = minus(there, eye);
        // Half heights of the picture away from its middle.
        let scale = 1.0 / (dot(seen, self.forward) * HALF_HEIGHT);
        let (x, y) = (dot(seen, self.right) * scale, dot(seen, self.up) * scale);
        let half = high / 2.0;
        ((wide / 2.0 + x * half) as f32, (half - y * half) as f32)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The middle of what is looked at is in the middle of the scene, and the corners of the
    /// surfaces lie in it, left of right and front below back.
    #[test]
    fn every_surface_is_in_its_scene() {
        for arrangement in [ONE_ON_1080P, EIGHT_ON_360P] {
            let scene = Scene::new(arrangement, 48_000.0);
            let [wide, high] = arrangement.scene.map(|side| side as f32);
            for surface in 0..arrangement.middles.len() {
                let corner = |hertz, age| scene.pixel(surface, hertz, age, 0.0);
                let corners = [(30.0, 0.0), (20_000.0, 0.0), (30.0, 1.0), (20_000.0, 1.0)];
                let [front_left, front_right, back_left, _] =
                    corners.map(|(hertz, age)| corner(hertz, age));
                for (x, y) in corners.map(|(hertz, age)| corner(hertz, age)) {
                    assert!((0.0..wide).contains(&x) && (0.0..high).contains(&y));
                }
                assert!(front_left.0 < front_right.0 && back_left.1 < front_left.1);
            }
        }
    }
}
