//! The transform of a window: the shape of its main lobe, and how high its side lobes reach.
//! Never sees a spectrum.

use std::f64::consts::{PI, TAU};

use crate::stft::StftParams;
use crate::window::Window;

/// Longest window that is evaluated; a longer one has the same shape within 1e-5.
const LONGEST: usize = 2048;
/// Steps of the table from the middle of the main lobe to where it ends.
const STEPS: usize = 256;
/// The lobe is followed down to this share of its height.
const LOWEST: f64 = 0.15;
/// ... but at least as far as a neighbouring bin can lie, in bins of the unpadded transform.
const NEIGHBOUR: f64 = 1.5;
/// Steps of the envelope of the side lobes per bin of the unpadded transform.
const ENVELOPE_STEPS: usize = 8;
/// How far the envelope reaches, in bins of the unpadded transform.
const ENVELOPE_BINS: usize = 64;
/// How fast side lobes fall farther out, at the least: 6 dB an octave where a window ends with a
/// step, a little less towards half the rate.
const FALL_DB_PER_OCTAVE: f64 = 5.0;

/// |W(x)| / W(0), x in bins of the transform without padding.
#[derive(Clone, Debug)]
pub(super) struct Lobe {
    reach: f64,
    /// Signed W(x) / W(0) at x = (i − 1)·reach/STEPS.
    table: Vec<f64>,
    /// The highest |W| from x on, in dB, in steps of 1/ENVELOPE_STEPS.
    envelope_db: Vec<f64>,
}

impl Lobe {
    pub(super) fn new(params: &StftParams) -> Self {
        let (window, size) = (params.window, params.window_size);
        let kernel = Kernel::new(window, size);
        let reach = kernel.reach();
        let table = (-1..=STEPS as i32 + 2)
            .map(|i| kernel.at(f64::from(i) * reach / STEPS as f64))
            .collect();
        // A spectrum ends at half the size; so does the use of an envelope.
        let bins = ENVELOPE_BINS.min(size / 2);
        // Two bins more than are kept: the last ones have to see the side lobe they belong to.
        let mut envelope_db = vec![0.0; (bins + 2) * ENVELOPE_STEPS + 1];
        let mut highest = 0.0f64;
        for (i, slot) in envelope_db.iter_mut().enumerate().rev() {
            highest = highest.max(kernel.at(i as f64 / ENVELOPE_STEPS as f64).abs());
            *slot = 20.0 * highest.max(1e-10).log10();
        }
        envelope_db.truncate(bins * ENVELOPE_STEPS + 1);
        Self {
            reach,
            table,
            envelope_db,
        }
    }

    /// How far from a tone its main lobe is of use, in bins of the unpadded transform.
    pub(super) fn reach(&self) -> f64 {
        self.reach
    }

    /// Height (1 in the middle) and slope per bin at a distance `x`, at most [`Self::reach`].
    ///
    /// Cubic through the four table values around (Catmull-Rom); off by less than 1e-6.
    pub(super) fn at(&self, x: f64) -> (f64, f64) {
        let place = x.abs().min(self.reach) * STEPS as f64 / self.reach;
        let index = (place as usize).min(STEPS - 1);
        let t = place - index as f64;
        let [a, b, c, d] = match self.table.get(index..).and_then(<[f64]>::first_chunk) {
            Some(four) => *four,
            None => return (0.0, 0.0),
        };
        let (k1, k2) = ((c - a) / 2.0, a - 2.5 * b + 2.0 * c - d / 2.0);
        let k3 = (d - a) / 2.0 + 1.5 * (b - c);
        let value = b + t * (k1 + t * (k2 + t * k3));
        let slope = (k1 + t * (2.0 * k2 + 3.0 * t * k3)) * STEPS as f64 / self.reach;
        (value, slope * x.signum())
    }

    /// How high, against its top in dB, a tone can reach at a distance `x` or farther.
    pub(super) fn envelope_db(&self, x: f64) -> f64 {
        let last = self.envelope_db.len() - 1;
        let place = x.abs() * ENVELOPE_STEPS as f64;
        if place < last as f64 {
            return self.envelope_db[place as usize];
        }
        self.envelope_db[last] - FALL_DB_PER_OCTAVE * (place / last as f64).log2()
    }
}

/// The window with its middle at 0, ready to be transformed at any frequency.
struct Kernel {
    /// Coefficients over their sum.
    coefficients: Vec<f64>,
}

impl Kernel {
    fn new(window: Window, size: usize) -> Self {
        let short = size.min(LONGEST);
        let window = match window {
            Window::Gaussian(sigma) => Window::Gaussian(sigma * short as f64 / size as f64),
            other => other,
        };
        let mut coefficients = window.coefficients(short);
        let sum: f64 = coefficients.iter().sum();
        coefficients.iter_mut().for_each(|w| *w /= sum);
        Self { coefficients }
    }

    /// W(x)/W(0) = Σ w·cos(2πx(n − N/2)/N): a periodic window is even about N/2.
    fn at(&self, x: f64) -> f64 {
        let n = self.coefficients.len();
        // The cosine by turning a pointer; over 2048 steps that is exact to 1e-12.
        let (mut sin, mut cos) = (-PI * x).sin_cos();
        let (step_sin, step_cos) = (TAU * x / n as f64).sin_cos();
        let mut sum = 0.0;
        for w in &self.coefficients {
            sum += w * cos;
            (cos, sin) = (
                cos * step_cos - sin * step_sin,
                sin * step_cos + cos * step_sin,
            );
        }
        sum
    }

    /// Where the main lobe has sunk to [`LOWEST`], or at [`NEIGHBOUR`], but not beyond its zero.
    fn reach(&self) -> f64 {
        let end = self.coefficients.len() as f64 / 2.0;
        let is_in = |x: f64| {
            let height = self.at(x);
            height >= LOWEST || (x <= NEIGHBOUR && height > 0.0)
        };
        let (mut low, mut high) = (0.0, 0.25);
        while high < end && is_in(high) {
            low = high;
            high = (high * 1.2).max(high + 0.25).min(end);
        }
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            if is_in(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low.max(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lobe(window: Window) -> Lobe {
        Lobe::new(&StftParams {
            window,
            ..StftParams::default()
        })
    }

    #[test]
    fn known_lobes() {
        // sin(πx)/πx, and the main lobe of Hann: sin(πx)/(πx·(1 − x²)).
        for x in [0.0f64, 0.1, 0.37, 0.5, 0.81, 0.99] {
            let sinc = if x == 0.0 {
                1.0
            } else {
                (PI * x).sin() / (PI * x)
            };
            let (rect, _) = lobe(Window::Rect).at(x);
            assert!((rect - sinc).abs() < 2e-6, "{x}: {rect} {sinc}");
            let (hann, _) = lobe(Window::Hann).at(-x);
            assert!((hann - sinc / (1.0 - x * x)).abs() < 2e-6, "{x}: {hann}");
        }
        assert!((lobe(Window::Rect).reach() - 1.0).abs() < 1e-6);
        assert!((1.5..2.0).contains(&lobe(Window::Hann).reach()));
    }

    #[test]
    fn slopes_are_those_of_the_heights() {
        for window in [
            Window::Hann,
            Window::Rect,
            Window::FlatTop,
            Window::Gaussian(200.0),
        ] {
            let lobe = lobe(window);
            for i in 1..40 {
                let x = f64::from(i) / 41.0 * lobe.reach();
                for x in [x, -x] {
                    let step = (lobe.at(x + 1e-5).0 - lobe.at(x - 1e-5).0) / 2e-5;
                    assert!((lobe.at(x).1 - step).abs() < 1e-4, "{window} {x}");
                }
            }
        }
    }

    #[test]
    fn side_lobes_stay_below_the_envelope() {
        // Published highest side lobes.
        for (window, edge, db) in [
            (Window::Rect, 1.0, -13.26),
            (Window::Hann, 2.0, -31.47),
            (Window::Hamming, 2.0, -42.7),
            (Window::Blackman, 3.0, -58.1),
            (Window::BlackmanHarris, 4.0, -92.0),
            (Window::Nuttall, 4.0, -98.2),
        ] {
            let lobe = lobe(window);
            let ours = lobe.envelope_db(edge);
            assert!((ours - db).abs() < 0.5, "{window}: {ours}");
            let kernel = Kernel::new(window, 2048);
            for i in 0..4000 {
                let x = edge + f64::from(i) * 0.07;
                let level = 20.0 * kernel.at(x).abs().max(1e-10).log10();
                assert!(level < lobe.envelope_db(x) + 3.0, "{window} {x}: {level}");
            }
        }
    }
}
