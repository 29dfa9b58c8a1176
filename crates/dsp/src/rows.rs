//! Rows of a height field: STFT columns folded onto a frequency axis, and their maxima over 2, 4,
//! 8 … columns, packed as half floats. The same code on every thread and in every worker; never
//! knows where samples come from or who draws the rows.

mod stored;

use std::ops::Range;
use std::sync::Arc;

use crate::pyramid::MaxRows;
use crate::scale::{BinMap, FrequencyAxis};
use crate::stft::{MIN_WINDOW, Stft, StftError, StftParams};
use crate::vector;

use stored::{HOLE_BITS, LOST};

pub(crate) use stored::stored_bits;
pub use stored::{HOLE, LEVEL_BYTES, STORED_DB_SPAN, stored_level};

/// How a column is made of samples, and what a row is wide.
#[derive(Clone, Debug)]
pub struct RowShape {
    /// Window, sizes and hop.
    pub stft: StftParams,
    /// Frequency axis.
    pub axis: FrequencyAxis,
    /// Hz.
    pub sample_rate: u32,
    bin_map: Arc<BinMap>,
}

impl RowShape {
    /// Columns of this STFT on this axis.
    #[must_use]
    pub fn new(stft: StftParams, axis: FrequencyAxis, sample_rate: u32) -> Self {
        let bin_map = Arc::new(BinMap::new(&axis, f64::from(sample_rate), stft.fft_size));
        Self {
            stft,
            axis,
            sample_rate,
            bin_map,
        }
    }

    /// The same with a window 2^`halvings` times shorter, at least [`MIN_WINDOW`], and the same
    /// part of zero padding. Its columns belong in the middle of the long ones, [`Self::lead_in`].
    #[must_use]
    pub fn shortened(&self, halvings: u32) -> Self {
        let mut stft = self.stft;
        for _ in 0..halvings {
            if stft.window_size / 2 < MIN_WINDOW {
                break;
            }
            stft.window_size /= 2;
            stft.fft_size = (stft.fft_size / 2).max(stft.window_size);
        }
        if stft == self.stft || stft.check().is_err() {
            return self.clone();
        }
        Self::new(stft, self.axis, self.sample_rate)
    }

    /// Frames from the start of a column of `whole` to that of a column of this shape with the
    /// same middle.
    #[must_use]
    pub fn lead_in(&self, whole: &Self) -> u64 {
        (whole.stft.window_size.saturating_sub(self.stft.window_size) / 2) as u64
    }

    /// Frames that so many columns are made of.
    #[must_use]
    pub fn frames(&self, columns: u64) -> u64 {
        columns.saturating_sub(1) * self.stft.hop_frames as u64 + self.stft.window_size as u64
    }

    /// Levels in a row, one a bin of the axis.
    #[must_use]
    pub fn width(&self) -> usize {
        self.bin_map.axis_bins()
    }
}

/// Which rows to make. Columns are absolute: column `c` starts at frame `c · hop`, and row `r` of
/// mip `k` is the maximum over the columns `r · 2^k … (r+1) · 2^k − 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RowSpan {
    /// Columns.
    pub columns: Range<u64>,
    /// Mips whose rows are wanted.
    pub mips: Range<u32>,
    /// Only every so many columns is analysed, a power of two; each stands for those up to the next.
    pub every: u64,
}

impl RowSpan {
    /// Rows of a mip that the columns touch. The first and the last may be known in part only.
    #[must_use]
    pub fn rows(&self, mip: u32) -> Range<u64> {
        if self.columns.is_empty() {
            return 0..0;
        }
        self.columns.start >> mip..((self.columns.end - 1) >> mip) + 1
    }

    /// Rows of all mips.
    #[must_use]
    pub fn total_rows(&self) -> u64 {
        self.mips
            .clone()
            .map(|mip| self.rows(mip))
            .map(|rows| rows.end - rows.start)
            .sum()
    }

    /// Where the rows of a mip begin, counted in rows of one channel, when every mip holds its
    /// rows of `channels` channels: `[mip][channel][row]`.
    #[must_use]
    pub fn first_row(&self, mip: u32, channels: u64) -> u64 {
        let before = Self {
            mips: self.mips.start..mip,
            ..self.clone()
        };
        before.total_rows() * channels
    }

    /// Columns that are analysed.
    #[must_use]
    pub fn analysed(&self) -> u64 {
        let multiples = |end: u64| end.div_ceil(self.every.max(1));
        let whole = multiples(self.columns.end) - multiples(self.columns.start);
        whole + u64::from(!self.columns.is_empty() && !self.starts_a_group(self.columns.start))
    }

    fn starts_a_group(&self, column: u64) -> bool {
        self.every <= 1 || column.is_multiple_of(self.every)
    }
}

/// Engine and scratch for rows of one kind of STFT; kept from job to job.
pub struct RowEngine {
    params: StftParams,
    stft: Stft,
    bins: Vec<f32>,
    column: Vec<f32>,
    open: Vec<f32>,
    fold: Option<MaxRows>,
}

impl RowEngine {
    /// An engine for these parameters.
    ///
    /// # Errors
    /// As [`Stft::new`].
    pub fn new(params: &StftParams) -> Result<Self, StftError> {
        let stft = Stft::new(params)?;
        let bins = vec![0.0; stft.bins()];
        Ok(Self {
            params: *params,
            stft,
            bins,
            column: Vec::new(),
            open: Vec::new(),
            fold: None,
        })
    }

    /// What it was made for.
    #[must_use]
    pub fn params(&self) -> &StftParams {
        &self.params
    }

    /// Writes the rows of one channel into `out`, which holds those of all: little-endian half
    /// floats, `[mip][channel][row][axis bin]`, `span.total_rows() · channels · width` of them.
    ///
    /// `samples` are [`RowShape::frames`] of the span's columns. `is_lost` says whether a range of
    /// frames, counted from the first sample, touches lost ones: a row with such a column is a
    /// [`HOLE`] as a whole, since a loss must be seen at every zoom, like a click.
    pub fn rows(
        &mut self,
        shape: &RowShape,
        span: &RowSpan,
        samples: &[f32],
        is_lost: impl Fn(Range<u64>) -> bool,
        (slot, channels): (u64, u64),
        out: &mut [u8],
    ) {
        let width = shape.width();
        let (hop, size) = (shape.stft.hop_frames, shape.stft.window_size);
        let mips = span.mips.end.max(1) as usize;
        let mut fold = match self.fold.take() {
            Some(fold) if fold.bins() == width && fold.levels() == mips => {
                fold.restarted(span.columns.start)
            }
            _ => MaxRows::new(width, mips, span.columns.start),
        };
        self.column.resize(width, 0.0);
        let mut store = |mip: u32, row: u64, levels: &[f32]| {
            let rows = span.rows(mip);
            if !span.mips.contains(&mip) || !rows.contains(&row) {
                return;
            }
            let before =
                span.first_row(mip, channels) + slot * (rows.end - rows.start) + row - rows.start;
            let at = before as usize * width * LEVEL_BYTES;
            if let Some(place) = out.get_mut(at..at + width * LEVEL_BYTES) {
                vector::pack_levels(levels, place);
            }
        };
        for (index, column) in span.columns.clone().enumerate() {
            if index == 0 || span.starts_a_group(column) {
                let at = index * hop;
                match samples.get(at..at + size) {
                    Some(frames) if !is_lost(at as u64..(at + size) as u64) => {
                        self.stft.column(frames, &mut self.bins);
                        shape.bin_map.apply(&self.bins, &mut self.column);
                    }
                    _ => self.column.fill(LOST),
                }
            }
            fold.push(&self.column, |row| {
                store(row.level as u32, row.index, row.row);
            });
        }
        self.open.resize(width, 0.0);
        for mip in 1..span.mips.end {
            if let Some(row) = fold.open_row(mip as usize, &mut self.open) {
                store(mip, row, &self.open);
            }
        }
        self.fold = Some(fold);
    }
}

/// Appends so many levels of nothing.
pub fn push_holes(levels: usize, out: &mut Vec<u8>) {
    out.extend(std::iter::repeat_n(HOLE_BITS.to_le_bytes(), levels).flatten());
}

/// Raises each stored level of `top` to that of `row` where it is higher; a hole is highest.
/// Both are little-endian half floats as [`RowEngine::rows`] writes them, of the same length.
pub fn merge_rows(top: &mut [u8], row: &[u8]) {
    vector::merge_levels(top, row);
}
