//! Loudness of all channels together, ten times a second. Never asks the meter more often: what it
//! is asked for it sums up from three seconds of samples each time.

use super::report::LoudnessReport;
use super::settings::InstrumentSettings;
use crate::meter::{LoudnessError, LoudnessMeter, Role};

/// Readings a second, as EBU Tech 3341 asks for.
const READINGS_PER_SEC: f64 = 10.0;
/// Samples that short-term readings may sum up a second; with more they come less often.
const SAMPLES_PER_SEC: f64 = 5e7;
/// Seconds a short-term reading sums up.
const SHORT_TERM_SECS: f64 = 3.0;

/// A loudness meter and its newest readings.
pub(super) struct Programme {
    meter: LoudnessMeter,
    reading: LoudnessReport,
    /// Frames from one reading to the next, and frames until then.
    pace: usize,
    left: usize,
    /// The same for the short-term loudness, in readings.
    short_term_pace: u32,
    short_term_left: u32,
    /// Since the last reading nobody asked for what all blocks have to be gone through for.
    owes_totals: bool,
}

const NOTHING: LoudnessReport = LoudnessReport {
    momentary_lufs: None,
    short_term_lufs: None,
    integrated_lufs: None,
    range_lu: None,
    true_peak_dbtp: crate::level::FLOOR_DBFS,
};

impl Programme {
    pub(super) fn new(settings: &InstrumentSettings) -> Result<Self, LoudnessError> {
        let rate = f64::from(settings.sample_rate);
        let pace = ((rate / READINGS_PER_SEC) as usize).max(1);
        let work = rate * settings.channels as f64 * SHORT_TERM_SECS * READINGS_PER_SEC;
        let short_term_pace = ((work / SAMPLES_PER_SEC).ceil() as u32).max(1);
        Ok(Self {
            meter: LoudnessMeter::new(settings.sample_rate, &Role::usual(settings.channels))?,
            reading: NOTHING,
            pace,
            left: pace,
            short_term_pace,
            short_term_left: short_term_pace,
            owes_totals: false,
        })
    }

    /// Takes the frames `from..stride` of planar samples.
    pub(super) fn push(&mut self, planar: &[f32], stride: usize, from: usize) {
        let mut at = from;
        while at < stride {
            let count = (stride - at).min(self.left);
            self.meter.push_planar(&planar[at..], stride, count);
            at += count;
            self.left -= count;
            if self.left == 0 {
                self.left = self.pace;
                self.read();
            }
        }
    }

    fn read(&mut self) {
        let meter = &self.meter;
        let reading = &mut self.reading;
        reading.momentary_lufs = meter.momentary_lufs().map(|x| x as f32);
        reading.true_peak_dbtp = meter.highest_true_peak_dbtp() as f32;
        self.short_term_left -= 1;
        if self.short_term_left == 0 {
            self.short_term_left = self.short_term_pace;
            reading.short_term_lufs = meter.short_term_lufs().map(|x| x as f32);
        }
        self.owes_totals = true;
    }

    /// Integrated loudness and range are worked out here, not in every reading: a minute that is
    /// heard in one go has hundreds of readings, and one report.
    pub(super) fn report(&mut self) -> LoudnessReport {
        if std::mem::take(&mut self.owes_totals) {
            self.reading.integrated_lufs = self.meter.integrated_lufs().map(|x| x as f32);
            self.reading.range_lu = self.meter.range_lu().map(|x| x as f32);
        }
        self.reading
    }

    pub(super) fn clear(&mut self) {
        self.meter.clear();
        self.reading = NOTHING;
        self.left = self.pace;
        self.short_term_left = self.short_term_pace;
        self.owes_totals = false;
    }
}
