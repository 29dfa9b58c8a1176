//! Analyses of a stream, and the windows of rows that an analysis keeps.

use bevy_ecs::prelude::*;

use super::planning::PlanRefusal;
use super::progress::AnalysisProgress;
use super::quality::Quality;
use super::reanalysis::Reanalysis;
use super::settings::AnalysisSettings;
use crate::view::Views;

/// A way of turning a stream into rows of levels, shared by all views that want the same. Add
/// [`AnalysisOf`] to say of which stream.
#[derive(Component, Clone, Copy, Debug, Default)]
#[require(AnalysisSettings, AnalysisProgress, PlanRefusal, Quality, Reanalysis)]
pub struct Analysis;

/// The stream that is analysed.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Analyses)]
pub struct AnalysisOf(pub Entity);

/// The analyses of a stream; they go with it.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = AnalysisOf, linked_spawn)]
pub struct Analyses(Vec<Entity>);

/// The analysis whose rows a window keeps.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = RowWindows)]
pub struct RowsOf(pub Entity);

/// The windows of rows of an analysis; they go with it.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = RowsOf, linked_spawn)]
pub struct RowWindows(Vec<Entity>);

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
