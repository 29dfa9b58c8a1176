//! Analyses of a stream, and the windows of rows that an analysis keeps: who belongs to whom.

use bevy_ecs::prelude::*;

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
