//! Sample peak and RMS of one channel, as a meter shows them. Never oversamples: true peaks are
//! of the [loudness meter](super::LoudnessMeter).
//!
//! As everywhere here 0 dBFS is a sine of amplitude 1, for the RMS too (AES17, IEC 61606): such a
//! sine reads 0 dBFS on both, and a square wave of amplitude 1 +3.01 dBFS RMS.

use crate::average::share_of_new;
use crate::envelope::reduce;
use crate::level::{amplitude_to_db, power_to_db_exact};
use crate::sample::clean;

/// How fast the peak indicator falls: 20 dB in 1.7 s (IEC 60268-10, type I; as digital peak
/// meters after IEC 60268-18 do).
const FALL_DB_PER_SEC: f64 = 20.0 / 1.7;

/// Largest magnitude of some samples in dBFS; the floor for none.
///
/// ```
/// assert_eq!(soundfall_dsp::meter::peak_dbfs(&[0.1, -1.0]), 0.0);
/// ```
#[must_use]
pub fn peak_dbfs(samples: &[f32]) -> f64 {
    let all = reduce(samples);
    amplitude_to_db(f64::from(all.max.max(-all.min).max(0.0)))
}

/// RMS of some samples in dBFS (a sine of amplitude 1 has 0); the floor for none.
#[must_use]
pub fn rms_dbfs(samples: &[f32]) -> f64 {
    power_to_db_exact(2.0 * f64::from(reduce(samples).mean_square))
}

/// Peak and RMS of one running channel.
///
/// What it shows does not depend on the blocks that samples come in.
///
/// ```
/// use soundfall_dsp::meter::LevelMeter;
/// let mut meter = LevelMeter::new(48_000.0, 0.3);
/// let sine: Vec<f32> = (0..48_000).map(|i| (i as f32 * 0.1).sin() * 0.5).collect();
/// meter.push(&sine);
/// assert!((meter.peak_dbfs() + 6.02).abs() < 0.05);
/// assert!((meter.rms_dbfs() + 6.02).abs() < 0.05);
/// ```
#[derive(Clone, Debug)]
pub struct LevelMeter {
    frame_secs: f64,
    rms_secs: f64,
    /// Share of the mean square that is left a frame later.
    kept: f64,
    /// The same for the peak indicator.
    peak_kept: f64,
    mean_square: f64,
    weight: f64,
    peak: f64,
    highest: f64,
    overs: u64,
}

impl LevelMeter {
    /// A meter at `sample_rate` (Hz) whose mean square has the time constant `rms_secs`
    /// (0.3 s is usual). The peak indicator rises at once and falls 20 dB in 1.7 s.
    #[must_use]
    pub fn new(sample_rate: f64, rms_secs: f64) -> Self {
        let frame_secs = 1.0 / sample_rate.max(1.0);
        let rms_secs = rms_secs.max(frame_secs);
        Self {
            frame_secs,
            rms_secs,
            kept: (-frame_secs / rms_secs).exp(),
            peak_kept: 10f64.powf(-FALL_DB_PER_SEC * frame_secs / 20.0),
            mean_square: 0.0,
            weight: 0.0,
            peak: 0.0,
            highest: 0.0,
            overs: 0,
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        if samples.is_empty() {
            return;
        }
        let frames = samples.len() as f64;
        let mut sum = 0.0;
        let mut peak = self.peak;
        for &x in samples {
            let x = f64::from(clean(x));
            let magnitude = x.abs();
            sum = sum * self.kept + x * x;
            peak = (peak * self.peak_kept).max(magnitude);
            self.highest = self.highest.max(magnitude);
            self.overs += u64::from(magnitude > 1.0);
        }
        // Subnormal numbers are slow, and far below the floor.
        self.peak = if peak < 1e-30 { 0.0 } else { peak };
        let secs = frames * self.frame_secs;
        let share = share_of_new(&mut self.weight, self.rms_secs, secs);
        let mean = if self.kept < 1.0 {
            sum * (1.0 - self.kept) / (1.0 - self.kept.powf(frames))
        } else {
            sum / frames
        };
        self.mean_square += share * (mean - self.mean_square);
    }

    /// The peak indicator in dBFS.
    #[must_use]
    pub fn peak_dbfs(&self) -> f64 {
        amplitude_to_db(self.peak)
    }

    /// The RMS in dBFS, exponentially weighted.
    #[must_use]
    pub fn rms_dbfs(&self) -> f64 {
        power_to_db_exact(2.0 * self.mean_square)
    }

    /// The highest sample since the start or [`Self::clear`], in dBFS.
    #[must_use]
    pub fn highest_dbfs(&self) -> f64 {
        amplitude_to_db(self.highest)
    }

    /// Samples beyond ±1 since the start or [`Self::clear`].
    #[must_use]
    pub fn overs(&self) -> u64 {
        self.overs
    }

    /// Starts anew.
    pub fn clear(&mut self) {
        self.mean_square = 0.0;
        self.weight = 0.0;
        self.peak = 0.0;
        self.highest = 0.0;
        self.overs = 0;
    }
}
