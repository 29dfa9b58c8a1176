//! Polling of the streams and their clocks.

use bevy::prelude::*;
use soundfall_systems::{
    explore::{MoveView, move_views},
    stream::{adopt_sources, advance_clocks, poll_streams},
    view::{FocusedView, focus_view, move_time_windows},
};

use crate::{Soundfall, SoundfallSystems};

/// Polls every [`soundfall_systems::stream::Stream`] and moves the time windows of its views. Needs
/// [`crate::SchedulePlugin`].
pub struct StreamPlugin;

impl Plugin for StreamPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<FocusedView>()
            .add_message::<MoveView>()
            .add_systems(
                Soundfall,
                (
                    (adopt_sources, focus_view)
                        .chain()
                        .in_set(SoundfallSystems::Input),
                    (poll_streams, advance_clocks, move_time_windows, move_views)
                        .chain()
                        .in_set(SoundfallSystems::Sync),
                ),
            );
    }
}
