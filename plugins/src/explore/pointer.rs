//! Mouse, wheel and fingers.

use bevy::{
    input::{
        mouse::{MouseScrollUnit, MouseWheel},
        touch::Touches,
    },
    prelude::*,
    time::Real,
    window::PrimaryWindow,
};
use bevy_egui::input::EguiWantsInput;
use bevy_panorbit_camera::PanOrbitCamera;
use soundfall_systems::{
    explore::{MoveView, Push},
    view::FocusedView,
};

use super::grip::{Grip, HeldView};

/// A click of the wheel shows a span so many times as long or as short.
const CLICK: f64 = 1.25;
/// Logical pixels of a trackpad that are as much as a click. Browsers tell a click of a wheel as 100 to 120 of them.
const CLICK_PIXELS: f32 = if cfg!(target_arch = "wasm32") {
    110.0
} else {
    60.0
};
/// Share of the span that a click to the side goes on.
const SIDE_CLICK: f64 = 0.1;
/// A camera comes so many times as near with a click.
const CAMERA_CLICK: f32 = 1.12;
/// How a double click zooms.
const DOUBLE_CLICK: f64 = 0.25;
/// Clicks that are as near to each other in time and place are one double click.
const DOUBLE_SECS: f64 = 0.35;
const DOUBLE_PIXELS: f32 = 6.0;
/// A button that is held so far from where it was pressed drags.
const DRAG_PIXELS: f32 = 2.0;
/// A hand that has not moved for so long stands still when it lets go.
const STILL_SECS: f64 = 0.08;
/// The speed of a hand is that of its last moments, seconds.
const SPEED_SECS: f64 = 0.06;

/// The window and what the panel wants of it.
#[derive(bevy::ecs::system::SystemParam)]
pub(super) struct Hand<'w, 's> {
    windows: Query<'w, 's, &'static Window, With<PrimaryWindow>>,
    wants: Option<Res<'w, EguiWantsInput>>,
    cameras: Query<'w, 's, (&'static Camera, &'static GlobalTransform)>,
}

impl Hand<'_, '_> {
    /// The pointer in physical pixels, where it is not the panel's.
    fn pointer(&self) -> Option<Vec2> {
        if self.is_at_panel() {
            return None;
        }
        self.anywhere()
    }

    fn anywhere(&self) -> Option<Vec2> {
        self.windows.single().ok()?.physical_cursor_position()
    }

    fn is_at_panel(&self) -> bool {
        self.wants
            .as_ref()
            .is_some_and(|wants| wants.wants_any_pointer_input())
    }

    fn scale(&self) -> f32 {
        self.windows.single().map_or(1.0, Window::scale_factor)
    }
}

/// The view under a point, and what of it.
fn under(hand: &Hand, views: &Query<HeldView>, at: Vec2) -> Option<(Entity, Entity, Grip)> {
    views.iter().find_map(|view| {
        let grip = view.grip(&hand.cameras, at)?;
        Some((view.entity, view.camera.camera(), grip))
    })
}

/// The wheel zooms time at the pointer, with Ctrl the frequencies; to the side, or with Shift, it goes on or back; with Alt
/// it moves the camera.
pub(super) fn turn_wheel(
    hand: Hand,
    views: Query<HeldView>,
    keys: Option<Res<ButtonInput<KeyCode>>>,
    mut wheel: MessageReader<MouseWheel>,
    mut moves: MessageWriter<MoveView>,
    mut orbits: Query<&mut PanOrbitCamera>,
) {
    let mut turned = Vec2::ZERO;
    for turn in wheel.read() {
        let clicks = match turn.unit {
            MouseScrollUnit::Line => 1.0,
            MouseScrollUnit::Pixel => 1.0 / (CLICK_PIXELS * hand.scale()),
        };
        turned += clicks * Vec2::new(turn.x, turn.y);
    }
    if turned == Vec2::ZERO || !turned.is_finite() {
        return;
    }
    let Some((view, camera, grip)) = hand.pointer().and_then(|at| under(&hand, &views, at)) else {
        return;
    };
    let held = |codes: [KeyCode; 2]| keys.as_ref().is_some_and(|keys| keys.any_pressed(codes));
    if held([KeyCode::AltLeft, KeyCode::AltRight]) {
        if let Ok(mut orbit) = orbits.get_mut(camera) {
            let far = orbit.zoom_upper_limit.unwrap_or(f32::INFINITY);
            let radius = orbit.target_radius * CAMERA_CLICK.powf(-turned.y);
            orbit.target_radius = radius.clamp(orbit.zoom_lower_limit, far);
        }
        return;
    }
    if held([KeyCode::ControlLeft, KeyCode::ControlRight]) {
        let push = Push::ZoomBand {
            factor: CLICK.powf(-f64::from(turned.y)),
            place: grip.frequency().unwrap_or(0.5),
        };
        moves.write(MoveView { view, push });
        return;
    }
    if held([KeyCode::ShiftLeft, KeyCode::ShiftRight]) {
        turned = Vec2::new(turned.x + turned.y, 0.0);
    }
    if turned.y != 0.0 {
        let push = Push::Zoom {
            factor: CLICK.powf(-f64::from(turned.y)),
            place: grip.time(),
        };
        moves.write(MoveView { view, push });
    }
    if turned.x != 0.0 {
        let share = SIDE_CLICK * f64::from(turned.x);
        moves.write(MoveView {
            view,
            push: Push::Step { share },
        });
    }
}

/// What is held.
pub(super) struct Held {
    view: Entity,
    grip: Grip,
    /// Where it was taken hold of, and where the hand is.
    pressed: Vec2,
    at: Vec2,
    /// Spans a second.
    speed: f64,
    moved_secs: f64,
    was_moved: bool,
}

impl Held {
    fn new(view: Entity, grip: Grip, at: Vec2, now_secs: f64) -> Self {
        Self {
            view,
            grip,
            pressed: at,
            at,
            speed: 0.0,
            moved_secs: now_secs,
            was_moved: false,
        }
    }

    /// Follows the hand; gives how far the sound is pulled along time and along frequency.
    fn follow(&mut self, grip: Grip, at: Vec2, now_secs: f64, passed_secs: f64) -> (f64, f64) {
        let share = grip.time() - self.grip.time();
        let band = match (self.grip.frequency(), grip.frequency()) {
            (Some(before), Some(now)) => before - now,
            _ => 0.0,
        };
        self.was_moved |= at.distance(self.pressed) > DRAG_PIXELS;
        (self.grip, self.at) = (grip, at);
        if share != 0.0 {
            self.moved_secs = now_secs;
        }
        let keep = (-passed_secs / SPEED_SECS).exp();
        let passed = passed_secs.max(1e-4);
        self.speed = self.speed * keep + share / passed * (1.0 - keep);
        (share, band)
    }

    fn release(&self, now_secs: f64) -> Push {
        let is_still = now_secs - self.moved_secs > STILL_SECS;
        Push::Release {
            per_sec: if is_still { 0.0 } else { self.speed },
        }
    }
}

/// The left button takes hold of the sound and moves it; beside it, the camera. Two clicks come nearer.
pub(super) fn drag_views(
    hand: Hand,
    views: Query<HeldView>,
    buttons: Option<Res<ButtonInput<MouseButton>>>,
    time: Res<Time<Real>>,
    mut focused: ResMut<FocusedView>,
    mut moves: MessageWriter<MoveView>,
    mut orbits: Query<&mut PanOrbitCamera>,
    mut held: Local<Option<Held>>,
    mut clicked: Local<Option<(f64, Vec2)>>,
) {
    let Some(buttons) = buttons else { return };
    let (now, passed) = (time.elapsed_secs_f64(), time.delta_secs_f64());
    if buttons.just_pressed(MouseButton::Left) {
        let found = hand
            .pointer()
            .and_then(|at| Some((at, under(&hand, &views, at)?)));
        if let Some((at, (view, camera, grip))) = found {
            focused.0 = Some(view);
            let is_sky = matches!(grip, Grip::Sky { .. });
            if let Ok(mut orbit) = orbits.get_mut(camera) {
                orbit.button_orbit = if is_sky {
                    MouseButton::Left
                } else {
                    MouseButton::Right
                };
            }
            let is_double = clicked.take().is_some_and(|(when, place): (f64, Vec2)| {
                now - when < DOUBLE_SECS && place.distance(at) < DOUBLE_PIXELS
            });
            if is_double && !is_sky {
                let push = Push::Zoom {
                    factor: DOUBLE_CLICK,
                    place: grip.time(),
                };
                moves.write(MoveView { view, push });
            } else if !is_sky {
                *clicked = Some((now, at));
                *held = Some(Held::new(view, grip, at, now));
            }
        }
        return;
    }
    let Some(one) = &mut *held else { return };
    if !buttons.pressed(MouseButton::Left) {
        if one.was_moved {
            let (view, push) = (one.view, one.release(now));
            moves.write(MoveView { view, push });
        }
        *held = None;
        return;
    }
    let Some(at) = hand.anywhere() else { return };
    let Ok(view) = views.get(one.view) else {
        *held = None;
        return;
    };
    let Some(grip) = view.held(&hand.cameras, one.grip, at) else {
        return;
    };
    let (share, band) = one.follow(grip, at, now, passed);
    if one.was_moved && (share, band) != (0.0, 0.0) {
        *clicked = None;
        let (view, push) = (one.view, Push::Drag { share, band });
        moves.write(MoveView { view, push });
    }
}

/// One finger holds the sound, or beside it turns the scene. Two of them zoom between them, and turn the scene with their
/// middle.
pub(super) fn move_fingers(
    hand: Hand,
    views: Query<HeldView>,
    touches: Option<Res<Touches>>,
    time: Res<Time<Real>>,
    mut focused: ResMut<FocusedView>,
    mut moves: MessageWriter<MoveView>,
    mut orbits: Query<&mut PanOrbitCamera>,
    mut held: Local<Option<Held>>,
    mut pinch: Local<Option<(Entity, Vec2, f32)>>,
) {
    let Some(touches) = touches else { return };
    let (now, passed) = (time.elapsed_secs_f64(), time.delta_secs_f64());
    let scale = hand.scale();
    let fingers: Vec<Vec2> = touches.iter().map(|one| one.position() * scale).collect();
    if let [first, second, ..] = *fingers {
        if let Some(one) = held.take() {
            let push = Push::Release { per_sec: 0.0 };
            moves.write(MoveView {
                view: one.view,
                push,
            });
        }
        let (middle, apart) = ((first + second) / 2.0, first.distance(second).max(8.0));
        let Some((view, before, was_apart)) = *pinch else {
            *pinch = under(&hand, &views, middle).map(|(view, ..)| (view, middle, apart));
            return;
        };
        *pinch = Some((view, middle, apart));
        let Ok(of) = views.get(view) else { return };
        if let Some(grip) = of.grip(&hand.cameras, middle)
            && was_apart != apart
        {
            let push = Push::Zoom {
                factor: f64::from(was_apart / apart),
                place: grip.time(),
            };
            moves.write(MoveView { view, push });
        }
        if let Ok(mut orbit) = orbits.get_mut(of.camera.camera()) {
            turn(&mut orbit, middle - before, of.area.scene);
        }
        return;
    }
    *pinch = None;
    let Some(&at) = fingers.first() else {
        if let Some(one) = held.take() {
            let (view, push) = (one.view, one.release(now));
            moves.write(MoveView { view, push });
        }
        return;
    };
    let Some(one) = &mut *held else {
        if !hand.is_at_panel()
            && let Some((view, _, grip)) = under(&hand, &views, at)
        {
            focused.0 = Some(view);
            *held = Some(Held::new(view, grip, at, now));
        }
        return;
    };
    let Ok(view) = views.get(one.view) else {
        *held = None;
        return;
    };
    if let Some(grip) = view.held(&hand.cameras, one.grip, at) {
        let moved = at - one.at;
        let (share, band) = one.follow(grip, at, now, passed);
        if matches!(grip, Grip::Sky { .. })
            && let Ok(mut orbit) = orbits.get_mut(view.camera.camera())
        {
            turn(&mut orbit, moved, view.area.scene);
        }
        if (share, band) != (0.0, 0.0) {
            let (view, push) = (one.view, Push::Drag { share, band });
            moves.write(MoveView { view, push });
        }
    }
}

/// Turns a scene under the hand: its height is half a turn.
fn turn(orbit: &mut PanOrbitCamera, moved: Vec2, scene: URect) {
    let turn = moved / scene.height().max(1) as f32 * std::f32::consts::PI;
    let (low, high) = (orbit.pitch_lower_limit, orbit.pitch_upper_limit);
    orbit.target_yaw -= turn.x;
    orbit.target_pitch =
        (orbit.target_pitch + turn.y).clamp(low.unwrap_or(-1.5), high.unwrap_or(1.5));
}
