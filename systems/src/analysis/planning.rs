//! Makes the plans of the windows of rows from settings, stream and views.

use bevy_ecs::prelude::*;
use soundfall_analysis::HistoryFormat;
use soundfall_dsp::{
    rows::RowShape,
    scale::{AxisError, FrequencyAxis},
    stft::{StftError, StftParams},
};
use thiserror::Error;

use super::plan::{PlanRefusal, RowPlan, mips_for};
use super::quality::STEPS;
use super::relations::{AnalysisOf, RowsOf};
use super::row_window::RowWindow;
use super::settings::AnalysisSettings;
use crate::{
    stream::{Stream, StreamStatus},
    view::{Follow, TimeWindow, ViewSettings, Views},
    waterfall::HeightFieldSize,
};

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
    views: Query<(&ViewSettings, &TimeWindow)>,
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
        let settings = window.settings(settings, format.sample_rate);
        // Mips depend on the hop in use; without one the old plan stands, and says why below.
        let hop_frames = match plan {
            Some(plan) if plan.settings == settings => plan.hop_frames(),
            _ => settings.stft().map_or(1, |stft| stft.hop_frames as u64),
        };
        let (channels, live_span_secs) =
            of_all(of_views.iter().filter_map(|view| views.get(view).ok()));
        let mips = match window {
            RowWindow::Base => {
                let columns = |secs: f64| secs * f64::from(format.sample_rate) / hop_frames as f64;
                let whole = columns(format.capacity_secs());
                let fits = |shown| mips_for(shown, whole, size.rows, channels.len());
                let is_as_before = |plan: &&RowPlan| {
                    plan.epoch == status.epoch
                        && plan.settings == settings
                        && plan.channels.len() == channels.len()
                };
                match (live_span_secs, plan.filter(is_as_before)) {
                    (Some(secs), _) => fits(columns(secs)),
                    // A view that stands still is no reason to analyse all anew.
                    (None, Some(plan)) => plan.mips.clone(),
                    // Without a view of the newest sound the coarse ones: all of it at once.
                    (None, None) => fits(whole),
                }
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

/// The channels of all views, those of the first one in their order before the others', and the
/// longest span of those that follow the newest sound.
fn of_all<'a>(
    views: impl Iterator<Item = (&'a ViewSettings, &'a TimeWindow)>,
) -> (Vec<u32>, Option<f64>) {
    let (mut channels, mut span_secs) = (Vec::new(), None::<f64>);
    for (view, window) in views {
        for channel in &view.channels {
            if !channels.contains(channel) {
                channels.push(*channel);
            }
        }
        if matches!(window.follow, Follow::Live { .. }) {
            span_secs = Some(span_secs.map_or(view.span_secs, |known| known.max(view.span_secs)));
        }
    }
    (channels, span_secs)
}
