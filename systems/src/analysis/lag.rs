//! How far an analysis is behind the sound.

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};

use super::job::AnalysisJob;
use super::plan::RowPlan;
use super::quality::Quality;
use super::queue::JobQueue;
use super::relations::{AnalysisOf, RowWindows};
use super::row_window::{Extent, RowWindow};
use crate::stream::StreamStatus;

/// Measures how far every analysis is behind: the window of the newest sound that is furthest. Set
/// `Schedule`, between the plans and the jobs.
pub fn watch_quality(
    mut analyses: Query<(&AnalysisOf, &RowWindows, &mut Quality)>,
    windows: Query<(&RowWindow, &RowPlan, &JobQueue)>,
    streams: Query<&StreamStatus>,
    jobs: Query<&AnalysisJob>,
    time: Res<Time<Real>>,
) {
    for (of, of_windows, mut quality) in &mut analyses {
        let Ok(status) = streams.get(of.0) else {
            continue;
        };
        if status.held {
            continue;
        }
        let every = quality.level().every;
        let mut furthest: Option<(f64, f64)> = None;
        for entity in of_windows.iter() {
            let Ok((window, plan, queue)) = windows.get(entity) else {
                continue;
            };
            let stands_still = matches!(
                window,
                RowWindow::Detail {
                    extent: Extent::Frames(_),
                    ..
                }
            );
            if stands_still || queue.generation != plan.generation || plan.epoch != status.epoch {
                continue;
            }
            let complete = plan.columns_complete_at(status.written_frames);
            let landed = queue.landed(jobs.iter().filter(|job| job.window == entity));
            // Columns of a group wait for its last one.
            let waiting = (complete - complete % every).saturating_sub(landed);
            let secs =
                |columns: u64| (columns * plan.hop_frames()) as f64 / f64::from(plan.sample_rate);
            let lag = (secs(waiting), secs(every));
            if furthest.is_none_or(|(most, _)| lag.0 > most) {
                furthest = Some(lag);
            }
        }
        if let Some((lag_secs, group_secs)) = furthest {
            quality.observe(lag_secs, group_secs, time.delta_secs_f64());
        }
    }
}
