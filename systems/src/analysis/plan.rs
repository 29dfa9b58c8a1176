//! The plan of a window of rows: the settings worked out for this stream and its views.
//!
//! Whenever something that shapes rows changes, a new plan with a new generation is made; work of
//! older generations is dropped when it comes back. Colours and dB range are not part of it.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_analysis::HistoryFormat;
use soundfall_dsp::{
    rows::RowShape,
    scale::{AxisError, FrequencyAxis},
    stft::{StftError, StftParams},
};
use thiserror::Error;

use super::quality::STEPS;
use super::relations::{AnalysisOf, RowsOf};
use super::row_window::{Extent, RowWindow};
use super::settings::AnalysisSettings;
use crate::{
    stream::{Stream, StreamStatus},
    view::{ViewSettings, Views},
    waterfall::HeightFieldSize,
};

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
    shapes: Arc<[RowShape]>,
    settings: AnalysisSettings,
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
fn mips(shown_columns: f64, ring_columns: f64, texture_rows: u32, channels: usize) -> Range<u32> {
    let most = (MAX_LAYERS / channels.max(1) as u32).max(1);
    let end = mip_for(ring_columns, texture_rows) + 1;
    let shown = mip_for(shown_columns.min(ring_columns), texture_rows);
    let start = end.saturating_sub(most).min(shown);
    start..end.min(start + most)
}

/// Why settings cannot be planned.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// The transform cannot be.
    #[error(transparent)]
    Stft(#[from] StftError),
    /// The frequency axis cannot be.
    #[error(transparent)]
    Axis(#[from] AxisError),
    /// The stream never has so many frames at a time.
    #[error("a window of {window_size} frames is longer than the {readable} frames the ring holds")]
    WindowTooLong {
        /// Frames of the window.
        window_size: usize,
        /// Frames of history.
        readable: u64,
    },
}

/// Why the settings cannot be planned, in words for the screen.
#[derive(Component, Default, Clone, Debug, PartialEq, Eq)]
pub struct PlanRefusal(pub Option<String>);

/// The parts of a plan that settings and ring decide, or why there are none.
fn work_out(
    settings: &AnalysisSettings,
    format: &HistoryFormat,
    axis_bins: usize,
) -> Result<(StftParams, FrequencyAxis), PlanError> {
    let stft = settings.stft()?;
    let readable = format.readable_frames();
    if stft.window_size as u64 > readable {
        return Err(PlanError::WindowTooLong {
            window_size: stft.window_size,
            readable,
        });
    }
    Ok((stft, settings.axis(format.sample_rate, axis_bins)?))
}

/// Makes a new plan where stream, settings, channels or views ask for one. Set `Schedule`, after the
/// windows.
///
/// Settings that cannot be planned leave the old plan standing, and say why.
pub fn plan_rows(
    mut commands: Commands,
    mut windows: Query<(Entity, &RowWindow, &RowsOf, Option<&RowPlan>)>,
    mut analyses: Query<(&AnalysisSettings, &AnalysisOf, &Views, &mut PlanRefusal)>,
    streams: Query<(&Stream, &StreamStatus)>,
    views: Query<&ViewSettings>,
    size: Res<HeightFieldSize>,
) {
    for (entity, window, of, plan) in &mut windows {
        let Ok((settings, stream, of_views, mut refusal)) = analyses.get_mut(of.0) else {
            continue;
        };
        let Ok((stream, status)) = streams.get(stream.0) else {
            continue;
        };
        let format = stream.history.format();
        let settings = window.settings(settings);
        // Mips depend on the hop in use; without one the old plan stands, and says why below.
        let hop_frames = match plan {
            Some(plan) if plan.settings == settings => plan.hop_frames(),
            _ => settings.stft().map_or(1, |stft| stft.hop_frames as u64),
        };
        let (channels, span_secs) = of_all(of_views.iter().filter_map(|view| views.get(view).ok()));
        let mips = match window {
            RowWindow::Base => {
                let columns = |secs: f64| secs * f64::from(format.sample_rate) / hop_frames as f64;
                let whole = columns(format.capacity_secs());
                mips(columns(span_secs), whole, size.rows, channels.len())
            }
            RowWindow::Detail { mip, .. } => *mip..*mip + 1,
        };
        let is_same = |plan: &RowPlan| {
            plan.epoch == status.epoch
                && plan.mips == mips
                && plan.sample_rate == format.sample_rate
                && *plan.channels == *channels
                && plan.settings == settings
                && plan.texture_rows == size.rows
                && plan.axis.bins() == size.axis_bins as usize
        };
        if plan.is_some_and(is_same) {
            if *window == RowWindow::Base {
                refusal.set_if_neq(PlanRefusal(None));
            }
            continue;
        }
        let (stft, axis) = match work_out(&settings, &format, size.axis_bins as usize) {
            Ok(parts) => parts,
            Err(error) => {
                let words = PlanRefusal(Some(error.to_string()));
                if *refusal != words {
                    tracing::warn!("{}", words.0.as_deref().unwrap_or_default());
                    *refusal = words;
                }
                continue;
            }
        };
        if *window == RowWindow::Base {
            refusal.set_if_neq(PlanRefusal(None));
        }
        let whole = RowShape::new(stft, axis, format.sample_rate);
        let most = STEPS.iter().map(|(_, quality)| quality.halvings).max();
        let shapes = (0..=most.unwrap_or(0)).map(|halvings| whole.shortened(halvings));
        commands.entity(entity).insert(RowPlan {
            generation: plan.map_or(1, |plan| plan.generation + 1),
            epoch: status.epoch,
            sample_rate: format.sample_rate,
            channels: channels.into(),
            mips,
            texture_rows: size.rows,
            axis,
            shapes: shapes.collect(),
            settings,
        });
    }
}

impl RowWindow {
    /// The settings of an analysis with the hop of this window.
    fn settings(&self, of_analysis: &AnalysisSettings) -> AnalysisSettings {
        let mut settings = of_analysis.clone();
        if let Self::Detail { hop_frames, .. } = self {
            settings.hop_frames = *hop_frames as usize;
        }
        settings
    }

    /// The columns that a detail window covers, whole rows of them, where it stands still.
    #[must_use]
    pub fn fixed_columns(&self, plan: &RowPlan) -> Option<Range<u64>> {
        match self {
            Self::Detail {
                extent: Extent::Frames(frames),
                mip,
                ..
            } => {
                let columns = plan.columns_centred_in(frames);
                let rows = columns.start >> mip..columns.end.div_ceil(1 << mip);
                Some(rows.start << mip..rows.end << mip)
            }
            _ => None,
        }
    }
}

/// The channels of all views, those of the first one in their order before the others', and the
/// longest span.
fn of_all<'a>(views: impl Iterator<Item = &'a ViewSettings>) -> (Vec<u32>, f64) {
    let (mut channels, mut span_secs) = (Vec::new(), 0.0_f64);
    for view in views {
        for channel in &view.channels {
            if !channels.contains(channel) {
                channels.push(*channel);
            }
        }
        span_secs = span_secs.max(view.span_secs);
    }
    (channels, span_secs)
}

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
        assert_eq!(mips(columns(10.0), columns(30.0), 1024, 8), 0..3);
        assert_eq!(mips(columns(10.0), columns(600.0), 1024, 8), 0..7);
        // 64 channels have room for four mips: all of the ring, unless a finer one is shown.
        assert_eq!(mips(columns(600.0), columns(600.0), 1024, 64), 3..7);
        assert_eq!(mips(columns(10.0), columns(600.0), 1024, 64), 0..4);
        assert_eq!(mips(columns(9e9), columns(600.0), 1024, 1), 0..7);
    }
}
