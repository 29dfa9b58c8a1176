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
    /// Unequal pixels in any square of `TILE` by `TILE`: a wrong digit is nothing in a whole picture, and
    /// a lot where it stands.
    pub in_a_tile: usize,
    /// Difference of all colour values in the mean, pixel by pixel, 0 to 255.
    pub mean: f64,
}

/// Side of the squares that are looked at one by one, in pixels. They overlap by half, so that
/// what is smaller than half of one is whole in one of them.
pub const TILE: usize = 16;

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            value: 12,
            reach: 1,
            share: 0.002,
            in_a_tile: 6,
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
    /// Unequal pixels in the worst square, and its upper left corner (x, y).
    pub in_a_tile: (usize, [usize; 2]),
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
                in_a_tile: (TILE * TILE, [0, 0]),
                mean: 255.0,
                difference,
                same: false,
            };
        }
        let mut sum = 0u64;
        let mut unequal = 0usize;
        // Of squares of half the side: four neighbours are a tile.
        let half = TILE / 2;
        let columns = self.width.div_ceil(half);
        let mut squares = vec![0usize; columns * self.height.div_ceil(half)];
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
                squares[y / half * columns + x / half] += usize::from(!equal);
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
        let in_a_tile = worst_tile(&squares, columns);
        Comparison {
            same_size,
            share,
            in_a_tile,
            mean,
            difference,
            same: share <= tolerance.share
                && in_a_tile.0 <= tolerance.in_a_tile
                && mean <= tolerance.mean,
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

/// The tile with the most unequal pixels, from those of its four quarters.
fn worst_tile(squares: &[usize], columns: usize) -> (usize, [usize; 2]) {
    let at = |x: usize, y: usize| match x < columns {
        true => squares.get(y * columns + x).copied().unwrap_or(0),
        false => 0,
    };
    let corners = (0..squares.len()).map(|index| [index % columns, index / columns]);
    corners
        .map(|[x, y]| {
            let sum = at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
            (sum, [x * TILE / 2, y * TILE / 2])
        })
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{expected_folder, line};
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

    /// The scale of colours of an expected picture says −20, −40, −60, −80. Without one of them, or
    /// with one wrong digit, it is another picture.
    #[test]
    fn a_missing_label_or_a_wrong_digit_is_another_picture() {
        let picture = Picture::read(&expected_folder().join("chord.png"));
        // Upper left corners of the labels, beside empty ground.
        let labels = [[36, 92], [36, 127], [36, 162], [36, 197]];
        for to in labels {
            let ground = [to[0] + 40, to[1]];
            for from in labels
                .into_iter()
                .chain([ground])
                .filter(|from| *from != to)
            {
                let mut wrong = picture.clone();
                for (x, y) in (0..26).flat_map(|x| (0..14).map(move |y| (x, y))) {
                    wrong.set(to[0] + x, to[1] + y, picture.get(from[0] + x, from[1] + y));
                }
                let found = picture.compare(&wrong, &Tolerance::default());
                assert!(
                    !found.is_same(),
                    "{from:?} at {to:?}: {:?}",
                    found.in_a_tile
                );
                // In the picture as a whole it is nothing.
                assert!(found.share < 0.001, "{}", found.share);
            }
        }
        assert!(picture.compare(&picture, &Tolerance::default()).is_same());
    }

    #[test]
    fn unequal_pixels_count_where_they_are_close_together() {
        let grey = Picture::filled(128, 128, [60, 60, 60, 255]);
        let tolerance = Tolerance {
            share: 1.0,
            ..Tolerance::default()
        };
        let dots = |distance: usize| {
            let mut picture = grey.clone();
            // Over an edge of the squares.
            for n in 0..25 {
                let [x, y] = [n % 5, n / 5].map(|step| 7 + step * distance);
                picture.set(x, y, [255, 0, 0, 255]);
            }
            grey.compare(&picture, &tolerance)
        };
        assert!(!dots(2).is_same());
        assert!(dots(24).is_same());
        assert_eq!(dots(2).in_a_tile.0, 25);
    }

    #[test]
    fn other_sizes_differ() {
        let comparison = Picture::filled(4, 4, [0; 4])
            .compare(&Picture::filled(4, 5, [0; 4]), &Tolerance::default());
        assert!(!comparison.same_size && !comparison.is_same());
    }
}
