//! What a spectrum is over time: exponential averages of power, and maxima that are held.
//! Never mixes channels: one of these belongs to one channel.

use crate::level::{FLOOR_DBFS, FLOOR_POWER};
use crate::vector;

/// Longest duration of a column, in seconds.
const LONGEST_SECS: f64 = 1e9;
/// A time constant (s) above which nothing is forgotten.
const FOR_EVER_SECS: f64 = 1e12;

/// The exponentially weighted mean of the power in every bin.
///
/// What was heard t seconds ago weighs exp(−t/τ), with the time constant τ. The weights add up to
/// 1 from the first column on, so that there is no start from silence: after one column the
/// average is that column, after a few it is nearly their mean. Averaging decibels instead of
/// power would read noise 2.5 dB too low.
///
/// ```
/// use soundfall_dsp::average::PowerAverage;
/// let mut average = PowerAverage::new(1, f64::INFINITY); // the mean of all there is
/// average.push(&[-10.0], 0.01);
/// average.push(&[-200.0], 0.01);
/// let mut out = [0.0];
/// average.levels(&mut out);
/// assert!((out[0] + 13.01).abs() < 0.001); // half the power
/// ```
#[derive(Clone, Debug)]
pub struct PowerAverage {
    time_constant_secs: f64,
    power: Vec<f32>,
    /// Sum of the weights so far, in seconds.
    weight: f64,
}

impl PowerAverage {
    /// An average over columns of `bins` values.
    ///
    /// `time_constant_secs` of 0 (or less, or NaN) shows every column as it is, infinity the mean
    /// of all columns.
    #[must_use]
    pub fn new(bins: usize, time_constant_secs: f64) -> Self {
        Self {
            time_constant_secs: time_constant_secs.max(0.0),
            power: vec![FLOOR_POWER; bins],
            weight: 0.0,
        }
    }

    /// The time constant in seconds.
    #[must_use]
    pub fn time_constant_secs(&self) -> f64 {
        self.time_constant_secs
    }

    /// Another time constant from now on; what has been averaged stays.
    pub fn set_time_constant_secs(&mut self, secs: f64) {
        self.time_constant_secs = secs.max(0.0);
    }

    /// Values in a column.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.power.len()
    }

    /// Takes the next column (dBFS), which stands for the last `column_secs` seconds: hop over
    /// rate, or more where columns were left out. Levels that are NaN count as the floor; a
    /// column that lasts no time (less than 1 ns, or NaN) is ignored.
    pub fn push(&mut self, column_dbfs: &[f32], column_secs: f64) {
        if !(1e-9..=LONGEST_SECS).contains(&column_secs) {
            return;
        }
        let alpha = share_of_new(&mut self.weight, self.time_constant_secs, column_secs);
        vector::average_powers(&mut self.power, column_dbfs, alpha as f32);
    }

    /// Writes the average in dBFS; the floor where nothing was pushed yet.
    pub fn levels(&self, out_dbfs: &mut [f32]) {
        vector::powers_to_db(&self.power, out_dbfs);
    }

    /// Starts anew.
    pub fn clear(&mut self) {
        self.power.fill(FLOOR_POWER);
        self.weight = 0.0;
    }
}

/// The share that something lasting `secs` has in an exponentially weighted mean whose weights
/// have the sum `weight` (in seconds, updated here).
///
/// The weight of a span of constant value is the integral of exp(−t/τ) over it.
pub(crate) fn share_of_new(weight: &mut f64, time_constant_secs: f64, secs: f64) -> f64 {
    if time_constant_secs <= 0.0 {
        *weight = secs;
        return 1.0;
    }
    let (kept, new) = if time_constant_secs > FOR_EVER_SECS {
        (1.0, secs)
    } else {
        let ratio = -secs / time_constant_secs;
        (ratio.exp(), -time_constant_secs * ratio.exp_m1())
    };
    *weight = *weight * kept + new;
    new / *weight
}

/// The highest level of every bin, held for a while and then falling.
#[derive(Clone, Debug)]
pub struct MaxHold {
    hold_secs: f32,
    fall_db_per_sec: f32,
    top: Vec<f32>,
    /// Seconds each value is still held.
    left: Vec<f32>,
}

impl MaxHold {
    /// Holds maxima of `bins` values without decay.
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self::falling(bins, f64::INFINITY, 0.0)
    }

    /// Holds maxima for `hold_secs`, then lets them fall by `fall_db_per_sec` until the present
    /// level meets them. Negative values and NaN count as 0.
    ///
    /// ```
    /// use soundfall_dsp::average::MaxHold;
    /// let mut hold = MaxHold::falling(1, 1.0, 20.0);
    /// hold.push(&[-10.0], 0.5);
    /// hold.push(&[-90.0], 0.5);
    /// hold.push(&[-90.0], 0.5);
    /// assert_eq!(hold.levels(), [-10.0]);
    /// hold.push(&[-90.0], 0.5);
    /// assert_eq!(hold.levels(), [-20.0]);
    /// ```
    #[must_use]
    pub fn falling(bins: usize, hold_secs: f64, fall_db_per_sec: f64) -> Self {
        Self {
            hold_secs: hold_secs.max(0.0) as f32,
            fall_db_per_sec: from_zero_to(1e6, fall_db_per_sec) as f32,
            top: vec![FLOOR_DBFS; bins],
            left: vec![0.0; bins],
        }
    }

    /// Values in a column.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.top.len()
    }

    /// Takes the next column (dBFS), `column_secs` after the last one. Levels that are NaN and
    /// bins that are missing count as the floor or stay as they are.
    pub fn push(&mut self, column_dbfs: &[f32], column_secs: f64) {
        let secs = from_zero_to(LONGEST_SECS, column_secs) as f32;
        let timing = (self.hold_secs, secs, self.fall_db_per_sec * secs);
        vector::hold_peaks(&mut self.top, &mut self.left, column_dbfs, timing);
    }

    /// The levels held, in dBFS.
    #[must_use]
    pub fn levels(&self) -> &[f32] {
        &self.top
    }

    /// Forgets all maxima.
    pub fn clear(&mut self) {
        self.top.fill(FLOOR_DBFS);
        self.left.fill(0.0);
    }
}

/// `x` within 0..=`most`; NaN is 0.
fn from_zero_to(most: f64, x: f64) -> f64 {
    if x > 0.0 { x.min(most) } else { 0.0 }
}
