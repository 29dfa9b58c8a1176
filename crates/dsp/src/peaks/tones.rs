//! Tracks summarised as tones: first and last column, mean frequency, highest level, steadiness.
//! They come in order of their first column, each as soon as no earlier one can follow.

use std::collections::BTreeMap;

use crate::level::power_to_db_exact;
use crate::note::Note;
use crate::stft::StftParams;

use super::{Peak, PeakTracker, TrackParams};

/// Largest bend of a steady tone, in bins of the transform without padding between one quarter of a
/// window and the next. Peaks of noise form tracks too, but their frequency jumps: tones of music
/// stay below this limit, 98 of 100 tracks in noise are above.
const MAX_STEADY_BEND: f64 = 0.5;

/// A track that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    /// Index of its channel.
    pub channel: usize,
    /// Column it was first seen in (absolute).
    pub first_column: u64,
    /// Column it was last seen in (absolute).
    pub last_column: u64,
    /// Its highest level in dBFS.
    pub highest_dbfs: f64,
    /// Σ power·Hz and Σ power.
    hz_by_power: f64,
    power: f64,
    bend: Bend,
}

impl Tone {
    /// Its frequency in Hz: the mean of all columns, weighted with their power.
    #[must_use]
    pub fn hz(&self) -> f64 {
        self.hz_by_power / self.power
    }

    /// The nearest note, with A4 at `a4_hz`.
    #[must_use]
    pub fn note(&self, a4_hz: f64) -> Option<Note> {
        Note::nearest(self.hz(), a4_hz)
    }

    /// Whether its frequency is constant or glides, rather than jumps as that of noise does.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.bend.mean() <= MAX_STEADY_BEND
    }

    fn add(&mut self, column: u64, peak: &Peak, unit: &BendUnit) {
        // Clamped to the floor, so that the power is neither 0 nor infinite.
        let power = 10f64.powf(peak.dbfs.max(power_to_db_exact(0.0)) / 10.0);
        self.last_column = column;
        self.highest_dbfs = self.highest_dbfs.max(peak.dbfs);
        self.hz_by_power += power * peak.hz;
        self.power += power;
        self.bend.add(column, peak.hz / unit.bin_hz, unit.columns);
    }
}

/// Mean absolute second difference of a frequency.
#[derive(Clone, Copy, Debug, Default)]
struct Bend {
    /// Column and bin of the last point but one, and of the last.
    before: Option<(u64, f64)>,
    last: Option<(u64, f64)>,
    sum: f64,
    count: u32,
}

impl Bend {
    /// Adds a point if it is at least `every` columns after the last one.
    fn add(&mut self, column: u64, bin: f64, every: u64) {
        if self.last.is_some_and(|(last, _)| column < last + every) {
            return;
        }
        if let (Some((first, a)), Some((middle, b))) = (self.before, self.last) {
            // Columns may be missing: compare with the straight line through both points.
            let ahead = (column - middle) as f64 / (middle - first) as f64;
            self.sum += (bin - b - (b - a) * ahead).abs();
            self.count += 1;
        }
        self.before = self.last;
        self.last = Some((column, bin));
    }

    /// In bins; 0 with fewer than three points.
    fn mean(&self) -> f64 {
        match self.count {
            0 => 0.0,
            count => self.sum / f64::from(count),
        }
    }
}

/// Units in which a bend is measured.
#[derive(Clone, Debug)]
struct BendUnit {
    /// Width of a bin without padding, in Hz.
    bin_hz: f64,
    /// Columns in a quarter of a window.
    columns: u64,
}

/// Joins the peaks of all channels into tones.
///
/// ```
/// use soundfall_dsp::peaks::{Peak, ToneTracker};
/// use soundfall_dsp::stft::StftParams;
/// let mut tones = ToneTracker::new(1, &StftParams::default(), 48_000.0);
/// for column in 0..10 {
///     tones.push(0, column, &[Peak { bin: 18.8, hz: 440.0, dbfs: -20.0 }]);
/// }
/// tones.finish();
/// let tone = tones.pop().ok_or("no tone")?;
/// assert_eq!((tone.first_column, tone.last_column), (0, 9));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct ToneTracker {
    channels: Vec<Channel>,
    unit: BendUnit,
    /// Ended tones by first column, channel and id of the track.
    ended: BTreeMap<(u64, usize, u64), Tone>,
}

#[derive(Clone, Debug)]
struct Channel {
    tracker: PeakTracker,
    /// The live tracks, in ascending order of their ids.
    live: Vec<(u64, Tone)>,
}

impl ToneTracker {
    /// For `channels` channels at `sample_rate` (Hz).
    #[must_use]
    pub fn new(channels: usize, params: &StftParams, sample_rate: f64) -> Self {
        // Zero padding makes finer bins, not finer tones.
        let bin_hz = sample_rate / params.window_size as f64;
        let channel = |_| Channel {
            tracker: PeakTracker::new(TrackParams::for_bins(bin_hz)),
            live: Vec::new(),
        };
        Self {
            channels: (0..channels).map(channel).collect(),
            ended: BTreeMap::new(),
            unit: BendUnit {
                bin_hz,
                columns: (params.window_size / 4 / params.hop_frames).max(1) as u64,
            },
        }
    }

    /// Adds the peaks of the next column of a channel (index). `column` is absolute; columns may be left out.
    ///
    /// # Panics
    /// When `channel` is not below the number of channels.
    pub fn push(&mut self, channel: usize, column: u64, peaks: &[Peak]) {
        let Channel { tracker, live } = &mut self.channels[channel];
        tracker.push(column, peaks);
        for track in tracker.died() {
            if let Ok(at) = live.binary_search_by_key(&track.id, |(id, _)| *id) {
                let tone = live[at].1;
                self.ended
                    .insert((tone.first_column, channel, track.id), tone);
            }
        }
        // Tracks that were never confirmed are dropped.
        let tracks = tracker.tracks();
        live.retain(|(id, _)| tracks.binary_search_by_key(id, |track| track.id).is_ok());
        for track in tracks.iter().filter(|track| track.last_column == column) {
            let at = live.binary_search_by_key(&track.id, |(id, _)| *id);
            let at = at.unwrap_or_else(|at| {
                let tone = Tone {
                    channel,
                    first_column: track.first_column,
                    last_column: column,
                    highest_dbfs: f64::NEG_INFINITY,
                    hz_by_power: 0.0,
                    power: 0.0,
                    bend: Bend::default(),
                };
                live.insert(at, (track.id, tone));
                at
            });
            live[at].1.add(column, &track.peak, &self.unit);
        }
    }

    /// Ends all live tones: no more columns follow.
    pub fn finish(&mut self) {
        for (index, Channel { tracker, live }) in self.channels.iter_mut().enumerate() {
            for track in tracker.confirmed() {
                if let Ok(at) = live.binary_search_by_key(&track.id, |(id, _)| *id) {
                    let tone = live[at].1;
                    self.ended
                        .insert((tone.first_column, index, track.id), tone);
                }
            }
            live.clear();
            tracker.clear();
        }
    }

    /// Takes the next ended tone, in order of first column and channel; `None` while a live tone began before it.
    pub fn pop(&mut self) -> Option<Tone> {
        let live = |channel: &Channel| channel.live.first().map(|(_, tone)| tone.first_column);
        let oldest = self.channels.iter().filter_map(live).min();
        let first = self.ended.first_entry()?;
        oldest
            .is_none_or(|oldest| first.key().0 < oldest)
            .then(|| first.remove())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn peak(hz: f64, dbfs: f64) -> Peak {
        Peak {
            bin: hz / 20.0,
            hz,
            dbfs,
        }
    }

    /// Bins of 23.4 Hz.
    fn tracker(channels: usize) -> ToneTracker {
        ToneTracker::new(channels, &StftParams::default(), 48_000.0)
    }

    fn taken(tones: &mut ToneTracker) -> Vec<(usize, u64, u64)> {
        std::iter::from_fn(|| tones.pop())
            .map(|tone| (tone.channel, tone.first_column, tone.last_column))
            .collect()
    }

    #[test]
    fn tones_are_ordered_by_first_column() {
        let mut tones = tracker(2);
        for column in 0..40 {
            // A drone on the second channel, two short tones on the first one.
            tones.push(1, column, &[peak(200.0, -20.0)]);
            match column {
                5..10 => tones.push(0, column, &[peak(1000.0, -20.0)]),
                20..30 => tones.push(0, column, &[peak(3000.0, -20.0)]),
                _ => tones.push(0, column, &[]),
            }
            assert_eq!(taken(&mut tones), []);
        }
        tones.finish();
        assert_eq!(taken(&mut tones), [(1, 0, 39), (0, 5, 9), (0, 20, 29)]);
    }

    #[test]
    fn unconfirmed_tracks_are_dropped_and_block_nothing() {
        let mut tones = tracker(1);
        for column in 0..100 {
            // A peak somewhere else in every column, and a tone.
            let mut peaks = vec![peak(500.0 * (1.0 + (column % 7) as f64), -30.0)];
            if column < 10 {
                peaks.push(peak(8000.0, -10.0));
            }
            tones.push(0, column, &peaks);
        }
        assert_eq!(taken(&mut tones), [(0, 0, 9)]);
    }

    #[test]
    fn loud_columns_determine_the_frequency() {
        let mut tones = tracker(1);
        for (column, (hz, dbfs)) in [(442.0, -60.0), (440.0, -20.0), (440.0, -20.0)]
            .into_iter()
            .enumerate()
        {
            tones.push(0, column as u64, &[peak(hz, dbfs)]);
        }
        tones.finish();
        let tone = tones.pop().unwrap();
        assert!((tone.hz() - 440.0).abs() < 0.001, "{}", tone.hz());
        assert!((tone.highest_dbfs + 20.0).abs() < 1e-12);
        assert!(tones.pop().is_none());
    }

    #[test]
    fn a_glide_is_steady_and_a_jumping_peak_is_not() {
        let bend = |places: &[f64]| {
            let mut bend = Bend::default();
            for (column, bin) in places.iter().enumerate() {
                bend.add(column as u64, *bin, 1);
            }
            bend.mean()
        };
        assert!(bend(&[10.0, 12.0, 14.0, 16.0, 18.0]) < 1e-12);
        assert_eq!(bend(&[10.0, 11.0, 10.0, 11.0]), 2.0);
        assert_eq!(bend(&[10.0]), 0.0);
        // A glide with missing columns, and columns much closer than a quarter of a window.
        let mut bend = Bend::default();
        for column in [0, 4, 8, 20, 24] {
            bend.add(column, column as f64, 4);
            bend.add(column + 1, 99.0, 4);
        }
        assert!(bend.mean() < 1e-12);
    }
}
