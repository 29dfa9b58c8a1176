//! An analysis, and what every one has.

use bevy_ecs::prelude::*;

use super::plan::PlanRefusal;
use super::progress::AnalysisProgress;
use super::quality::Quality;
use super::reanalysis::Reanalysis;
use super::settings::AnalysisSettings;
use crate::view::Views;

/// A way of turning a stream into rows of levels, shared by all views that want the same. Add
/// [`super::AnalysisOf`] to say of which stream.
#[derive(Component, Clone, Copy, Debug, Default)]
#[require(AnalysisSettings, AnalysisProgress, PlanRefusal, Quality, Reanalysis)]
pub struct Analysis;

/// Despawns analyses that have lost their last view. Set `Input`.
pub fn despawn_unused_analyses(
    mut commands: Commands,
    mut lost: RemovedComponents<Views>,
    analyses: Query<(), (With<Analysis>, Without<Views>)>,
) {
    for entity in lost.read() {
        if analyses.contains(entity) {
            commands.entity(entity).despawn();
        }
    }
}
