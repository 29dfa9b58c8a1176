//! Bins of a spectrum to columns of an axis. Never averages: what a column covers, it shows at
//! its highest.
//!
//! Between the bins a smooth curve is imagined: the monotone cubic through the bin levels in dB
//! (Fritsch & Butland, *SIAM J. Sci. Stat. Comput.* 5, 1984), which never leaves the range of
//! the two bins it joins. A column shows the maximum of that curve over the column's frequencies:
//! the highest bin where it covers bins, a smooth passage where it is narrower than one.

use super::FrequencyAxis;
use crate::level::FLOOR_DBFS;

/// How a column edge is evaluated: between bins `bin` and `bin + 1`.
#[derive(Clone, Copy, Debug)]
struct Edge {
    bin: usize,
    /// Cubic Hermite weights: value, slope, next value, next slope.
    weights: [f32; 4],
}

/// A prepared way from the bins of one transform to the columns of one axis.
#[derive(Clone, Debug)]
pub struct BinMap {
    bins: usize,
    /// One per column boundary inside the spectrum; the columns beyond have none.
    edges: Vec<Edge>,
    /// Bins whose centre lies in the column: `first..end`.
    inner: Vec<(usize, usize)>,
    columns: usize,
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
        let columns = axis.columns();
        let place = |column| axis.edge_hz(column) * fft_size as f64 / sample_rate;
        let mut edges = Vec::with_capacity(columns + 1);
        let mut inner = Vec::with_capacity(columns);
        let mut low = place(0);
        if !(low <= top && top > 0.0) {
            return Self {
                bins,
                edges,
                inner,
                columns,
            };
        }
        edges.push(Edge::at(low, bins));
        for column in 0..columns {
            if low > top {
                break;
            }
            let high = place(column + 1);
            let first = low.ceil() as usize;
            let end = (high.min(top).floor() as usize + 1).max(first);
            edges.push(Edge::at(high.min(top), bins));
            inner.push((first, end));
            low = high;
        }
        Self {
            bins,
            edges,
            inner,
            columns,
        }
    }

    /// Columns it fills.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bins it expects.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Fills `out` (one level per column, dBFS) from `bins_dbfs` (one level per bin, dBFS).
    ///
    /// Levels that are not finite count as the floor, as do bins and columns that are missing
    /// where a slice is shorter than [`Self::bins`] or [`Self::columns`].
    pub fn apply(&self, bins_dbfs: &[f32], out: &mut [f32]) {
        let shown = self.inner.len().min(out.len());
        let Some(first_edge) = self.edges.first() else {
            out.fill(FLOOR_DBFS);
            return;
        };
        let mut low = first_edge.level(bins_dbfs);
        for ((slot, &(first, end)), edge) in out.iter_mut().zip(&self.inner).zip(&self.edges[1..]) {
            let high = edge.level(bins_dbfs);
            let end = end.min(bins_dbfs.len());
            let covered = bins_dbfs.get(first..end).unwrap_or_default();
            *slot = covered
                .iter()
                .fold(low.max(high), |top, &db| top.max(sane(db)));
            low = high;
        }
        out[shown..].fill(FLOOR_DBFS);
    }
}

impl Edge {
    fn at(place: f64, bins: usize) -> Self {
        let bin = (place.max(0.0) as usize).min(bins.saturating_sub(2));
        let t = (place - bin as f64).clamp(0.0, 1.0);
        let (t2, t3) = (t * t, t * t * t);
        Self {
            bin,
            weights: [
                (2.0 * t3 - 3.0 * t2 + 1.0) as f32,
                (t3 - 2.0 * t2 + t) as f32,
                (3.0 * t2 - 2.0 * t3) as f32,
                (t3 - t2) as f32,
            ],
        }
    }

    /// The monotone cubic at this edge.
    fn level(&self, bins: &[f32]) -> f32 {
        let get = |i: usize| bins.get(i).map_or(FLOOR_DBFS, |&db| sane(db));
        let here = get(self.bin);
        let next = get(self.bin + 1);
        let step = next - here;
        // At the ends of the spectrum the curve runs out flat.
        let before = if self.bin == 0 {
            0.0
        } else {
            here - get(self.bin - 1)
        };
        let after = if self.bin + 2 < bins.len() {
            get(self.bin + 2) - next
        } else {
            0.0
        };
        let [h, hs, n, ns] = self.weights;
        let level = h * here + hs * slope(before, step) + n * next + ns * slope(step, after);
        level.clamp(here.min(next), here.max(next)) // rounding only
    }
}

/// Harmonic mean of two rises, 0 at an extreme: the slope that keeps the cubic monotone.
fn slope(before: f32, after: f32) -> f32 {
    let product = before * after;
    if product > 0.0 {
        2.0 * product / (before + after)
    } else {
        0.0
    }
}

/// A level without NaN and infinities.
fn sane(db: f32) -> f32 {
    if db.abs() < 1e6 { db } else { FLOOR_DBFS }
}
