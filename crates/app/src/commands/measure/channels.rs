//! Levels of every channel over the whole of it. Never compares channels.

use serde::Serialize;
use soundfall_dsp::level::FLOOR_DBFS;
use soundfall_dsp::meter::{peak_dbfs, rms_dbfs};
use soundfall_dsp::sample::{clean, is_valid};

use crate::input::Input;
use crate::stdout::rounded;

/// From here on a sample is at full scale: the largest positive one of 16 bits.
const FULL_SCALE: f32 = 32_767.0 / 32_768.0;

/// A sine of amplitude 1 has 0 dBFS of peak and of RMS, but a crest factor of √2.
const SINE_CREST_DB: f64 = 3.010_299_956_639_812;

/// One channel.
#[derive(Serialize)]
pub struct ChannelLevels {
    /// Counted from 1.
    pub channel: u32,
    /// Largest sample; none in silence, as everything else in dB.
    pub peak_dbfs: Option<f64>,
    /// Largest value between the samples too.
    pub true_peak_dbtp: Option<f64>,
    /// Root mean square; a full-scale sine has 0 (AES17).
    pub rms_dbfs: Option<f64>,
    /// Peak over root mean square; a sine has 3.01.
    pub crest_db: Option<f64>,
    /// Mean of the samples, 1 is full scale.
    pub dc_full_scale: f64,
    /// Samples at full scale (that of 16 bits) or beyond.
    pub clipped_samples: u64,
    /// Samples that are no numbers, and count as silence.
    pub invalid_samples: u64,
}

/// All channels; true peaks come from the loudness meter.
pub fn measure(input: &Input, true_peaks: &[Option<f64>]) -> Vec<ChannelLevels> {
    let channels = input.channels.iter().zip(&input.numbers).enumerate();
    channels
        .map(|(index, (samples, channel))| {
            let (peak, rms) = (heard(peak_dbfs(samples)), heard(rms_dbfs(samples)));
            let crest = peak.zip(rms).map(|(peak, rms)| peak - rms + SINE_CREST_DB);
            let sum: f64 = samples.iter().map(|x| f64::from(clean(*x))).sum();
            let count = |of: fn(f32) -> bool| samples.iter().filter(|x| of(**x)).count() as u64;
            let figure = |value: Option<f64>| value.map(|value| rounded(value, 3));
            ChannelLevels {
                channel: *channel,
                peak_dbfs: figure(peak),
                true_peak_dbtp: figure(true_peaks.get(index).copied().flatten().and_then(heard)),
                rms_dbfs: figure(rms),
                crest_db: figure(crest),
                dc_full_scale: rounded(sum / samples.len() as f64, 9),
                clipped_samples: count(|x| clean(x).abs() >= FULL_SCALE),
                invalid_samples: count(|x| !is_valid(x)),
            }
        })
        .collect()
}

/// None at the floor: silence has no level.
pub fn heard(level: f64) -> Option<f64> {
    (level > f64::from(FLOOR_DBFS)).then_some(level)
}
