//! A view, what every one has, and which one has the focus.

use bevy_ecs::prelude::*;

use super::settings::ViewSettings;
use super::time_window::TimeWindow;
use crate::{
    analysis::DetailRows,
    explore::Glide,
    instruments::{InstrumentChoice, InstrumentReadings},
    waterfall::{FieldState, SurfaceLayout},
    waveform::LaneField,
};

/// A picture of an analysis. Add [`super::ViewOf`] to say of which one.
#[derive(Component, Clone, Copy, Debug, Default)]
#[require(
    ViewSettings,
    TimeWindow,
    Glide,
    DetailRows,
    FieldState,
    SurfaceLayout,
    LaneField,
    InstrumentChoice,
    InstrumentReadings
)]
pub struct View;

/// The view that keys, panel and changes without an address are for.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FocusedView(pub Option<Entity>);

/// The focus is on the oldest view where the one that had it is gone. Set `Input`.
pub fn focus_view(mut focused: ResMut<FocusedView>, views: Query<Entity, With<View>>) {
    if focused.0.is_some_and(|view| views.contains(view)) {
        return;
    }
    let oldest = views.iter().min();
    if focused.0 != oldest {
        focused.0 = oldest;
    }
}
