//! The engine that owns all instruments: samples in, a report out. Never waits, never fetches.

use std::fmt;

use super::meters::{Meters, Pair};
use super::programme::Programme;
use super::report::{CoherenceReport, InstrumentReport};
use super::settings::{InstrumentError, InstrumentSettings};
use super::spectra::{CoherenceView, Spectra};
use super::{ChannelReport, Instrument, PairReport};

/// Frames taken over into the memory of columns at a time.
const CHUNK: usize = 1024;

/// All instruments that are wanted, of all channels.
///
/// It hears blocks of any length; what it says does not depend on them. Nothing is allocated by
/// [`Instruments::push`] once it has seen as many peaks at once as it ever will.
///
/// ```
/// use soundfall_dsp::instruments::{InstrumentSet, InstrumentSettings, Instruments};
/// use soundfall_dsp::scale::{FrequencyAxis, Scale};
/// use soundfall_dsp::stft::StftParams;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, 256)?;
/// let mut settings = InstrumentSettings::new(StftParams::default(), axis, 48_000, 1);
/// settings.wanted = "peaks,meters".parse()?;
/// let mut instruments = Instruments::new(settings)?;
/// let sine: Vec<f32> = (0..48_000)
///     .map(|i| (std::f64::consts::TAU * 440.0 * f64::from(i) / 48_000.0).sin() as f32 * 0.5)
///     .collect();
/// instruments.push(0, &sine);
/// let report = instruments.report();
/// assert!((report.channels[0].tracks[0].hz - 440.0).abs() < 0.1);
/// assert!((report.channels[0].level.unwrap().rms_dbfs + 6.02).abs() < 0.05);
/// # Ok(()) }
/// ```
pub struct Instruments {
    settings: InstrumentSettings,
    next_frame: Option<u64>,
    heard_frames: u64,
    lost_frames: u64,
    spectra: Option<Spectra>,
    coherence: Option<CoherenceView>,
    memory: Memory,
    meters: Option<Meters>,
    loudness: Option<Programme>,
    pair: Option<Pair>,
}

/// Samples that the next columns need: planar, of all channels.
struct Memory {
    planar: Vec<f32>,
    /// Room of a channel.
    stride: usize,
    /// Samples of a channel.
    len: usize,
    /// Absolute frame of the first of them.
    first_frame: u64,
    hop: usize,
    window: usize,
}

impl fmt::Debug for Instruments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instruments")
            .field("settings", &self.settings)
            .field("next_frame", &self.next_frame)
            .finish_non_exhaustive()
    }
}

impl Instruments {
    /// Makes the engines that are wanted. Takes a few milliseconds. Where loudness cannot be measured
    /// ([`InstrumentSettings::no_loudness`]) the others work without it.
    ///
    /// # Errors
    /// [`InstrumentError`] where the settings cannot be.
    pub fn new(settings: InstrumentSettings) -> Result<Self, InstrumentError> {
        settings.check()?;
        let wanted = |one| settings.wanted.has(one);
        let rate = f64::from(settings.sample_rate);
        let spectra = settings
            .wants_columns()
            .then(|| Spectra::new(&settings))
            .transpose()?;
        let coherence = (wanted(Instrument::Coherence) && settings.channels > 1)
            .then(|| CoherenceView::new(&settings))
            .transpose()?;
        let loudness = wanted(Instrument::Loudness)
            .then(|| Programme::new(&settings).ok())
            .flatten();
        let needs_memory = spectra.is_some() || coherence.is_some();
        Ok(Self {
            next_frame: None,
            heard_frames: 0,
            lost_frames: 0,
            memory: Memory::new(&settings, needs_memory),
            meters: wanted(Instrument::Meters).then(|| Meters::new(rate, settings.channels)),
            pair: settings
                .pair
                .filter(|_| wanted(Instrument::Stereo))
                .map(|pair| Pair::new(rate, pair)),
            spectra,
            coherence,
            loudness,
            settings,
        })
    }

    /// Instruments with other settings for the same channels: whatever measures as before goes on
    /// where it is, so that another window does not forget the loudness of the last hour.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn change(&mut self, settings: InstrumentSettings) -> Result<(), InstrumentError> {
        let mut next = Self::new(settings)?;
        let (was, now) = (&self.settings, &next.settings);
        if (was.channels, was.sample_rate) == (now.channels, now.sample_rate) {
            let same_columns = was.stft == now.stft;
            keep(&mut next.meters, &mut self.meters, true);
            keep(&mut next.loudness, &mut self.loudness, true);
            keep(&mut next.pair, &mut self.pair, was.pair == now.pair);
            let same = same_columns
                && was.axis == now.axis
                && (was.reference, was.average_secs) == (now.reference, now.average_secs);
            keep(&mut next.coherence, &mut self.coherence, same);
            if same_columns {
                if let (Some(next), Some(old)) = (&mut next.spectra, &mut self.spectra) {
                    next.adopt(old, was, now);
                }
                if next.memory.planar.len() == self.memory.planar.len() {
                    std::mem::swap(&mut next.memory, &mut self.memory);
                }
            }
            next.next_frame = self.next_frame;
            next.heard_frames = self.heard_frames;
            next.lost_frames = self.lost_frames;
        }
        *self = next;
        Ok(())
    }

    /// What it was made for.
    #[must_use]
    pub fn settings(&self) -> &InstrumentSettings {
        &self.settings
    }

    /// The frame it waits for, once it has heard one.
    #[must_use]
    pub fn next_frame(&self) -> Option<u64> {
        self.next_frame
    }

    /// Takes the samples from the absolute frame `first_frame` on: planar, `[channel][frame]`, as
    /// many frames as `planar` holds of all channels.
    ///
    /// Frames that were left out since the last block count as [lost](Self::gap); those that were
    /// heard before are passed over. Takes time in proportion to the samples.
    pub fn push(&mut self, first_frame: u64, planar: &[f32]) {
        let frames = planar.len() / self.settings.channels;
        let next = self.next_frame.unwrap_or(first_frame);
        if first_frame > next {
            self.gap(first_frame - next);
        }
        let known = usize::try_from(next.saturating_sub(first_frame)).unwrap_or(usize::MAX);
        if known >= frames {
            return;
        }
        let planar = &planar[..frames * self.settings.channels];
        let start = first_frame + known as u64;
        if let Some(meters) = &mut self.meters {
            meters.push(planar, frames, known);
        }
        if let Some(pair) = &mut self.pair {
            pair.push(planar, frames, known);
        }
        if let Some(loudness) = &mut self.loudness {
            loudness.push(planar, frames, known);
        }
        self.push_columns(start, planar, frames, known);
        self.next_frame = Some(first_frame + frames as u64);
        self.heard_frames += (frames - known) as u64;
    }

    fn push_columns(&mut self, start: u64, planar: &[f32], stride: usize, from: usize) {
        if self.spectra.is_none() && self.coherence.is_none() {
            return;
        }
        let channels = self.settings.channels;
        let memory = &mut self.memory;
        let mut at = from;
        while at < stride {
            let end = stride.min(at + CHUNK);
            memory.take(start + (at - from) as u64, planar, stride, at..end);
            let mut first = memory.first_frame.next_multiple_of(memory.hop as u64);
            while first + memory.window as u64 <= memory.first_frame + memory.len as u64 {
                let samples = &memory.planar[(first - memory.first_frame) as usize..];
                if let Some(spectra) = &mut self.spectra {
                    spectra.take(first, samples, memory.stride, channels);
                }
                if let Some(coherence) = &mut self.coherence {
                    coherence.take(first, samples, memory.stride);
                }
                first += memory.hop as u64;
            }
            // Nothing before the next column is needed.
            memory.forget(first);
            at = end;
        }
    }

    /// So many frames are lost, from the one it waits for on.
    pub fn gap(&mut self, frames: u64) {
        let Some(next) = self.next_frame else { return };
        if frames == 0 {
            return;
        }
        self.next_frame = Some(next.saturating_add(frames));
        self.lost_frames = self.lost_frames.saturating_add(frames);
        self.memory.len = 0;
        if let Some(pair) = &mut self.pair {
            pair.gap();
        }
    }

    /// Starts all measurements anew, at whatever frame comes next. Numbers of tracks go on.
    pub fn restart(&mut self) {
        self.next_frame = None;
        self.heard_frames = 0;
        self.lost_frames = 0;
        self.memory.len = 0;
        if let Some(spectra) = &mut self.spectra {
            spectra.clear();
        }
        if let Some(coherence) = &mut self.coherence {
            coherence.clear();
        }
        if let Some(meters) = &mut self.meters {
            meters.clear();
        }
        if let Some(loudness) = &mut self.loudness {
            loudness.clear();
        }
        if let Some(pair) = &mut self.pair {
            pair.clear();
        }
    }

    /// What they say now.
    #[must_use]
    pub fn report(&mut self) -> InstrumentReport {
        let mut report = InstrumentReport::default();
        self.report_into(&mut report);
        report
    }

    /// The same into a report that was used before: nothing is allocated.
    pub fn report_into(&mut self, out: &mut InstrumentReport) {
        let channels = self.settings.channels;
        out.end_frame = self.next_frame.unwrap_or(0);
        out.heard_frames = self.heard_frames;
        out.lost_frames = self.lost_frames;
        out.columns = self.settings.axis.bins();
        out.channels.resize_with(channels, ChannelReport::default);
        for (channel, slot) in out.channels.iter_mut().enumerate() {
            match &mut self.spectra {
                Some(spectra) => spectra.report_into(channel, slot),
                None => *slot = ChannelReport::default(),
            }
            slot.level = self.meters.as_ref().and_then(|m| m.report(channel));
        }
        out.loudness = self.loudness.as_mut().map(Programme::report);
        match &self.pair {
            Some(pair) => pair.report_into(out.pair.get_or_insert_with(PairReport::default)),
            None => out.pair = None,
        }
        match &self.coherence {
            Some(coherence) => coherence.report_into(
                channels,
                out.coherence.get_or_insert_with(CoherenceReport::default),
            ),
            None => out.coherence = None,
        }
    }
}

/// Puts the old one in the place of the new one, where there are both.
fn keep<T>(next: &mut Option<T>, old: &mut Option<T>, same: bool) {
    if same && next.is_some() && old.is_some() {
        std::mem::swap(next, old);
    }
}

impl Memory {
    fn new(settings: &InstrumentSettings, needed: bool) -> Self {
        let (hop, window) = (settings.hop_frames(), settings.stft.window_size);
        // What is left after the columns that are due is shorter than a window.
        let stride = window + CHUNK;
        Self {
            planar: vec![
                0.0;
                if needed {
                    stride * settings.channels
                } else {
                    0
                }
            ],
            stride,
            len: 0,
            first_frame: 0,
            hop,
            window,
        }
    }

    /// Takes over the frames `range` of `planar`; the first of them is the absolute frame `start`.
    fn take(&mut self, start: u64, planar: &[f32], stride: usize, range: std::ops::Range<usize>) {
        if self.len == 0 {
            self.first_frame = start;
        }
        let memories = self.planar.chunks_exact_mut(self.stride);
        for (memory, samples) in memories.zip(planar.chunks_exact(stride)) {
            let new = &samples[range.clone()];
            memory[self.len..self.len + new.len()].copy_from_slice(new);
        }
        self.len += range.len();
    }

    /// Drops what lies before `frame`.
    fn forget(&mut self, frame: u64) {
        let count = (frame.saturating_sub(self.first_frame)).min(self.len as u64) as usize;
        if count == 0 {
            return;
        }
        for memory in self.planar.chunks_exact_mut(self.stride) {
            memory.copy_within(count..self.len, 0);
        }
        self.first_frame += count as u64;
        self.len -= count;
    }
}
