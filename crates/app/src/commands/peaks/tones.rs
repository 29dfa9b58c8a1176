//! Tracks as tones: from when to when, at what frequency in the mean, how loud at most, how steady.
//! In order of their beginning, as soon as no earlier one can come. Never sees a spectrum.

use std::collections::BTreeMap;

use anyhow::Result;
use soundfall_dsp::level::power_to_db_exact;
use soundfall_dsp::note::Note;
use soundfall_dsp::peaks::{Peak, PeakTracker, TrackParams};
use soundfall_dsp::stft::StftParams;

/// A tone whose frequency bends more than that is none: noise has peaks that follow one another
/// too, but they jump about. In bins of the transform without padding, from a quarter of a window
/// to the next: tones of music stay below, 98 of 100 tracks in noise above.
const STEADY_BINS: f64 = 0.5;

/// A track that ended.
#[derive(Clone, Copy, Debug)]
pub struct Tone {
    /// Index of its channel.
    pub channel: usize,
    /// Column it was first seen in.
    pub first_column: u64,
    /// Column it was last seen in.
    pub last_column: u64,
    /// Its highest level.
    pub highest_dbfs: f64,
    /// Σ power·Hz and Σ power.
    hz_by_power: f64,
    power: f64,
    bend: Bend,
}

impl Tone {
    /// Its frequency, the mean of all columns weighted with their power.
    pub fn hz(&self) -> f64 {
        self.hz_by_power / self.power
    }

    /// The nearest note.
    pub fn note(&self, a4_hz: f64) -> Option<Note> {
        Note::nearest(self.hz(), a4_hz)
    }

    /// Whether its frequency moves as that of a tone.
    pub fn is_steady(&self) -> bool {
        self.bend.mean() <= STEADY_BINS
    }

    fn add(&mut self, column: u64, peak: &Peak, ruler: &Ruler) {
        // Within the floor and what samples can be: never 0, never infinite.
        let power = 10f64.powf(peak.dbfs.max(power_to_db_exact(0.0)) / 10.0);
        self.last_column = column;
        self.highest_dbfs = self.highest_dbfs.max(peak.dbfs);
        self.hz_by_power += power * peak.hz;
        self.power += power;
        self.bend.add(column, peak.hz / ruler.bin_hz, ruler.columns);
    }
}

/// How much a frequency bends: the mean size of its second difference.
#[derive(Clone, Copy, Debug, Default)]
struct Bend {
    /// Column and bin of the last place but one, and of the last.
    before: Option<(u64, f64)>,
    last: Option<(u64, f64)>,
    sum: f64,
    count: u32,
}

impl Bend {
    /// Takes a place where it is far enough from the last one.
    fn add(&mut self, column: u64, bin: f64, every: u64) {
        if self.last.is_some_and(|(last, _)| column < last + every) {
            return;
        }
        if let (Some((first, a)), Some((middle, b))) = (self.before, self.last) {
            // Places may be missing: against the straight line through both.
            let ahead = (column - middle) as f64 / (middle - first) as f64;
            self.sum += (bin - b - (b - a) * ahead).abs();
            self.count += 1;
        }
        self.before = self.last;
        self.last = Some((column, bin));
    }

    /// 0 where there is too little to tell.
    fn mean(&self) -> f64 {
        match self.count {
            0 => 0.0,
            count => self.sum / f64::from(count),
        }
    }
}

/// What a bend is measured with.
struct Ruler {
    /// Width of a bin without padding.
    bin_hz: f64,
    /// Columns in a quarter of a window.
    columns: u64,
}

/// The tones of all channels.
pub struct Tones {
    channels: Vec<Channel>,
    ruler: Ruler,
    /// By first column, channel, number of the track.
    ended: BTreeMap<(u64, usize, u64), Tone>,
}

struct Channel {
    tracker: PeakTracker,
    /// The tracks that live, by their numbers, which rise.
    living: Vec<(u64, Tone)>,
}

impl Tones {
    /// Of so many channels at `sample_rate` (Hz).
    pub fn new(channels: usize, params: &StftParams, sample_rate: f64) -> Self {
        // Zero padding makes finer bins, not finer tones.
        let bin_hz = sample_rate / params.window_size as f64;
        let channel = |_| Channel {
            tracker: PeakTracker::new(TrackParams::for_bins(bin_hz)),
            living: Vec::new(),
        };
        Self {
            channels: (0..channels).map(channel).collect(),
            ended: BTreeMap::new(),
            ruler: Ruler {
                bin_hz,
                columns: (params.window_size / 4 / params.hop_frames).max(1) as u64,
            },
        }
    }

    /// Takes the peaks of a channel's next column.
    pub fn push(&mut self, channel: usize, column: u64, peaks: &[Peak]) {
        let Channel { tracker, living } = &mut self.channels[channel];
        tracker.push(column, peaks);
        for track in tracker.died() {
            if let Ok(at) = living.binary_search_by_key(&track.id, |(id, _)| *id) {
                let tone = living[at].1;
                self.ended
                    .insert((tone.first_column, channel, track.id), tone);
            }
        }
        // Tracks that were never confirmed go without a word.
        let tracks = tracker.tracks();
        living.retain(|(id, _)| tracks.binary_search_by_key(id, |track| track.id).is_ok());
        for track in tracks.iter().filter(|track| track.last_column == column) {
            let at = living.binary_search_by_key(&track.id, |(id, _)| *id);
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
                living.insert(at, (track.id, tone));
                at
            });
            living[at].1.add(column, &track.peak, &self.ruler);
        }
    }

    /// Ends all tones that live.
    pub fn finish(&mut self) {
        for (index, Channel { tracker, living }) in self.channels.iter_mut().enumerate() {
            for track in tracker.confirmed() {
                if let Ok(at) = living.binary_search_by_key(&track.id, |(id, _)| *id) {
                    let tone = living[at].1;
                    self.ended
                        .insert((tone.first_column, index, track.id), tone);
                }
            }
            living.clear();
            tracker.clear();
        }
    }

    /// Hands out the ended tones that began before all that live.
    pub fn release(&mut self, mut write: impl FnMut(&Tone) -> Result<()>) -> Result<()> {
        let living = |channel: &Channel| channel.living.first().map(|(_, tone)| tone.first_column);
        let oldest = self.channels.iter().filter_map(living).min();
        while let Some(first) = self.ended.first_entry()
            && oldest.is_none_or(|oldest| first.key().0 < oldest)
        {
            write(&first.remove())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(hz: f64, dbfs: f64) -> Peak {
        Peak {
            bin: hz / 20.0,
            hz,
            dbfs,
        }
    }

    /// Bins of 23.4 Hz.
    fn tones(channels: usize) -> Tones {
        Tones::new(channels, &StftParams::default(), 48_000.0)
    }

    fn taken(tones: &mut Tones) -> Vec<(usize, u64, u64)> {
        let mut out = Vec::new();
        let done = tones.release(|tone| {
            out.push((tone.channel, tone.first_column, tone.last_column));
            Ok(())
        });
        assert!(done.is_ok());
        out
    }

    #[test]
    fn tones_come_in_order_of_their_beginning() {
        let mut tones = tones(2);
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
    fn what_is_never_confirmed_is_no_tone_and_holds_nothing_up() {
        let mut tones = tones(1);
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
    fn the_frequency_is_that_of_the_loud_columns() {
        let mut tones = tones(1);
        for (column, (hz, dbfs)) in [(442.0, -60.0), (440.0, -20.0), (440.0, -20.0)]
            .into_iter()
            .enumerate()
        {
            tones.push(0, column as u64, &[peak(hz, dbfs)]);
        }
        tones.finish();
        let done = tones.release(|tone| {
            assert!((tone.hz() - 440.0).abs() < 0.001, "{}", tone.hz());
            assert!((tone.highest_dbfs + 20.0).abs() < 1e-12);
            Ok(())
        });
        assert!(done.is_ok());
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
        // A hole in a glide, and columns much closer than a quarter of a window.
        let mut bend = Bend::default();
        for column in [0, 4, 8, 20, 24] {
            bend.add(column, column as f64, 4);
            bend.add(column + 1, 99.0, 4);
        }
        assert!(bend.mean() < 1e-12);
    }
}
