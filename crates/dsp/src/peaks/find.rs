//! Peaks of one column, between the bins. Never remembers the last column.

use crate::level::{FLOOR_DBFS, db_to_amplitude};
use crate::note::Note;
use crate::stft::{StftError, StftParams};

use super::lobe::Lobe;

/// Side lobes of several tones, and of their mirror images below 0 Hz, add up: a peak has to be
/// this much above what one tone can leak there.
const LEAK_MARGIN_DB: f64 = 6.0;
/// Bins on each side of a peak that are looked at, at most.
const MAX_BINS: i64 = 16;
/// Steps of the fit, at most; three or four are usual.
const MAX_STEPS: usize = 12;

/// What counts as a peak.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeakParams {
    /// Lowest level of its bin, in dBFS.
    pub threshold_dbfs: f32,
    /// How far the spectrum has to sink on both sides before it rises above the peak, in dB
    /// (as the `prominence` of `scipy.signal.find_peaks`).
    pub prominence_db: f32,
    /// Most peaks of a column; the loudest are taken.
    pub max_peaks: usize,
}

impl Default for PeakParams {
    /// Above −80 dBFS, 10 dB prominent, 32 at most.
    fn default() -> Self {
        Self {
            threshold_dbfs: -80.0,
            prominence_db: 10.0,
            max_peaks: 32,
        }
    }
}

/// A tone in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Frequency in bins of the transform.
    pub bin: f64,
    /// Frequency in Hz.
    pub hz: f64,
    /// Level in dBFS, right between the bins too: 0 is a sine of amplitude 1.
    pub dbfs: f64,
}

impl Peak {
    /// The nearest note, with A4 at `a4_hz`.
    #[must_use]
    pub fn note(&self, a4_hz: f64) -> Option<Note> {
        Note::nearest(self.hz, a4_hz)
    }
}

/// Finds the peaks of columns that one kind of transform makes.
///
/// **Frequency and level.** The amplitudes of the bins around a peak are fitted, by least squares,
/// with the main lobe of the window: its height and its place are the two unknowns
/// (Gauss-Newton). Under white noise that is what maximum likelihood does with magnitudes (Rife &
/// Boorstyn, *IEEE Trans. Inf. Theory* 20, 1974), and for two bins it is the interpolation of
/// Grandke (*IEEE Trans. Instrum. Meas.* 32, 1983), for any window. A stationary sine 40 dB above
/// white noise is found within 1 % of a bin and 0.1 dB under every window, if it is far enough from
/// its own mirror image: 40 bins from 0 Hz and from half the rate are enough even for the
/// rectangular window, whose side lobes fall slowly.
///
/// **Side lobes** are no peaks: what is not above the reach of a stronger peak's side lobes (with
/// 6 dB to spare) is left out.
///
/// ```
/// use soundfall_dsp::peaks::{PeakFinder, PeakParams};
/// use soundfall_dsp::stft::{Stft, StftParams};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let params = StftParams::default();
/// let mut stft = Stft::new(&params)?;
/// let mut finder = PeakFinder::new(&params, 48_000.0, PeakParams::default())?;
/// let sine: Vec<f32> = (0..2048)
///     .map(|i| (std::f64::consts::TAU * 446.0 * f64::from(i) / 48_000.0).sin() as f32 * 0.5)
///     .collect();
/// let mut column = vec![0.0; stft.bins()];
/// stft.column(&sine, &mut column);
/// let mut peaks = Vec::new();
/// finder.find(&column, &mut peaks);
/// assert_eq!(peaks.len(), 1);
/// assert!((peaks[0].hz - 446.0).abs() < 0.05 && (peaks[0].dbfs + 6.02).abs() < 0.01);
/// assert_eq!(peaks[0].note(440.0).unwrap().to_string(), "A4 +23 ct");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct PeakFinder {
    params: PeakParams,
    bins: usize,
    bin_hz: f64,
    /// Bins of the transform that make one of the transform without padding.
    padding: f64,
    lobe: Lobe,
    /// Bin and level, loudest first.
    candidates: Vec<(usize, f32)>,
}

impl PeakFinder {
    /// A finder for columns of `stft` at `sample_rate` (Hz). Takes a few milliseconds.
    ///
    /// # Errors
    /// [`StftError`] where `stft` is out of range.
    pub fn new(stft: &StftParams, sample_rate: f64, params: PeakParams) -> Result<Self, StftError> {
        stft.coefficients()?;
        Ok(Self {
            params,
            bins: stft.bins(),
            bin_hz: stft.bin_hz(1, sample_rate),
            padding: stft.fft_size as f64 / stft.window_size as f64,
            lobe: Lobe::new(stft),
            candidates: Vec::with_capacity(stft.bins() / 2 + 1),
        })
    }

    /// What counts as a peak.
    #[must_use]
    pub fn params(&self) -> &PeakParams {
        &self.params
    }

    /// Counts something else as a peak from now on.
    pub fn set_params(&mut self, params: PeakParams) {
        self.params = params;
    }

    /// Width of a bin in Hz.
    #[must_use]
    pub fn bin_hz(&self) -> f64 {
        self.bin_hz
    }

    /// Replaces `out` by the peaks of a column (dBFS), in order of frequency.
    ///
    /// Neither the first nor the last bin is ever a peak. Allocates only where `out` has to grow.
    pub fn find(&mut self, column_dbfs: &[f32], out: &mut Vec<Peak>) {
        out.clear();
        let column = &column_dbfs[..column_dbfs.len().min(self.bins)];
        self.candidates.clear();
        let mut bin = 1;
        while bin + 1 < column.len() {
            let level = column[bin];
            // A plateau counts once, at its middle.
            let end = plateau_end(column, bin);
            let top = level > column[bin - 1] && column.get(end).is_some_and(|&c| c < level);
            // An infinite level is no tone of any height.
            let top = top && level.is_finite();
            if top && level >= self.params.threshold_dbfs && self.is_prominent(column, bin, end) {
                self.candidates.push((usize::midpoint(bin, end - 1), level));
            }
            bin = end;
        }
        self.candidates.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
        for &(bin, level) in &self.candidates {
            if out.len() >= self.params.max_peaks {
                break;
            }
            if !self.is_leak(bin, f64::from(level), out) {
                out.push(self.fit(column, bin));
            }
        }
        out.sort_unstable_by(|a, b| a.bin.total_cmp(&b.bin));
    }

    /// Whether the spectrum sinks far enough on both sides of the plateau `start..end`, before it
    /// rises above it or ends.
    fn is_prominent(&self, column: &[f32], start: usize, end: usize) -> bool {
        let top = column[start];
        let low = top - self.params.prominence_db;
        let sinks = |level: &f32| *level <= low;
        let before = column[..start].iter().rev().take_while(|x| **x <= top);
        let after = column[end..].iter().take_while(|x| **x <= top);
        before.into_iter().any(sinks) && after.into_iter().any(sinks)
    }

    /// Whether a stronger peak explains what is there.
    fn is_leak(&self, bin: usize, level: f64, stronger: &[Peak]) -> bool {
        stronger.iter().any(|peak| {
            let distance = (bin as f64 - peak.bin) / self.padding;
            level < peak.dbfs + self.lobe.envelope_db(distance) + LEAK_MARGIN_DB
        })
    }

    /// Place and height of the main lobe that fits best around a bin.
    fn fit(&self, column: &[f32], bin: usize) -> Peak {
        let top = f64::from(column[bin]);
        // The first and the last bin have no mirror image, so that another scale holds there.
        let amplitude = |offset: i64| {
            let at = bin as i64 + offset;
            (1..self.bins as i64 - 1)
                .contains(&at)
                .then(|| column.get(at as usize))
                .flatten()
                .map(|&db| db_to_amplitude(f64::from(db.max(FLOOR_DBFS)) - top))
        };
        // Padded bins lie close and tell much the same: every half bin of the unpadded
        // transform is enough.
        let stride = ((self.padding / 2.0) as i64).max(1);
        let reach = self.lobe.reach() * self.padding;
        // Under a flat window noise decides which of the padded bins is the highest.
        let farthest = self.padding.max(1.0);
        let count = (((reach + farthest) / stride as f64) as i64 + 1).min(MAX_BINS);
        let mut place = parabola(column, bin);
        let mut height = 1.0;
        for _ in 0..MAX_STEPS {
            // Normal equations of height and place.
            let (mut hh, mut hp, mut pp, mut he, mut pe) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for offset in -count..=count {
                let offset = offset * stride;
                let distance = offset as f64 - place;
                if distance.abs() >= reach {
                    continue;
                }
                let Some(measured) = amplitude(offset) else {
                    continue;
                };
                let (value, slope) = self.lobe.at(distance / self.padding);
                let by_place = -height * slope / self.padding;
                let error = measured - height * value;
                hh += value * value;
                hp += value * by_place;
                pp += by_place * by_place;
                he += value * error;
                pe += by_place * error;
            }
            let determinant = hh * pp - hp * hp;
            if determinant <= 1e-12 * hh * pp {
                break;
            }
            let step = (hh * pe - hp * he) / determinant;
            height += (pp * he - hp * pe) / determinant;
            place = (place + step).clamp(-farthest, farthest);
            if step.abs() < 1e-6 {
                break;
            }
        }
        if !(height > 0.5 && height < 2.0) {
            // Nothing like a tone: the bin itself.
            (place, height) = (parabola(column, bin), 1.0);
        }
        let bin = bin as f64 + place;
        Peak {
            bin,
            hz: bin * self.bin_hz,
            dbfs: top + 20.0 * height.log10(),
        }
    }
}

/// The first bin after `start` that has another level.
fn plateau_end(column: &[f32], start: usize) -> usize {
    let level = column[start];
    let same = column[start..].iter().take_while(|x| **x == level).count();
    start + same.max(1)
}

/// The top of the parabola through a bin and its neighbours, in bins from it.
fn parabola(column: &[f32], bin: usize) -> f64 {
    let level = |bin: usize| column.get(bin).map_or(FLOOR_DBFS, |&x| x.max(FLOOR_DBFS));
    let (before, here, after) = (level(bin.wrapping_sub(1)), level(bin), level(bin + 1));
    let bend = before - 2.0 * here + after;
    if bend >= 0.0 {
        return 0.0;
    }
    f64::from(0.5 * (before - after) / bend).clamp(-0.5, 0.5)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Little-endian numbers after the header of an .npy file.
    fn data(file: &[u8]) -> &[u8] {
        &file[10 + usize::from(u16::from_le_bytes([file[8], file[9]]))..]
    }

    #[test]
    fn candidates_are_those_of_scipy() {
        let levels: Vec<f32> = data(include_bytes!("../../tests/reference/columns.npy"))
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        let theirs: Vec<i16> = data(include_bytes!("../../tests/reference/peaks.npy"))
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| i16::from_le_bytes(bytes))
            .collect();
        let stft = StftParams {
            window_size: 256,
            fft_size: 256,
            ..StftParams::default()
        };
        let mut finder = PeakFinder::new(&stft, 48_000.0, PeakParams::default()).unwrap();
        let mut seen = 0;
        for (index, column) in levels.chunks_exact(129).enumerate() {
            finder.find(column, &mut Vec::new());
            let mut ours: Vec<i16> = finder.candidates.iter().map(|c| c.0 as i16).collect();
            ours.sort_unstable();
            let theirs: Vec<i16> = theirs
                .chunks_exact(2)
                .filter(|pair| pair[0] as usize == index)
                .map(|pair| pair[1])
                .collect();
            assert_eq!(ours, theirs, "column {index}");
            seen += ours.len();
        }
        assert!(seen > 100, "{seen}");
    }
}
