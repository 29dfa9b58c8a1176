//! What listens to columns: peaks and tracks, averages, held maxima, coherence. Never decides when
//! a column is due.

use super::report::{ChannelReport, CoherenceReport, TrackReport};
use super::{Instrument, InstrumentError, InstrumentSettings};
use crate::average::{MaxHold, PowerAverage};
use crate::coherence::CoherenceMeter;
use crate::peaks::{Peak, PeakFinder, PeakTracker, TrackParams};
use crate::scale::{BinMap, FrequencyAxis};
use crate::stft::{Stft, StftParams};

/// Tracks of a channel in a report, at most.
const MAX_TRACKS: usize = 32;
/// How long maxima that fall are held.
const HOLD_SECS: f64 = 2.0;
/// Coherence over less time than this says nothing.
const MIN_COHERENCE_SECS: f64 = 1.0;

/// The engines of all channels that read columns of levels.
pub(super) struct Spectra {
    stft: Stft,
    column: Vec<f32>,
    hop_secs: f64,
    /// Frames from one search for peaks to the next.
    search_frames: u64,
    finder: Option<PeakFinder>,
    peaks: Vec<Peak>,
    trackers: Vec<PeakTracker>,
    averages: Vec<PowerAverage>,
    holds: Vec<MaxHold>,
    bin_map: BinMap,
    /// Levels of the bins, for a report.
    levels: Vec<f32>,
}

impl Spectra {
    pub(super) fn new(settings: &InstrumentSettings) -> Result<Self, InstrumentError> {
        let stft = Stft::new(&settings.stft)?;
        let bins = stft.bins();
        let rate = f64::from(settings.sample_rate);
        let finder = settings
            .wanted
            .has(Instrument::Peaks)
            .then(|| PeakFinder::new(&settings.stft, rate, settings.peaks))
            .transpose()?;
        let one_each = |one: Instrument| settings.channels * usize::from(settings.wanted.has(one));
        let hop = settings.hop_frames();
        let search_frames = hop as u64 * settings.columns_per_finding();
        let mut tracking = TrackParams::for_bins(settings.stft.bin_hz(1, rate));
        // The shortest gap costs as many columns as reach over it.
        tracking.hold_columns += (settings.stft.window_size as u64).div_ceil(search_frames) as u32;
        let hold = match settings.hold_fall_db_per_sec {
            Some(fall) => MaxHold::falling(bins, HOLD_SECS, fall),
            None => MaxHold::new(bins),
        };
        Ok(Self {
            stft,
            column: vec![0.0; bins],
            hop_secs: hop as f64 / rate,
            search_frames,
            finder,
            peaks: Vec::with_capacity(settings.peaks.max_peaks.min(bins)),
            trackers: vec![PeakTracker::new(tracking); one_each(Instrument::Peaks)],
            averages: vec![
                PowerAverage::new(bins, settings.average_secs);
                one_each(Instrument::Average)
            ],
            holds: vec![hold; one_each(Instrument::Hold)],
            bin_map: BinMap::new(&settings.axis, rate, settings.stft.fft_size),
            levels: vec![0.0; bins],
        })
    }

    /// Goes on with whatever of an engine of the same transform measures as before.
    pub(super) fn adopt(
        &mut self,
        old: &mut Self,
        was: &InstrumentSettings,
        now: &InstrumentSettings,
    ) {
        if was.peaks == now.peaks && self.trackers.len() == old.trackers.len() {
            std::mem::swap(&mut self.trackers, &mut old.trackers);
        }
        if self.averages.len() == old.averages.len() {
            std::mem::swap(&mut self.averages, &mut old.averages);
            for average in &mut self.averages {
                average.set_time_constant_secs(now.average_secs);
            }
        }
        if was.hold_fall_db_per_sec == now.hold_fall_db_per_sec
            && self.holds.len() == old.holds.len()
        {
            std::mem::swap(&mut self.holds, &mut old.holds);
        }
    }

    /// The column of every channel whose window begins at `start` (absolute frame), of planar
    /// samples that begin with it.
    pub(super) fn take(&mut self, start: u64, planar: &[f32], stride: usize, channels: usize) {
        let searched = start.is_multiple_of(self.search_frames);
        let listened = !(self.averages.is_empty() && self.holds.is_empty());
        if !searched && !listened {
            return;
        }
        for channel in 0..channels {
            let samples = planar.get(channel * stride..).unwrap_or_default();
            self.stft.column(samples, &mut self.column);
            if let Some(average) = self.averages.get_mut(channel) {
                average.push(&self.column, self.hop_secs);
            }
            if let Some(hold) = self.holds.get_mut(channel) {
                hold.push(&self.column, self.hop_secs);
            }
            if searched
                && let (Some(finder), Some(tracker)) =
                    (&mut self.finder, self.trackers.get_mut(channel))
            {
                finder.find(&self.column, &mut self.peaks);
                tracker.push(start / self.search_frames, &self.peaks);
            }
        }
    }

    pub(super) fn report_into(&mut self, channel: usize, out: &mut ChannelReport) {
        out.tracks.clear();
        if let Some(tracker) = self.trackers.get(channel) {
            out.tracks
                .extend(tracker.confirmed().map(|track| TrackReport {
                    id: track.id,
                    hz: track.peak.hz,
                    dbfs: track.peak.dbfs as f32,
                    since_frame: track.first_column * self.search_frames,
                }));
            out.tracks
                .sort_unstable_by(|a, b| b.dbfs.total_cmp(&a.dbfs));
            out.tracks.truncate(MAX_TRACKS);
        }
        out.average_dbfs.clear();
        if let Some(average) = self.averages.get(channel) {
            average.levels(&mut self.levels);
            out.average_dbfs.resize(self.bin_map.axis_bins(), 0.0);
            self.bin_map.apply(&self.levels, &mut out.average_dbfs);
        }
        out.hold_dbfs.clear();
        if let Some(hold) = self.holds.get(channel) {
            out.hold_dbfs.resize(self.bin_map.axis_bins(), 0.0);
            self.bin_map.apply(hold.levels(), &mut out.hold_dbfs);
        }
    }

    pub(super) fn clear(&mut self) {
        self.trackers.iter_mut().for_each(PeakTracker::clear);
        self.averages.iter_mut().for_each(PowerAverage::clear);
        self.holds.iter_mut().for_each(MaxHold::clear);
    }
}

/// Coherence of all channels, segment by segment.
pub(super) struct CoherenceView {
    meter: CoherenceMeter,
    /// Frames from one segment to the next.
    segment_frames: u64,
    /// Bins of every axis column: at least one each, none beyond the spectrum.
    bins: Vec<std::ops::Range<usize>>,
}

impl CoherenceView {
    pub(super) fn new(settings: &InstrumentSettings) -> Result<Self, InstrumentError> {
        let segment = settings.hop_frames() * settings.columns_per_finding() as usize;
        let params = StftParams {
            fft_size: settings.stft.window_size,
            hop_frames: segment,
            ..settings.stft
        };
        let rate = f64::from(settings.sample_rate);
        Ok(Self {
            meter: CoherenceMeter::new(
                &params,
                rate,
                settings.channels,
                settings.reference,
                settings.average_secs.max(MIN_COHERENCE_SECS),
            )?,
            segment_frames: segment as u64,
            bins: bins_of(&settings.axis, rate, &params),
        })
    }

    /// A segment of every channel, as [`Spectra::take`] gets its column.
    pub(super) fn take(&mut self, start: u64, planar: &[f32], stride: usize) {
        if start.is_multiple_of(self.segment_frames) {
            self.meter.push_planar(planar, stride);
        }
    }

    pub(super) fn report_into(&self, channels: usize, out: &mut CoherenceReport) {
        out.reference = self.meter.reference();
        out.segments = self.meter.effective_segments() as f32;
        out.coherence.clear();
        for channel in 0..channels {
            let mean = |bins: &std::ops::Range<usize>| {
                (self.meter.mean(channel, bins.clone()) * 255.0).round() as u8
            };
            out.coherence.extend(self.bins.iter().map(mean));
        }
    }

    pub(super) fn clear(&mut self) {
        self.meter.clear();
    }
}

/// The bins whose middle lies in each column, or the nearest one where it covers none.
fn bins_of(axis: &FrequencyAxis, rate: f64, params: &StftParams) -> Vec<std::ops::Range<usize>> {
    let bins = params.bins();
    let place = |column: usize| axis.edge_hz(column) * params.fft_size as f64 / rate;
    (0..axis.bins())
        .map(|column| {
            let (low, high) = (place(column), place(column + 1));
            if low > (bins - 1) as f64 {
                return 0..0;
            }
            let (first, end) = (low.ceil() as usize, high.ceil() as usize);
            if first < end {
                first.min(bins)..end.min(bins)
            } else {
                let nearest = (((low + high) / 2.0).round() as usize).min(bins - 1);
                nearest..nearest + 1
            }
        })
        .collect()
}
