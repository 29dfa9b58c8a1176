//! Comparing two pictures: what differs between versions of a software renderer (a shade,
//! an edge moved by a pixel) is tolerated, nothing else.
//!
//! Never reads or writes a file.

use super::{Picture, Pixel};

/// What two pictures may differ in and still be the same.
#[derive(Clone, Debug)]
pub struct Tolerance {
    /// Of a colour value, for a pixel to count as equal.
    pub value: u8,
    /// How far away, in pixels, an equal pixel may lie.
    pub reach: usize,
    /// Share of unequal pixels, 0 to 1.
    pub share: f64,
    /// Difference of all colour values in the mean, pixel by pixel, 0 to 255.
    pub mean: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            value: 12,
            reach: 1,
            share: 0.002,
            mean: 2.0,
        }
    }
}

/// How two pictures differ.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Whether they have the same width and height; without it nothing else is compared.
    pub same_size: bool,
    /// Share of unequal pixels, 0 to 1.
    pub share: f64,
    /// Mean difference of all colour values, 0 to 255.
    pub mean: f64,
    /// The expected picture, dark, with unequal pixels in red.
    pub difference: Picture,
    same: bool,
}

impl Comparison {
    /// Whether the pictures are the same within the tolerance.
    pub fn is_same(&self) -> bool {
        self.same
    }
}

impl Picture {
    /// Compares with `self` as the expected picture.
    pub fn compare(&self, actual: &Self, tolerance: &Tolerance) -> Comparison {
        let same_size = (self.width, self.height) == (actual.width, actual.height);
        let mut difference = self.clone();
        if !same_size {
            return Comparison {
                same_size,
                share: 1.0,
                mean: 255.0,
                difference,
                same: false,
            };
        }
        let mut sum = 0u64;
        let mut unequal = 0usize;
        for y in 0..self.height {
            for x in 0..self.width {
                let expected = self.get(x, y);
                sum += actual
                    .get(x, y)
                    .iter()
                    .zip(expected)
                    .map(|(a, b)| u64::from(a.abs_diff(b)))
                    .sum::<u64>();
                // Both ways, or a line that vanished would lie within reach of its surroundings.
                let equal = self.near(x, y, actual.get(x, y), tolerance)
                    && actual.near(x, y, expected, tolerance);
                unequal += usize::from(!equal);
                let dark = expected.map(|value| value / 4);
                difference.set(
                    x,
                    y,
                    if equal {
                        [dark[0], dark[1], dark[2], 255]
                    } else {
                        [255, 0, 0, 255]
                    },
                );
            }
        }
        let pixels = self.pixels.len().max(1) as f64;
        let (share, mean) = (unequal as f64 / pixels, sum as f64 / pixels / 4.0);
        Comparison {
            same_size,
            share,
            mean,
            difference,
            same: share <= tolerance.share && mean <= tolerance.mean,
        }
    }

    /// Whether a pixel like `pixel` lies within reach of (x, y).
    fn near(&self, x: usize, y: usize, pixel: Pixel, tolerance: &Tolerance) -> bool {
        let alike = |other: Pixel| {
            other
                .iter()
                .zip(pixel)
                .all(|(a, b)| a.abs_diff(b) <= tolerance.value)
        };
        let rows = y.saturating_sub(tolerance.reach)..=(y + tolerance.reach).min(self.height - 1);
        let columns = x.saturating_sub(tolerance.reach)..=(x + tolerance.reach).min(self.width - 1);
        alike(self.get(x, y))
            || rows
                .into_iter()
                .any(|y| columns.clone().any(|x| alike(self.get(x, y))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    #[test]
    fn a_moved_edge_is_the_same_and_a_vanished_line_is_not() {
        let tolerance = Tolerance {
            mean: 10.0,
            ..Tolerance::default()
        };
        assert!(line(20).compare(&line(21), &tolerance).is_same());
        assert!(!line(20).compare(&line(25), &tolerance).is_same());
        assert!(
            !line(20)
                .compare(&Picture::filled(40, 40, [10, 20, 30, 255]), &tolerance)
                .is_same()
        );
        assert!(
            !Picture::filled(40, 40, [10, 20, 30, 255])
                .compare(&line(20), &tolerance)
                .is_same()
        );
    }

    #[test]
    fn a_shade_over_the_whole_picture_is_bounded_by_the_mean() {
        let grey = |value| Picture::filled(8, 8, [value, value, value, 255]);
        assert!(
            grey(100)
                .compare(&grey(102), &Tolerance::default())
                .is_same()
        );
        assert!(
            !grey(100)
                .compare(&grey(110), &Tolerance::default())
                .is_same()
        );
    }

    #[test]
    fn other_sizes_differ() {
        let comparison = Picture::filled(4, 4, [0; 4])
            .compare(&Picture::filled(4, 5, [0; 4]), &Tolerance::default());
        assert!(!comparison.same_size && !comparison.is_same());
    }
}
