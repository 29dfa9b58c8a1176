//! Which analyses views show.

use bevy_ecs::prelude::*;

/// The analysis that a view shows. Inserted again, the view shows another one.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = Views)]
pub struct ViewOf(pub Entity);

/// The views of an analysis. An analysis that loses its last view is despawned.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = ViewOf)]
pub struct Views(Vec<Entity>);

/// The second analysis of a comparison.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = ComparedViews)]
pub struct ComparedWith(pub Entity);

/// The views that compare with an analysis.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = ComparedWith)]
pub struct ComparedViews(Vec<Entity>);
