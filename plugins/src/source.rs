//! Polling of the ring and the stream clock.

use bevy::prelude::*;
use soundfall_systems::{
    stream::{StreamClock, advance_clock},
    stream::{StreamStatus, adopt_source, poll_source},
    view::View,
};

use crate::{SoundfallSystems, panel::press_keys};

/// Polls the `Source` resource, which the program inserts.
pub struct SourcePlugin;

impl Plugin for SourcePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<StreamStatus>()
            .init_resource::<StreamClock>()
            .init_resource::<View>()
            .add_systems(Update, adopt_source.in_set(SoundfallSystems::Input).after(press_keys))
            .add_systems(
                Update,
                (poll_source, advance_clock).chain().in_set(SoundfallSystems::Sync),
            );
    }
}
