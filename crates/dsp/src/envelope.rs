//! Samples to minimum, maximum and mean square: what a waveform is drawn from.
//! Never drops an extreme and never invents one.

use std::ops::Range;

use multiversion::multiversion;

use crate::sample::clean;

/// Extremes and power of a stretch of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MinMaxRms {
    /// Smallest sample.
    pub min: f32,
    /// Largest sample.
    pub max: f32,
    /// Mean of the squares; its root is the RMS value.
    pub mean_square: f32,
}

impl Default for MinMaxRms {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl MinMaxRms {
    /// No samples at all: `min` above `max`. Merging it changes nothing.
    pub const EMPTY: Self = Self {
        min: f32::INFINITY,
        max: f32::NEG_INFINITY,
        mean_square: 0.0,
    };

    /// Whether it stands for no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.min > self.max
    }

    /// Root of the mean square.
    #[must_use]
    pub fn rms(&self) -> f32 {
        self.mean_square.sqrt()
    }

    /// Both stretches as one, taken as equally long (empty ones have no weight).
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.merge_weighted(1.0, other, 1.0)
    }

    /// Both stretches as one, `self` of `frames` frames and `other` of `other_frames`.
    #[must_use]
    pub fn merge_weighted(self, frames: f32, other: Self, other_frames: f32) -> Self {
        if other.is_empty() {
            return self;
        }
        if self.is_empty() {
            return other;
        }
        let share = other_frames / (frames + other_frames);
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            mean_square: self.mean_square + (other.mean_square - self.mean_square) * share,
        }
    }
}

const LANES: usize = 16;
/// Squares are summed in `f32` lanes over so many samples, then in `f64`.
const BLOCK: usize = 1024;

/// Extremes and power of `samples`; [`MinMaxRms::EMPTY`] for none.
///
/// Samples that are NaN, infinite or absurd count as 0, see [`clean`].
///
/// ```
/// use soundfall_dsp::envelope::reduce;
/// let e = reduce(&[0.5, -1.0, f32::NAN, 0.5]);
/// assert_eq!((e.min, e.max, e.mean_square), (-1.0, 0.5, 0.375));
/// ```
#[must_use]
pub fn reduce(samples: &[f32]) -> MinMaxRms {
    if samples.is_empty() {
        return MinMaxRms::EMPTY;
    }
    let mut all = MinMaxRms::EMPTY;
    let mut squares = 0.0f64;
    for block in samples.chunks(BLOCK) {
        let (min, max, sum) = reduce_block(block);
        all.min = all.min.min(min);
        all.max = all.max.max(max);
        squares += f64::from(sum);
    }
    all.mean_square = (squares / samples.len() as f64) as f32;
    all
}

/// Minimum, maximum and sum of squares, in lanes side by side.
#[multiversion(targets("x86_64+avx2"))]
fn reduce_block(block: &[f32]) -> (f32, f32, f32) {
    let mut min = [f32::INFINITY; LANES];
    let mut max = [f32::NEG_INFINITY; LANES];
    let mut sum = [0.0f32; LANES];
    // Compare and select: the vector minimum and maximum (after `clean` there is no NaN).
    let mut take = |lane: usize, x: f32| {
        let x = clean(x);
        min[lane] = if x < min[lane] { x } else { min[lane] };
        max[lane] = if x > max[lane] { x } else { max[lane] };
        sum[lane] += x * x;
    };
    let (chunks, rest) = block.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in chunk.iter().enumerate() {
            take(lane, x);
        }
    }
    for (lane, &x) in rest.iter().enumerate() {
        take(lane, x);
    }
    (
        min.iter().fold(min[0], |a, &b| if b < a { b } else { a }),
        max.iter().fold(max[0], |a, &b| if b > a { b } else { a }),
        sum.iter().sum(),
    )
}

/// Frames point `point` of `points` covers, of `frames` in all.
///
/// These are ⌊point·frames/points⌋ up to, not including, ⌊(point+1)·frames/points⌋; where that is
/// empty (more points than frames) the nearest frame; nothing where there are no frames or no
/// such point.
#[must_use]
pub fn point_range(frames: usize, points: usize, point: usize) -> Range<usize> {
    if frames == 0 || point >= points {
        return 0..0;
    }
    let at = |p: usize| match p.checked_mul(frames) {
        Some(product) => product / points,
        None => (p as u128 * frames as u128 / points as u128) as usize,
    };
    let start = at(point);
    start..at(point + 1).max(start + 1)
}

/// One value per slot of `out`, over all of `samples`, divided as [`point_range`] says.
pub fn points(samples: &[f32], out: &mut [MinMaxRms]) {
    let count = out.len();
    for (point, slot) in out.iter_mut().enumerate() {
        *slot = reduce(&samples[point_range(samples.len(), count, point)]);
    }
}
