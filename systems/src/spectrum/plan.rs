//! The analysis plan: the user's settings worked out for this ring and this view.
//!
//! Whenever something that shapes rows changes, a new plan with a new generation is made; work of
//! older generations is dropped when it comes back. Colours and dB range are not part of it.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_dsp::{
    rows::RowShape,
    scale::{AxisError, BinMap, FrequencyAxis, Scale},
    stft::StftParams,
    window::Window,
};

use soundfall_ring::RingFormat;

use crate::{
    source::{Feed, Source},
    view::View,
    waterfall::HeightFieldSize,
};

/// What the user chose about the analysis.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// Window function.
    pub window: Window,
    /// Window length in frames, 64 to 32768.
    pub window_size: usize,
    /// Frames from one column to the next.
    pub hop_frames: usize,
    /// Spacing of the frequency axis.
    pub scale: Scale,
    /// Lower end of the axis.
    pub min_hz: f64,
    /// Upper end of the axis; lowered to half the sample rate.
    pub max_hz: f64,
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        Self {
            window: Window::Hann,
            window_size: 2048,
            hop_frames: 512,
            scale: Scale::Log,
            min_hz: 30.0,
            max_hz: 20_000.0,
        }
    }
}

impl AnalysisSettings {
    /// The frequency axis at a sample rate: the chosen range cut to what the rate can hold.
    ///
    /// # Errors
    /// [`AxisError`] where nothing is left of the range.
    pub fn axis(&self, sample_rate: u32, columns: usize) -> Result<FrequencyAxis, AxisError> {
        let nyquist = f64::from(sample_rate) / 2.0;
        let max_hz = self.max_hz.min(nyquist);
        let least = if self.scale == Scale::Log {
            FrequencyAxis::MIN_LOG_HZ
        } else {
            0.0
        };
        let min_hz = self.min_hz.min(max_hz * 0.5).max(least);
        FrequencyAxis::new(self.scale, min_hz, max_hz, columns)
    }
}

/// One generation of the analysis.
#[derive(Resource, Clone, Debug)]
pub struct SpectrumPlan {
    /// Counts up with every change.
    pub generation: u64,
    /// Epoch of the ring it was made for.
    pub epoch: u64,
    /// Hz.
    pub sample_rate: u32,
    /// Ring channels, in the order of their slots in the picture.
    pub channels: Arc<[u32]>,
    /// How a row is made: `2^level` columns of this STFT, on this map.
    pub shape: RowShape,
    /// A row folds `2^level` columns.
    pub level: u32,
    /// Frequency axis, one texel a column of it.
    pub axis: FrequencyAxis,
    settings: AnalysisSettings,
}

impl SpectrumPlan {
    /// Columns folded into one row.
    #[must_use]
    pub fn columns_per_row(&self) -> u64 {
        1 << self.level
    }

    /// Frames from one row to the next.
    #[must_use]
    pub fn row_frames(&self) -> u64 {
        self.columns_per_row() * self.shape.stft.hop_frames as u64
    }

    /// First frame of a row's first window.
    #[must_use]
    pub fn row_start(&self, row: u64) -> u64 {
        row.saturating_mul(self.row_frames())
    }

    /// End (exclusive) of a row's last window.
    #[must_use]
    pub fn row_end(&self, row: u64) -> u64 {
        self.row_start(row)
            .saturating_add((self.columns_per_row() - 1) * self.shape.stft.hop_frames as u64)
            .saturating_add(self.shape.stft.window_size as u64)
    }

    /// Rows whose last window ends at or before `frame`.
    #[must_use]
    pub fn rows_complete_at(&self, frame: u64) -> u64 {
        let first_end = self.row_end(0);
        if frame < first_end {
            0
        } else {
            (frame - first_end) / self.row_frames() + 1
        }
    }

    /// First row that needs no frame before `frame`.
    #[must_use]
    pub fn first_row_from(&self, frame: u64) -> u64 {
        frame.div_ceil(self.row_frames())
    }

    /// The moment a row stands for, in frames: the middle of its windows.
    #[must_use]
    pub fn row_centre(&self, row: u64) -> f64 {
        (self.row_start(row) as f64 + self.row_end(row) as f64) / 2.0
    }

    /// Rows that a span of time takes on the screen.
    #[must_use]
    pub fn rows_in(&self, span_secs: f64) -> f64 {
        span_secs * f64::from(self.sample_rate) / self.row_frames() as f64
    }
}

/// Levels needed so that a span fits the rows of the height field, with room for rows that
/// arrive before the oldest visible one leaves.
fn level_for(span_secs: f64, sample_rate: u32, hop_frames: usize, rows: u32) -> u32 {
    let columns = span_secs * f64::from(sample_rate) / hop_frames as f64;
    let room = f64::from(rows) * 0.96 - 8.0;
    let mut level = 0;
    while columns / f64::from(1_u32 << level) > room && level < 20 {
        level += 1;
    }
    level
}

/// Why the settings cannot be planned, in words for the screen.
#[derive(Resource, Default, Clone, Debug, PartialEq, Eq)]
pub struct PlanRefusal(pub Option<String>);

/// The parts of a plan that settings and ring decide, or why there are none.
fn work_out(
    settings: &AnalysisSettings,
    format: &RingFormat,
    columns: usize,
) -> Result<(StftParams, FrequencyAxis), String> {
    let stft = StftParams::new(settings.window, settings.window_size, settings.hop_frames)
        .map_err(|error| error.to_string())?;
    let readable = format.readable_frames();
    if stft.window_size as u64 > readable {
        return Err(format!(
            "a window of {} frames is longer than the {readable} frames the ring holds",
            stft.window_size
        ));
    }
    let axis = settings
        .axis(format.sample_rate, columns)
        .map_err(|error| error.to_string())?;
    Ok((stft, axis))
}

/// Makes a new plan when ring, settings, channels or span ask for one. Phase `Schedule`.
///
/// Settings that cannot be planned leave the old plan standing, and say why.
pub fn plan_spectrum(
    mut commands: Commands,
    source: Option<Res<Source>>,
    feed: Res<Feed>,
    settings: Res<AnalysisSettings>,
    view: Res<View>,
    size: Res<HeightFieldSize>,
    plan: Option<Res<SpectrumPlan>>,
    mut refusal: ResMut<PlanRefusal>,
) {
    let Some(source) = source else { return };
    let format = source.ring.format();
    // A span beyond the ring needs no coarser rows than the whole ring does.
    let span_secs = view.span_secs.min(format.capacity_secs());
    let level = level_for(
        span_secs,
        format.sample_rate,
        settings.hop_frames,
        size.rows,
    );
    if let Some(plan) = &plan
        && plan.epoch == feed.epoch
        && plan.level == level
        && plan.sample_rate == format.sample_rate
        && *plan.channels == *view.channels
        && plan.settings == *settings
        && plan.axis.columns() == size.columns as usize
    {
        refusal.set_if_neq(PlanRefusal(None));
        return;
    }
    let (stft, axis) = match work_out(&settings, format, size.columns as usize) {
        Ok(parts) => parts,
        Err(words) => {
            let words = PlanRefusal(Some(words));
            if *refusal != words {
                tracing::warn!("{}", words.0.as_deref().unwrap_or_default());
                *refusal = words;
            }
            return;
        }
    };
    refusal.set_if_neq(PlanRefusal(None));
    let bin_map = Arc::new(BinMap::new(
        &axis,
        f64::from(format.sample_rate),
        stft.fft_size,
    ));
    commands.insert_resource(SpectrumPlan {
        generation: plan.map_or(1, |plan| plan.generation + 1),
        epoch: feed.epoch,
        sample_rate: format.sample_rate,
        channels: view.channels.clone().into(),
        shape: RowShape {
            stft,
            columns_per_row: 1 << level,
            bin_map,
        },
        level,
        axis,
        settings: settings.clone(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_grows_with_the_span() {
        assert_eq!(level_for(10.0, 48_000, 512, 1024), 0);
        assert_eq!(level_for(10.9, 48_000, 512, 1024), 1);
        assert_eq!(level_for(30.0, 48_000, 512, 1024), 2);
        assert_eq!(level_for(600.0, 48_000, 512, 1024), 6);
    }
}
