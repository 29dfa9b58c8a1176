//! Two channels against each other: phase correlation and balance. Never decides which two.

use serde::Serialize;
use soundfall_dsp::meter::rms_dbfs;
use soundfall_dsp::stereo::{CorrelationMeter, correlation};

use super::channels::heard;
use crate::input::Input;
use crate::stdout::rounded;

/// Time constant of the running meter whose lowest value is reported.
const METER_SECS: f64 = 0.3;
/// How often it is read, per second.
const READS: u32 = 100;

/// A pair.
#[derive(Serialize)]
pub struct Pair {
    /// Counted from 1.
    pub channels: [u32; 2],
    /// Over the whole, −1 to 1; none where one of them is silent.
    pub correlation: Option<f64>,
    /// Lowest value of a meter with a time constant of 0.3 s, from 0.3 s on.
    pub lowest_correlation: Option<f64>,
    /// When it was there, seconds from the beginning.
    pub lowest_at_secs: Option<f64>,
    /// How much louder the second one is, by RMS; none where one of them is silent.
    pub balance_db: Option<f64>,
}

impl Pair {
    /// Of two channels by their indices.
    pub fn measure(input: &Input, first: usize, second: usize) -> Self {
        let (left, right) = (&input.channels[first], &input.channels[second]);
        let rate = f64::from(input.sample_rate);
        let whole = correlation(left, right);
        let mut meter = CorrelationMeter::new(rate, METER_SECS);
        let step = (input.sample_rate / READS).max(1) as usize;
        let mut lowest: Option<(f64, f64)> = None;
        for start in (0..input.frames()).step_by(step) {
            let end = (start + step).min(input.frames());
            meter.push(&left[start..end], &right[start..end]);
            let secs = end as f64 / rate;
            let Some(now) = meter.correlation().filter(|_| secs >= METER_SECS) else {
                continue;
            };
            if lowest.is_none_or(|(value, _)| now < value) {
                lowest = Some((now, input.from_secs + secs));
            }
        }
        let balance = heard(rms_dbfs(left)).zip(heard(rms_dbfs(right)));
        let figure = |value: Option<f64>| value.map(|value| rounded(value, 4));
        Self {
            channels: [input.numbers[first], input.numbers[second]],
            correlation: figure(whole),
            lowest_correlation: figure(lowest.map(|(value, _)| value)),
            lowest_at_secs: figure(lowest.map(|(_, secs)| secs)),
            balance_db: figure(balance.map(|(left, right)| right - left)),
        }
    }
}
