//! Hands on: mouse, wheel, fingers and keys move the views through their sound, and the cameras around it.

mod grip;
mod keys;
mod pointer;

use bevy::prelude::*;
use soundfall_systems::view::focus_view;

use crate::{Soundfall, SoundfallSystems};

/// Pan and zoom of every view that [`crate::LayoutPlugin`] gives a place: for programs with a window. Needs
/// [`crate::StreamPlugin`].
pub struct ExplorePlugin;

impl Plugin for ExplorePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(
            Soundfall,
            (
                pointer::turn_wheel,
                pointer::drag_views,
                pointer::move_fingers,
                keys::hold_keys,
            )
                .chain()
                .in_set(SoundfallSystems::Input)
                .after(focus_view),
        );
    }
}
