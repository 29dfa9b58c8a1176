//! Two channels against each other: phase correlation, balance, goniometer points.
//! Never decides which two: a pair is what it is given.
//!
//! The correlation is the normalised zero-lag cross-correlation Σ l·r / √(Σ l² · Σ r²): +1 for
//! equal signals, 0 for unrelated ones, −1 where one is the other turned over. As on a phase
//! meter nothing is subtracted: a constant offset counts as signal.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::average::share_of_new;
use crate::level::power_to_db_exact;
use crate::sample::clean;

/// Mean square below which a channel counts as silent (−200 dB).
const SILENT: f64 = 1e-20;

/// Correlation of two channels over as many samples as both have, −1..=1.
///
/// None where one of them is silent (below −200 dB): there is nothing to correlate.
///
/// ```
/// use soundfall_dsp::stereo::correlation;
/// assert_eq!(correlation(&[0.1, -0.2], &[0.2, -0.4]).map(|r| r.round()), Some(1.0));
/// assert_eq!(correlation(&[0.5, 0.5], &[0.5, -0.5]), Some(0.0));
/// assert_eq!(correlation(&[0.0, 0.0], &[0.5, 0.5]), None);
/// ```
#[must_use]
pub fn correlation(left: &[f32], right: &[f32]) -> Option<f64> {
    let mut sums = Products::default();
    let mut frames = 0.0;
    for (l, r) in pairs(left, right) {
        sums.ll += l * l;
        sums.rr += r * r;
        sums.lr += l * r;
        frames += 1.0;
    }
    sums.scaled(1.0 / frames).correlation()
}

/// Correlation and balance of a running pair, exponentially weighted.
#[derive(Clone, Debug)]
pub struct CorrelationMeter {
    frame_secs: f64,
    time_constant_secs: f64,
    /// Share of what was, a frame later.
    kept: f64,
    /// Weighted means of the products.
    mean: Products,
    /// Sum of the weights, in seconds.
    weight: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Products {
    ll: f64,
    rr: f64,
    lr: f64,
}

impl CorrelationMeter {
    /// A meter for `sample_rate` (Hz); what was heard t seconds ago weighs
    /// exp(−t/`time_constant_secs`). Meters usually take 0.2 to 1 s.
    #[must_use]
    pub fn new(sample_rate: f64, time_constant_secs: f64) -> Self {
        let frame_secs = 1.0 / sample_rate.max(1.0);
        let time_constant_secs = time_constant_secs.max(frame_secs);
        Self {
            frame_secs,
            time_constant_secs,
            kept: (-frame_secs / time_constant_secs).exp(),
            mean: Products::default(),
            weight: 0.0,
        }
    }

    /// Takes the next samples, as many as both channels have.
    pub fn push(&mut self, left: &[f32], right: &[f32]) {
        let mut sums = Products::default();
        let mut frames = 0.0;
        // Within a block the sums are geometric; blocks are joined by their weights. Whatever
        // the blocks, every sample gets the same weight.
        for (l, r) in pairs(left, right) {
            sums.ll = sums.ll * self.kept + l * l;
            sums.rr = sums.rr * self.kept + r * r;
            sums.lr = sums.lr * self.kept + l * r;
            frames += 1.0;
        }
        if frames == 0.0 {
            return;
        }
        let secs = frames * self.frame_secs;
        let share = share_of_new(&mut self.weight, self.time_constant_secs, secs);
        let geometric = (1.0 - self.kept) / (1.0 - self.kept.powf(frames));
        let block = sums.scaled(if self.kept < 1.0 {
            geometric
        } else {
            1.0 / frames
        });
        self.mean.ll += share * (block.ll - self.mean.ll);
        self.mean.rr += share * (block.rr - self.mean.rr);
        self.mean.lr += share * (block.lr - self.mean.lr);
    }

    /// The correlation, −1..=1; none while one of the channels is silent.
    #[must_use]
    pub fn correlation(&self) -> Option<f64> {
        self.mean.correlation()
    }

    /// How much louder the right channel is, in dB of mean power; none while both are silent.
    #[must_use]
    pub fn balance_db(&self) -> Option<f64> {
        let heard = self.mean.ll.max(self.mean.rr) >= SILENT;
        heard.then(|| power_to_db_exact(self.mean.rr) - power_to_db_exact(self.mean.ll))
    }

    /// Starts anew.
    pub fn clear(&mut self) {
        self.mean = Products::default();
        self.weight = 0.0;
    }
}

impl Products {
    fn scaled(self, by: f64) -> Self {
        Self {
            ll: self.ll * by,
            rr: self.rr * by,
            lr: self.lr * by,
        }
    }

    fn correlation(self) -> Option<f64> {
        // NaN (no samples at all) fails the comparison as well.
        let heard = self.ll.min(self.rr) >= SILENT;
        heard.then(|| (self.lr / (self.ll.sqrt() * self.rr.sqrt())).clamp(-1.0, 1.0))
    }
}

/// The point of one pair of samples: x = (r − l)/√2, y = (l + r)/√2.
///
/// That is the plane of left and right turned by 45°: equal channels (M) lie on the vertical
/// axis, opposite ones (S) on the horizontal one, left alone on the diagonal to the upper left.
#[must_use]
pub fn goniometer_point(left: f32, right: f32) -> [f32; 2] {
    let (l, r) = (clean(left), clean(right));
    [
        (r - l) * FRAC_1_SQRT_2 as f32,
        (l + r) * FRAC_1_SQRT_2 as f32,
    ]
}

/// Fills `out` with goniometer points, in time order, and returns how many were written.
///
/// Where there are more frames than room, each point stands for an equal share of them and is the
/// one farthest from the middle: no excursion is lost. Where there are fewer, there are fewer
/// points.
pub fn goniometer(left: &[f32], right: &[f32], out: &mut [[f32; 2]]) -> usize {
    let frames = left.len().min(right.len());
    let points = out.len().min(frames);
    for (point, slot) in out.iter_mut().take(points).enumerate() {
        let share = crate::envelope::point_range(frames, points, point);
        let mut farthest = [0.0, 0.0];
        let mut radius = -1.0;
        for (&l, &r) in left[share.clone()].iter().zip(&right[share]) {
            let [x, y] = goniometer_point(l, r);
            let squared = x * x + y * y;
            if squared > radius {
                radius = squared;
                farthest = [x, y];
            }
        }
        *slot = farthest;
    }
    points
}

fn pairs<'a>(left: &'a [f32], right: &'a [f32]) -> impl Iterator<Item = (f64, f64)> + 'a {
    left.iter()
        .zip(right)
        .map(|(&l, &r)| (f64::from(clean(l)), f64::from(clean(r))))
}
