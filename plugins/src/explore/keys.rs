//! The keys that move views, and the camera home.

use bevy::{prelude::*, time::Real};
use bevy_egui::input::EguiWantsInput;
use soundfall_settings::keys::{Action, Motion, SHORTCUTS};
use soundfall_systems::{
    explore::{MoveView, Push},
    view::{FocusedView, Follow, TimeWindow},
};

use crate::{
    key_codes::{just_pressed, pressed},
    layout::Home,
    projection::ViewCamera,
};

/// What one stroke of a key does: part of the span, and factor of a zoom.
const STROKE: f64 = 0.12;
const STROKE_ZOOM: f64 = 1.25;
/// A key that is held for longer goes on: spans a second, and factor of a zoom a second.
const HELD_SECS: f64 = 0.3;
const PER_SEC: f64 = 0.9;
const ZOOM_PER_SEC: f64 = 5.0;

/// Moves the view in focus while keys are held.
pub(super) fn hold_keys(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    wants: Option<Res<EguiWantsInput>>,
    focused: Res<FocusedView>,
    views: Query<(&TimeWindow, &ViewCamera)>,
    time: Res<Time<Real>>,
    mut moves: MessageWriter<MoveView>,
    mut homes: Query<&mut Home>,
    mut held_secs: Local<f64>,
) {
    let Some(keys) = keys else { return };
    // Something is being typed into the panel.
    if wants.is_some_and(|wants| wants.wants_keyboard_input()) {
        return;
    }
    let Some((view, (window, camera))) = focused
        .0
        .and_then(|view| Some((view, views.get(view).ok()?)))
    else {
        return;
    };
    let passed = time.delta_secs_f64();
    let mut any_held = false;
    for shortcut in &SHORTCUTS {
        let motion = match shortcut.action {
            Action::Move(motion) => motion,
            Action::HomeCamera if just_pressed(&keys, shortcut) => {
                if let Ok(mut home) = homes.get_mut(camera.camera()) {
                    *home = Home::default();
                }
                continue;
            }
            _ => continue,
        };
        let amount = if just_pressed(&keys, shortcut) {
            Some((STROKE, STROKE_ZOOM))
        } else if motion.goes_on() && pressed(&keys, shortcut) {
            any_held = true;
            let goes_on = *held_secs > HELD_SECS;
            goes_on.then(|| (PER_SEC * passed, ZOOM_PER_SEC.powf(passed)))
        } else {
            None
        };
        let Some((share, factor)) = amount else {
            continue;
        };
        let push = match motion {
            Motion::Back => Push::Step { share: -share },
            Motion::On => Push::Step { share },
            Motion::Higher => Push::StepBand { share },
            Motion::Lower => Push::StepBand { share: -share },
            // Around the middle of a view that stands still, at the edge of one that goes on.
            Motion::Nearer | Motion::Wider => Push::Zoom {
                factor: match motion {
                    Motion::Nearer => 1.0 / factor,
                    _ => factor,
                },
                place: match window.follow {
                    Follow::Frozen { .. } => 0.5,
                    _ => 0.0,
                },
            },
            Motion::Oldest => Push::Oldest,
            Motion::Newest => Push::Newest,
            Motion::All => Push::All,
            Motion::FreezeOrPlay => match window.follow {
                Follow::Frozen { .. } => Push::Play { speed: 1.0 },
                _ => Push::Freeze,
            },
        };
        moves.write(MoveView { view, push });
    }
    *held_secs = if any_held { *held_secs + passed } else { 0.0 };
}
