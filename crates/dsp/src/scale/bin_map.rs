//! Bins of a spectrum to axis_bins of an axis. Never averages: what a axis_bin covers, it shows at
//! its highest.
//!
//! Between the bins a smooth curve is imagined: the monotone cubic through the bin levels in dB
//! (Fritsch & Butland, *SIAM J. Sci. Stat. Comput.* 5, 1984), which never leaves the range of
//! the two bins it joins. A axis_bin shows the maximum of that curve over the axis_bin's frequencies:
//! the highest bin where it covers bins, a smooth passage where it is narrower than one.

use multiversion::multiversion;

use super::FrequencyAxis;
use crate::level::FLOOR_DBFS;

/// Edges evaluated together, as vector code wants it.
const TOGETHER: usize = 8;

/// Where some axis_bin edges lie: each between bin `bin` and the next, at the weights of the cubic
/// Hermite form for value, slope, next value, next slope.
#[derive(Clone, Copy, Debug, Default)]
struct Edges {
    bin: [u32; TOGETHER],
    weights: [[f32; TOGETHER]; 4],
}

/// A prepared way from the bins of one transform to the axis_bins of one axis.
///
/// It is read-only and can be shared; [`BinMap::apply`] does not allocate.
#[derive(Clone, Debug)]
pub struct BinMap {
    bins: usize,
    axis_bins: usize,
    /// The edges of the axis_bins inside the spectrum, one more than there are of these.
    edges: Vec<Edges>,
    /// Bins whose centre lies in a axis_bin inside the spectrum: `first..end`.
    covered: Vec<(u32, u32)>,
}

impl BinMap {
    /// Prepares the way for spectra of `fft_size` at `sample_rate` (Hz).
    ///
    /// Columns above half the sample rate show [`FLOOR_DBFS`]. A sample rate that is no positive
    /// number gives a map that shows only the floor.
    #[must_use]
    pub fn new(axis: &FrequencyAxis, sample_rate: f64, fft_size: usize) -> Self {
        let bins = fft_size / 2 + 1;
        let top = (bins - 1) as f64;
        let place = |axis_bin| axis.edge_hz(axis_bin) * fft_size as f64 / sample_rate;
        let mut map = Self {
            bins,
            axis_bins: axis.bins(),
            edges: Vec::new(),
            covered: Vec::new(),
        };
        let mut low = place(0);
        if !(low <= top && top > 0.0) {
            return map;
        }
        map.push_edge(0, low);
        for axis_bin in 0..map.axis_bins {
            if low > top {
                break;
            }
            let high = place(axis_bin + 1);
            let first = low.ceil() as u32;
            let end = (high.min(top).floor() as u32 + 1).max(first);
            map.covered.push((first, end));
            map.push_edge(axis_bin + 1, high.min(top));
            low = high;
        }
        map
    }

    /// Columns it fills.
    #[must_use]
    pub fn axis_bins(&self) -> usize {
        self.axis_bins
    }

    /// Bins it expects.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Fills `out` (one level per axis_bin, dBFS) from `bins_dbfs` (one level per bin, dBFS).
    ///
    /// Levels that are not finite count as the floor, as do bins and axis_bins that are missing
    /// where a slice is shorter than [`Self::bins`] or [`Self::axis_bins`].
    pub fn apply(&self, bins_dbfs: &[f32], out: &mut [f32]) {
        let shown = self.covered.len().min(out.len());
        let (inside, beyond) = out.split_at_mut(shown);
        beyond.fill(FLOOR_DBFS);
        let mut at_edge = [FLOOR_DBFS; TOGETHER];
        let mut low = FLOOR_DBFS;
        for (axis_bin, (slot, &(first, end))) in inside.iter_mut().zip(&self.covered).enumerate() {
            // Column c lies between the edges c and c + 1.
            if axis_bin == 0 {
                curve_at(&self.edges[0], bins_dbfs, &mut at_edge);
                low = at_edge[0];
            }
            let next = axis_bin + 1;
            if next.is_multiple_of(TOGETHER) {
                curve_at(&self.edges[next / TOGETHER], bins_dbfs, &mut at_edge);
            }
            let high = at_edge[next % TOGETHER];
            let end = (end as usize).min(bins_dbfs.len());
            let mut top = if high > low { high } else { low };
            for &db in bins_dbfs.get(first as usize..end).unwrap_or_default() {
                let db = sane(db);
                top = if db > top { db } else { top };
            }
            *slot = top;
            low = high;
        }
    }

    /// Appends edge number `index`, which lies at `place` (in bins, up to the last one).
    fn push_edge(&mut self, index: usize, place: f64) {
        let slot = index % TOGETHER;
        if slot == 0 {
            self.edges.push(Edges::default());
        }
        let bin = (place.max(0.0) as usize).min(self.bins.saturating_sub(2));
        let t = (place - bin as f64).clamp(0.0, 1.0);
        let (t2, t3) = (t * t, t * t * t);
        let weights = [
            2.0 * t3 - 3.0 * t2 + 1.0,
            t3 - 2.0 * t2 + t,
            3.0 * t2 - 2.0 * t3,
            t3 - t2,
        ];
        if let Some(edges) = self.edges.last_mut() {
            edges.bin[slot] = bin as u32;
            for (ours, weight) in edges.weights.iter_mut().zip(weights) {
                ours[slot] = weight as f32;
            }
        }
    }
}

/// The monotone cubic at some edges. At the ends of the spectrum it runs out flat.
#[multiversion(targets("x86_64+avx2+fma"))]
fn curve_at(edges: &Edges, bins: &[f32], out: &mut [f32; TOGETHER]) {
    let mut around = [[0.0f32; 4]; TOGETHER];
    for (four, &bin) in around.iter_mut().zip(&edges.bin) {
        let bin = bin as usize;
        *four = match bins
            .get(bin.wrapping_sub(1)..)
            .and_then(<[f32]>::first_chunk)
        {
            Some(four) => *four,
            None => at_the_ends(bins, bin),
        };
    }
    let [w_here, w_leaving, w_next, w_arriving] = edges.weights;
    for i in 0..TOGETHER {
        let [before, here, next, after] = around[i].map(sane);
        let step = next - here;
        let leaving = slope(here - before, step);
        let arriving = slope(step, after - next);
        let curve =
            w_here[i] * here + w_leaving[i] * leaving + w_next[i] * next + w_arriving[i] * arriving;
        let (low, high) = if step > 0.0 {
            (here, next)
        } else {
            (next, here)
        };
        // The curve is between them; this is for rounding only.
        let curve = if curve > low { curve } else { low };
        out[i] = if curve < high { curve } else { high };
    }
}

/// The bins around `bin` where the spectrum has none before or after: the end ones again.
#[cold]
fn at_the_ends(bins: &[f32], bin: usize) -> [f32; 4] {
    let last = bins.len().saturating_sub(1);
    let level = |bin: usize| bins.get(bin).copied().unwrap_or(FLOOR_DBFS);
    [
        level(bin.saturating_sub(1)),
        level(bin),
        level(bin + 1),
        level((bin + 2).min(last)),
    ]
}

/// Harmonic mean of two rises, 0 at an extreme: the slope that keeps the cubic monotone.
///
/// Without a branch: which way a noisy spectrum turns cannot be foretold.
#[inline(always)]
fn slope(before: f32, after: f32) -> f32 {
    let product = before * after;
    let product = if product > 0.0 { product } else { 0.0 };
    // Where the product is above 0 both have the same sign.
    (2.0 * product / (before.abs() + after.abs() + f32::MIN_POSITIVE)).copysign(after)
}

/// A level without NaN and infinities.
#[inline(always)]
fn sane(db: f32) -> f32 {
    if db.abs() < 1e6 { db } else { FLOOR_DBFS }
}
