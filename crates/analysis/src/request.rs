//! What can be asked of a worker: plain data that is moved to a task or sent as bytes. Frames,
//! columns and rows are absolute.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::instruments::InstrumentSettings;
use soundfall_dsp::rows::{LEVEL_BYTES, RowSpan};
use soundfall_dsp::scale::FrequencyAxis;
use soundfall_dsp::stft::StftParams;
use thiserror::Error;

/// Channels in one request, at most.
pub const MAX_CHANNELS: usize = 64;
/// Mips of rows end here at the latest.
pub const MAX_MIPS: u32 = 32;
/// Bins of a frequency axis, at most.
pub const MAX_AXIS_BINS: usize = 1 << 14;
/// Frames of a channel that one request has read, at most.
pub const MAX_FRAMES: u64 = 1 << 25;
/// Bytes of the rows or the envelopes of one response, at most.
pub const MAX_RESULT_BYTES: u64 = 1 << 26;

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Request {
    /// Rows of the height field.
    Rows(RowsRequest),
    /// Entries of the waveforms' envelopes.
    Envelopes(EnvelopesRequest),
    /// Instruments hear on.
    Instruments(Box<InstrumentsRequest>),
    /// Instruments are not wanted any more.
    Release(InstrumentsId),
}

/// Rows of the height field, of all mips asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowsRequest {
    /// First frame of the first column's window.
    pub start_frame: u64,
    /// Columns, and the mips whose rows are wanted.
    pub span: RowSpan,
    /// Window, sizes and hop.
    pub stft: StftParams,
    /// Frequency axis.
    pub axis: FrequencyAxis,
    /// Channels of the history, in the order of their rows in the response.
    pub channels: Vec<u32>,
}

/// Entries of envelopes: minimum, maximum and mean square of so many frames each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopesRequest {
    /// First frame.
    pub start_frame: u64,
    /// Frames, a multiple of those of an entry.
    pub frames: u64,
    /// Frames of an entry, from 1 up.
    pub entry_frames: u64,
    /// Channels of the history, in the order of their entries in the response.
    pub channels: Vec<u32>,
}

/// Names the instruments of one view in their worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InstrumentsId(u64);

impl InstrumentsId {
    /// A name that this process has not given before.
    #[must_use]
    pub fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Instruments hear a bounded slice more. Their engine stays with the worker and knows where it is;
/// one request of an engine at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstrumentsRequest {
    /// Which instruments.
    pub id: InstrumentsId,
    /// Channels of the history, in the order of their places in the report.
    pub channels: Vec<u32>,
    /// How they measure. What can stay when it changes goes on.
    pub settings: InstrumentSettings,
    /// All measurements start anew when it changes.
    pub restarts: u32,
    /// Where a new engine begins.
    pub first_frame: u64,
    /// Towards this frame.
    pub end_frame: u64,
}

/// Why a request cannot be answered by any history.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RequestError {
    /// No channel, or too many at once.
    #[error("{0} channels in one request, there must be 1 to {MAX_CHANNELS}")]
    Channels(usize),
    /// No columns, no mips or mips beyond [`MAX_MIPS`], or columns that stand for a number of others
    /// that is no power of two.
    #[error("these columns and mips are no rows: {0}")]
    Span(String),
    /// The frequency axis has too many bins.
    #[error("a frequency axis of {0} bins, there may be {MAX_AXIS_BINS}")]
    AxisBins(usize),
    /// No frames, or not whole entries.
    #[error(
        "{frames} frames of envelopes in entries of {entry_frames}: there must be whole entries"
    )]
    EnvelopeFrames {
        /// Frames.
        frames: u64,
        /// Frames of an entry.
        entry_frames: u64,
    },
    /// More frames than one request may have read, or frames beyond all numbers.
    #[error("frames from {start_frame} on: more than the {MAX_FRAMES} one request may have read")]
    Frames {
        /// First frame.
        start_frame: u64,
    },
    /// The response would be too large.
    #[error("a response of more than {MAX_RESULT_BYTES} bytes; ask for less at once")]
    TooLarge,
    /// The settings of the instruments are for other channels or another rate.
    #[error(
        "instruments for {channels} channels at {sample_rate} Hz are asked of {given} channels at {given_rate} Hz"
    )]
    OtherSound {
        /// Channels in the settings.
        channels: usize,
        /// Rate in the settings.
        sample_rate: u32,
        /// Channels in the request.
        given: usize,
        /// Rate of the history.
        given_rate: u32,
    },
    /// There cannot be such instruments or such rows.
    #[error("{0}")]
    Settings(String),
}

impl Request {
    /// Columns of all channels that are analysed.
    #[must_use]
    pub fn columns(&self) -> u64 {
        match self {
            Self::Rows(rows) => rows.columns(),
            _ => 0,
        }
    }

    /// Whether it is within the limits: no memory or time is spent on what is not.
    ///
    /// # Errors
    /// [`RequestError`], naming the first thing that is not.
    pub fn check(&self) -> Result<(), RequestError> {
        match self {
            Self::Rows(rows) => rows.check(),
            Self::Envelopes(envelopes) => envelopes.check(),
            Self::Instruments(instruments) => instruments.check(),
            Self::Release(_) => Ok(()),
        }
    }
}

impl RowsRequest {
    /// Columns of all channels that are analysed.
    #[must_use]
    pub fn columns(&self) -> u64 {
        self.span
            .analysed()
            .saturating_mul(self.channels.len() as u64)
    }

    /// The frames it reads; none where there are no such numbers.
    #[must_use]
    pub fn frames(&self) -> Option<Range<u64>> {
        let columns = self.span.columns.end.checked_sub(self.span.columns.start)?;
        let hops = columns.checked_sub(1)?;
        let frames = hops
            .checked_mul(self.stft.hop_frames as u64)?
            .checked_add(self.stft.window_size as u64)?;
        Some(self.start_frame..self.start_frame.checked_add(frames)?)
    }

    /// Bytes of its rows; none where there are no such numbers.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        (self.channels.len() * LEVEL_BYTES)
            .checked_mul(self.axis.bins())
            .and_then(|bytes| self.span.total_rows().checked_mul(bytes as u64))
    }

    fn check(&self) -> Result<(), RequestError> {
        check_channels(&self.channels)?;
        let span = &self.span;
        if span.columns.is_empty()
            || span.mips.is_empty()
            || span.mips.end > MAX_MIPS
            || !span.every.is_power_of_two()
        {
            return Err(RequestError::Span(format!("{span:?}")));
        }
        if self.axis.bins() > MAX_AXIS_BINS {
            return Err(RequestError::AxisBins(self.axis.bins()));
        }
        check_frames(self.start_frame, self.frames())?;
        check_bytes(self.bytes())
    }
}

impl EnvelopesRequest {
    /// The frames it reads; none where there are no such numbers.
    #[must_use]
    pub fn frames(&self) -> Option<Range<u64>> {
        Some(self.start_frame..self.start_frame.checked_add(self.frames)?)
    }

    fn check(&self) -> Result<(), RequestError> {
        check_channels(&self.channels)?;
        let (frames, entry_frames) = (self.frames, self.entry_frames);
        // No number is a multiple of 0 but 0.
        if frames == 0 || !frames.is_multiple_of(entry_frames) {
            return Err(RequestError::EnvelopeFrames {
                frames,
                entry_frames,
            });
        }
        check_frames(self.start_frame, self.frames())?;
        let entries = frames / entry_frames * self.channels.len() as u64;
        check_bytes(entries.checked_mul(size_of::<MinMaxRms>() as u64))
    }
}

impl InstrumentsRequest {
    fn check(&self) -> Result<(), RequestError> {
        check_channels(&self.channels)?;
        let bins = self.settings.axis.bins();
        if bins > MAX_AXIS_BINS {
            return Err(RequestError::AxisBins(bins));
        }
        self.settings
            .check()
            .map_err(|error| RequestError::Settings(error.to_string()))
    }

    /// Whether its settings are for the sound it is asked of.
    pub(crate) fn check_sound(&self, given_rate: u32) -> Result<(), RequestError> {
        let (settings, given) = (&self.settings, self.channels.len());
        if (settings.channels, settings.sample_rate) == (given, given_rate) {
            return Ok(());
        }
        Err(RequestError::OtherSound {
            channels: settings.channels,
            sample_rate: settings.sample_rate,
            given,
            given_rate,
        })
    }
}

fn check_channels(channels: &[u32]) -> Result<(), RequestError> {
    if (1..=MAX_CHANNELS).contains(&channels.len()) {
        Ok(())
    } else {
        Err(RequestError::Channels(channels.len()))
    }
}

fn check_frames(start_frame: u64, frames: Option<Range<u64>>) -> Result<(), RequestError> {
    match frames {
        Some(frames) if frames.end - frames.start <= MAX_FRAMES => Ok(()),
        _ => Err(RequestError::Frames { start_frame }),
    }
}

fn check_bytes(bytes: Option<u64>) -> Result<(), RequestError> {
    match bytes {
        Some(bytes) if bytes <= MAX_RESULT_BYTES => Ok(()),
        _ => Err(RequestError::TooLarge),
    }
}
