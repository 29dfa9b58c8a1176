//! The analysis: plan, jobs, ordered rows.

use bevy::prelude::*;
use soundfall_systems::{
    backend::SharedBackend,
    analysis::{
        AnalysisSettings, JobQueue, PlanRefusal, Quality, Reanalysis, RowBlocks, SharedEngines,
        AnalysisProgress, collect_jobs, plan_spectrum, schedule_jobs, watch_quality,
    },
    waterfall::HeightFieldSize,
};

use crate::SoundfallSystems;

/// Analyses what [`crate::SourcePlugin`] polls.
pub struct SpectrumPlugin;

impl Plugin for SpectrumPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<SharedBackend>()
            .init_resource::<AnalysisSettings>()
            .init_resource::<PlanRefusal>()
            .init_resource::<AnalysisProgress>()
            .init_resource::<SharedEngines>()
            .init_resource::<JobQueue>()
            .init_resource::<Quality>()
            .init_resource::<Reanalysis>()
            .init_resource::<RowBlocks>()
            .init_resource::<HeightFieldSize>()
            .add_systems(
                Update,
                (
                    (plan_spectrum, watch_quality, schedule_jobs)
                        .chain()
                        .in_set(SoundfallSystems::Schedule),
                    collect_jobs.in_set(SoundfallSystems::Collect),
                ),
            );
    }
}
