//! The analyses: windows of rows, plans, jobs.

use bevy::prelude::*;
use soundfall_systems::{
    analysis::{
        CostModel, TextureBudget, collect_jobs, despawn_unused_analyses, fit_row_windows,
        plan_rows, schedule_jobs, watch_quality,
    },
    backend::SharedBackend,
    stream::adopt_sources,
    waterfall::HeightFieldSize,
};

use crate::{Soundfall, SoundfallSystems};

/// Analyses what [`crate::StreamPlugin`] polls. Needs [`crate::SchedulePlugin`].
pub struct AnalysisPlugin;

impl Plugin for AnalysisPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<SharedBackend>()
            .init_resource::<CostModel>()
            .init_resource::<TextureBudget>()
            .init_resource::<HeightFieldSize>()
            .add_systems(
                Soundfall,
                (
                    despawn_unused_analyses
                        .in_set(SoundfallSystems::Input)
                        .after(adopt_sources),
                    (fit_row_windows, plan_rows, watch_quality, schedule_jobs)
                        .chain()
                        .in_set(SoundfallSystems::Schedule),
                    collect_jobs.in_set(SoundfallSystems::Collect),
                ),
            );
    }
}
