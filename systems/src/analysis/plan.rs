//! The plan of a window of rows: the settings worked out for this stream and its views.
//!
//! Whenever something that shapes rows changes, a new plan with a new generation is made; work of
//! older generations is dropped when it comes back. Colours and dB range are not part of it.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_dsp::{rows::RowShape, scale::FrequencyAxis, stft::StftParams};

use super::settings::AnalysisSettings;

/// Most layers of a height field: what WebGL 2 promises.
const MAX_LAYERS: u32 = 256;

/// One generation of a window of rows. Columns and rows are absolute: column `c` starts at frame
/// `c · hop`, row `r` of mip `k` is the maximum over the columns `r · 2^k … (r+1) · 2^k − 1`.
#[derive(Component, Clone, Debug)]
pub struct RowPlan {
    /// Counts up with every change.
    pub generation: u64,
    /// Epoch of the ring it was made for.
    pub epoch: u64,
    /// Hz.
    pub sample_rate: u32,
    /// Ring channels, in the order of their slots in the picture.
    pub channels: Arc<[u32]>,
    /// Mips of rows that are kept. The last one holds all of the ring, or as much as there is
    /// room for.
    pub mips: Range<u32>,
    /// Rows that a mip keeps.
    pub texture_rows: u32,
    /// Frequency axis, one texel a bin of it.
    pub axis: FrequencyAxis,
    /// How a column is made, the window halved as many times as the index says.
    pub(super) shapes: Arc<[RowShape]>,
    pub(super) settings: AnalysisSettings,
}

impl RowPlan {
    /// The STFT that was asked for.
    #[must_use]
    pub fn stft(&self) -> &StftParams {
        &self.shapes[0].stft
    }

    /// How a column is made with a window halved so many times.
    #[must_use]
    pub fn shape(&self, halvings: u32) -> &RowShape {
        &self.shapes[(halvings as usize).min(self.shapes.len() - 1)]
    }

    /// Layers of its height field: all channels of a mip, then those of the next.
    #[must_use]
    pub fn layers(&self) -> u32 {
        (self.mips.end - self.mips.start) * self.channels.len() as u32
    }

    /// First layer of a mip.
    #[must_use]
    pub fn first_layer(&self, mip: u32) -> u32 {
        mip.saturating_sub(self.mips.start) * self.channels.len() as u32
    }

    /// Frames from one column to the next.
    #[must_use]
    pub fn hop_frames(&self) -> u64 {
        self.stft().hop_frames as u64
    }

    /// First frame of a column's window.
    #[must_use]
    pub fn column_start(&self, column: u64) -> u64 {
        column.saturating_mul(self.hop_frames())
    }

    /// Columns whose windows end at or before `frame`.
    #[must_use]
    pub fn columns_complete_at(&self, frame: u64) -> u64 {
        let window = self.stft().window_size as u64;
        if frame < window {
            0
        } else {
            (frame - window) / self.hop_frames() + 1
        }
    }

    /// First column that needs no frame before `frame`.
    #[must_use]
    pub fn first_column_from(&self, frame: u64) -> u64 {
        frame.div_ceil(self.hop_frames())
    }

    /// Columns whose windows have their middle in a span of frames.
    #[must_use]
    pub fn columns_centred_in(&self, frames: &Range<u64>) -> Range<u64> {
        let half = self.stft().window_size as u64 / 2;
        let first = frames.start.saturating_sub(half) / self.hop_frames();
        let end = frames.end.saturating_sub(half).div_ceil(self.hop_frames());
        first..end.max(first)
    }

    /// Columns that a span of time takes.
    #[must_use]
    pub fn columns_in(&self, span_secs: f64) -> f64 {
        span_secs * f64::from(self.sample_rate) / self.hop_frames() as f64
    }

    /// Frames from one row of a mip to the next.
    #[must_use]
    pub fn row_frames(&self, mip: u32) -> u64 {
        self.hop_frames() << mip
    }

    /// First frame of a row's first window.
    #[must_use]
    pub fn row_start(&self, mip: u32, row: u64) -> u64 {
        row.saturating_mul(self.row_frames(mip))
    }

    /// End (exclusive) of a row's last window.
    #[must_use]
    pub fn row_end(&self, mip: u32, row: u64) -> u64 {
        self.row_start(mip, row + 1) - self.hop_frames() + self.stft().window_size as u64
    }

    /// The moment a row stands for, in frames: the middle of its windows.
    #[must_use]
    pub fn row_centre(&self, mip: u32, row: u64) -> f64 {
        (self.row_start(mip, row) as f64 + self.row_end(mip, row) as f64) / 2.0
    }

    /// Rows of a mip that a span of time takes on the screen.
    #[must_use]
    pub fn rows_in(&self, mip: u32, span_secs: f64) -> f64 {
        self.columns_in(span_secs) / f64::from(1_u32 << mip)
    }

    /// Frames that a row should stand for so that a span just fits the rows of the texture.
    #[must_use]
    pub fn wanted_row_frames(&self, span_frames: f64) -> f64 {
        (span_frames / f64::from(visible_rows(self.texture_rows))).max(1.0)
    }

    /// The finest mip that holds a span.
    #[must_use]
    pub fn mip_for(&self, span_secs: f64) -> u32 {
        mip_for(self.columns_in(span_secs), self.texture_rows)
            .clamp(self.mips.start, self.mips.end - 1)
    }

    /// Columns that a mip keeps at most, counted back from the newest.
    #[must_use]
    pub fn reach(&self, mip: u32) -> u64 {
        u64::from(visible_rows(self.texture_rows)) << mip
    }
}

/// Rows of a mip that can be shown: room is left for those that arrive before the oldest visible
/// one leaves.
pub(super) fn visible_rows(texture_rows: u32) -> u32 {
    (f64::from(texture_rows) * 0.96 - 8.0).max(1.0) as u32
}

/// The mip at which so many columns fit the rows of the height field.
pub(super) fn mip_for(columns: f64, texture_rows: u32) -> u32 {
    let room = f64::from(visible_rows(texture_rows));
    let mut mip = 0;
    while columns / f64::from(1_u32 << mip) > room && mip < 20 {
        mip += 1;
    }
    mip
}

/// The mips to keep: from single columns to all that the ring holds. Where there is no room for
/// so many, the coarse ones, but always that of the span shown.
pub(super) fn mips_for(
    shown_columns: f64,
    ring_columns: f64,
    texture_rows: u32,
    channels: usize,
) -> Range<u32> {
    let most = (MAX_LAYERS / channels.max(1) as u32).max(1);
    let end = mip_for(ring_columns, texture_rows) + 1;
    let shown = mip_for(shown_columns.min(ring_columns), texture_rows);
    let start = end.saturating_sub(most).min(shown);
    start..end.min(start + most)
}

/// Why the settings cannot be planned, for the screen.
#[derive(Component, Default, Clone, Debug, PartialEq, Eq)]
pub struct PlanRefusal(pub Option<String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_grows_with_the_span() {
        let mip = |secs: f64| mip_for(secs * 48_000.0 / 512.0, 1024);
        assert_eq!(mip(10.0), 0);
        assert_eq!(mip(10.9), 1);
        assert_eq!(mip(30.0), 2);
        assert_eq!(mip(600.0), 6);
    }

    #[test]
    fn levels_reach_from_columns_to_the_whole_ring() {
        let columns = |secs: f64| secs * 48_000.0 / 512.0;
        assert_eq!(mips_for(columns(10.0), columns(30.0), 1024, 8), 0..3);
        assert_eq!(mips_for(columns(10.0), columns(600.0), 1024, 8), 0..7);
        // 64 channels have room for four mips: all of the ring, unless a finer one is shown.
        assert_eq!(mips_for(columns(600.0), columns(600.0), 1024, 64), 3..7);
        assert_eq!(mips_for(columns(10.0), columns(600.0), 1024, 64), 0..4);
        assert_eq!(mips_for(columns(9e9), columns(600.0), 1024, 1), 0..7);
    }
}
