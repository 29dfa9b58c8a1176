//! Peaks over time: which peak of a column goes on with which tone of the column before.
//! Never looks into a spectrum.
//!
//! Matching is that of McAulay & Quatieri (*IEEE Trans. Acoust. Speech Signal Process.* 34, 1986):
//! nearest frequencies first, within a tolerance; peaks left over are born as new tracks, tracks
//! left over die. Two things are added: a track is *confirmed* only after a few columns, so that
//! noise does not flicker, and lives on through a few columns without a peak.

use crate::note::Note;

use super::Peak;

/// How peaks are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackParams {
    /// Farthest a tone may move from one column to the next, in cents.
    pub max_cents: f64,
    /// The same in Hz, which holds where it is more (at low frequencies); about half a bin.
    pub max_hz: f64,
    /// Columns with a peak in succession that confirm a track; at least 1.
    pub confirm_columns: u32,
    /// Columns without a peak that a confirmed track survives.
    pub hold_columns: u32,
}

impl TrackParams {
    /// Tolerance 60 cents or half a bin of `bin_hz`, confirmed after 3 columns, held for 4.
    #[must_use]
    pub fn for_bins(bin_hz: f64) -> Self {
        Self {
            max_cents: 60.0,
            max_hz: bin_hz / 2.0,
            confirm_columns: 3,
            hold_columns: 4,
        }
    }
}

/// A tone over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    /// Its number: never given twice by one tracker, rising in order of birth.
    pub id: u64,
    /// Column it was born in (absolute).
    pub first_column: u64,
    /// Column it was last seen in (absolute).
    pub last_column: u64,
    /// Columns it was seen in.
    pub seen: u32,
    /// Whether it has been seen often enough to be shown.
    pub confirmed: bool,
    /// Where it was last seen.
    pub peak: Peak,
}

impl Track {
    /// The nearest note, with A4 at `a4_hz`.
    #[must_use]
    pub fn note(&self, a4_hz: f64) -> Option<Note> {
        self.peak.note(a4_hz)
    }
}

/// Joins the peaks of successive columns of one channel into tracks.
///
/// ```
/// use soundfall_dsp::peaks::{Peak, PeakTracker, TrackParams};
/// let peak = |hz: f64| Peak { bin: hz / 23.4, hz, dbfs: -20.0 };
/// let mut tracker = PeakTracker::new(TrackParams::for_bins(23.4));
/// for column in 0..5 {
///     tracker.push(column, &[peak(440.0 + column as f64), peak(1000.0)]);
/// }
/// let ids: Vec<u64> = tracker.confirmed().map(|track| track.id).collect();
/// assert_eq!(ids, [0, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct PeakTracker {
    params: TrackParams,
    next_id: u64,
    next_column: Option<u64>,
    tracks: Vec<Track>,
    died: Vec<Track>,
    /// Distance, track, peak.
    pairs: Vec<(f64, usize, usize)>,
    peak_taken: Vec<bool>,
}

impl PeakTracker {
    /// A tracker without tracks.
    #[must_use]
    pub fn new(params: TrackParams) -> Self {
        Self {
            params,
            next_id: 0,
            next_column: None,
            tracks: Vec::new(),
            died: Vec::new(),
            pairs: Vec::new(),
            peak_taken: Vec::new(),
        }
    }

    /// Takes the peaks of column `column` (absolute index). Columns left out count as columns
    /// without a peak; a column that is not after the last one starts all over, with new numbers.
    ///
    /// Allocates only until it has seen as many peaks at once as it ever will.
    pub fn push(&mut self, column: u64, peaks: &[Peak]) {
        self.died.clear();
        if self.next_column.is_some_and(|next| column < next) {
            self.clear();
        }
        self.next_column = Some(column.saturating_add(1));
        self.drop_silent(column.saturating_sub(1));
        self.pair(peaks);
        self.peak_taken.clear();
        self.peak_taken.resize(peaks.len(), false);
        for &(_, track, peak) in &self.pairs {
            let track = &mut self.tracks[track];
            if self.peak_taken[peak] || track.last_column == column {
                continue;
            }
            self.peak_taken[peak] = true;
            track.last_column = column;
            track.seen = track.seen.saturating_add(1);
            track.confirmed |= track.seen >= self.params.confirm_columns;
            track.peak = peaks[peak];
        }
        // The unmatched are judged before the new ones come.
        self.drop_silent(column);
        for (peak, _) in peaks.iter().zip(&self.peak_taken).filter(|p| !p.1) {
            self.tracks.push(Track {
                id: self.next_id,
                first_column: column,
                last_column: column,
                seen: 1,
                confirmed: self.params.confirm_columns <= 1,
                peak: *peak,
            });
            self.next_id += 1;
        }
    }

    /// All tracks that live, oldest first, those not yet confirmed included.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The confirmed tracks that live, oldest first.
    pub fn confirmed(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.confirmed)
    }

    /// The confirmed tracks that died with the last column.
    #[must_use]
    pub fn died(&self) -> &[Track] {
        &self.died
    }

    /// Forgets all tracks. Numbers go on.
    pub fn clear(&mut self) {
        self.tracks.clear();
        self.next_column = None;
    }

    /// Buries the tracks that are silent for too long as of `column`.
    fn drop_silent(&mut self, column: u64) {
        let hold = u64::from(self.params.hold_columns);
        let died = &mut self.died;
        self.tracks.retain(|track| {
            let silent = column.saturating_sub(track.last_column);
            let lives = silent <= if track.confirmed { hold } else { 0 };
            if !lives && track.confirmed {
                died.push(*track);
            }
            lives
        });
    }

    /// Every track with every peak within the tolerance, nearest first.
    fn pair(&mut self, peaks: &[Peak]) {
        self.pairs.clear();
        for (t, track) in self.tracks.iter().enumerate() {
            let from = track.peak.hz;
            let tolerance = self
                .params
                .max_hz
                .max(from * ((self.params.max_cents / 1200.0).exp2() - 1.0));
            // Peaks come in order of frequency, but nothing breaks if they do not.
            for (p, peak) in peaks.iter().enumerate() {
                let distance = (peak.hz - from).abs();
                if distance <= tolerance {
                    self.pairs.push((distance / tolerance, t, p));
                }
            }
        }
        self.pairs
            .sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }
}
