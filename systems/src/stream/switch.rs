//! A stream whose source can be changed while it is shown.

use std::sync::Arc;

use bevy_ecs::{prelude::*, relationship::RelationshipTarget};

use super::status::{Stream, StreamStatus};
use crate::{
    analysis::Analyses,
    view::{MAX_CHANNELS, ViewSettings, Views},
};

/// Changes the source of a stream, where this process captures it. Every call returns at once.
pub trait SourceControl: Send + Sync {
    /// What can be chosen, by name.
    fn choices(&self) -> Vec<String>;
    /// Asks for another source; what is shown stays until it is there.
    fn choose(&self, name: &str);
    /// The new source, once it is there, or why it is not.
    fn arrived(&self) -> Option<Result<Stream, String>>;
}

/// The way back to the capture side of a stream, where there is one. The entity gets its
/// [`Stream`] when the first source arrives.
#[derive(Component, Clone)]
#[require(StreamStatus)]
pub struct SourceSwitch(pub Arc<dyn SourceControl>);

/// Shows a source that arrived. Set `Input`. Its views show all of its channels, unless it has as
/// many as the one before: then their choice stays.
pub fn adopt_sources(
    mut commands: Commands,
    mut streams: Query<(
        Entity,
        &SourceSwitch,
        &mut StreamStatus,
        Option<&Stream>,
        Option<&Analyses>,
    )>,
    analyses: Query<&Views>,
    mut views: Query<&mut ViewSettings>,
) {
    for (entity, switch, mut status, shown, of_stream) in &mut streams {
        let Some(arrived) = switch.0.arrived() else {
            continue;
        };
        let stream = match arrived {
            Ok(stream) => stream,
            Err(words) => {
                status.refused = Some(words);
                status.refusals += 1;
                continue;
            }
        };
        status.refused = None;
        let channels = stream.history.format().channels;
        if shown.map(|shown| shown.history.format().channels) != Some(channels) {
            let of_stream = of_stream.into_iter().flat_map(RelationshipTarget::iter);
            for view in of_stream.flat_map(|analysis| analyses.iter_descendants(analysis)) {
                if let Ok(mut settings) = views.get_mut(view) {
                    settings.channels = (0..channels.min(MAX_CHANNELS as u32)).collect();
                }
            }
        }
        commands.entity(entity).insert(stream);
    }
}
