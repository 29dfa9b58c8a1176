//! The analysis: plan, jobs, ordered rows.

use bevy::prelude::*;
use soundfall_systems::{
    analyst::SharedAnalyst,
    spectrum::{
        AnalysisSettings, Frontier, PlanRefusal, Quality, Reanalysis, RowBlocks, SharedWorkshop,
        SpectrumProgress, collect_jobs, plan_spectrum, schedule_jobs, watch_quality,
    },
    waterfall::HeightFieldSize,
};

use crate::Phase;

/// Analyses what [`crate::SourcePlugin`] polls.
pub struct SpectrumPlugin;

impl Plugin for SpectrumPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<SharedAnalyst>()
            .init_resource::<AnalysisSettings>()
            .init_resource::<PlanRefusal>()
            .init_resource::<SpectrumProgress>()
            .init_resource::<SharedWorkshop>()
            .init_resource::<Frontier>()
            .init_resource::<Quality>()
            .init_resource::<Reanalysis>()
            .init_resource::<RowBlocks>()
            .init_resource::<HeightFieldSize>()
            .add_systems(
                Update,
                (
                    (plan_spectrum, watch_quality, schedule_jobs)
                        .chain()
                        .in_set(Phase::Schedule),
                    collect_jobs.in_set(Phase::Collect),
                ),
            );
    }
}
