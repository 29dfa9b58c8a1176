//! Mouse, wheel, fingers and keys as the window tells them: what they are on stays under them, and every key does what
//! the sheet says. What is under a point of the picture is worked out here with Bevy's cameras, not with our own code.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use bevy::input::{
    ButtonState,
    keyboard::{Key, KeyboardInput},
    mouse::{MouseButtonInput, MouseMotion, MouseScrollUnit, MouseWheel},
    touch::{TouchInput, TouchPhase},
};
use bevy::prelude::*;
use bevy::time::TimeUpdateStrategy;
use bevy::window::{CursorMoved, PrimaryWindow, WindowResolution};
use soundfall_analysis::Recording;
use soundfall_plugins::{
    CameraOf, ProgramPlugins, SoundfallPlugins,
    host::{Headless, add_base, find_graphics},
};
use soundfall_settings::keys::{Action, Motion, SHORTCUTS};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf, AnalysisSettings},
    explore::Glide,
    instruments::InstrumentChoice,
    layout::ViewArea,
    stream::Stream,
    view::{Follow, ProgramSettings, TimeWindow, View, ViewOf, ViewSettings},
    waterfall::SurfaceLayout,
};
use support::settle;

const SIZE: UVec2 = UVec2::new(960, 540);
const RATE: u32 = 8_000;
const SECS: f64 = 30.0;
const END: f64 = SECS * RATE as f64;
const LOW_HZ: f64 = 50.0;
const HIGH_HZ: f64 = 3_000.0;
const FRAME_SECS: f64 = 1.0 / 60.0;

struct Hands {
    screen: Headless,
    window: Entity,
    view: Entity,
    at: Vec2,
    /// The program was asked to end.
    quit: bool,
}

impl Hands {
    /// Half a minute of two channels, of which the ten seconds in the middle are shown.
    fn new() -> Self {
        let mut app = App::new();
        add_base(&mut app, None, SIZE, &find_graphics());
        let plain = ProgramSettings {
            panel: false,
            ..default()
        };
        app.insert_resource(plain)
            .add_plugins((SoundfallPlugins::default(), ProgramPlugins));
        let tone = |hz: f64| {
            let frames = (0..END as u32).map(f64::from);
            frames
                .map(|frame| 0.3 * (TAU * hz * frame / f64::from(RATE)).sin() as f32)
                .collect()
        };
        let recording = Recording::from_planes(RATE, vec![tone(440.0), tone(1_000.0)]).unwrap();
        let world = app.world_mut();
        let stream = world.spawn(Stream::new(Arc::new(recording), "tones")).id();
        let settings = AnalysisSettings {
            window_size: 512,
            hop_frames: 128,
            min_hz: LOW_HZ,
            max_hz: HIGH_HZ,
            ..default()
        };
        let analysis = world.spawn((Analysis, AnalysisOf(stream), settings)).id();
        let settings = ViewSettings {
            channels: vec![0, 1],
            span_secs: 10.0,
            ..default()
        };
        let frame = 20.0 * f64::from(RATE);
        let follow = Follow::Frozen { frame };
        let view = (View, ViewOf(analysis), settings, TimeWindow { follow });
        let view = world.spawn(view).id();
        let mut screen = Headless::new(app, false);
        pass(screen.world_mut(), 0.0);
        settle(&mut screen);
        let window = Window {
            resolution: WindowResolution::new(SIZE.x, SIZE.y),
            ..default()
        };
        let window = screen.world_mut().spawn((window, PrimaryWindow)).id();
        pass(screen.world_mut(), FRAME_SECS);
        let at = Vec2::ZERO;
        let mut hands = Self {
            screen,
            window,
            view,
            at,
            quit: false,
        };
        hands.frames(3);
        hands
    }

    fn frames(&mut self, count: usize) {
        for _ in 0..count {
            self.screen.step();
            let exits = self.screen.world().resource::<Messages<AppExit>>();
            self.quit |= !exits.is_empty();
        }
    }

    /// Display frames until nothing moves by itself.
    fn come_to_rest(&mut self) {
        for _ in 0..600 {
            self.frames(1);
            if !self.get::<Glide>().is_moving() {
                return;
            }
        }
        panic!("it moves for ten seconds");
    }

    fn get<C: Component>(&self) -> &C {
        self.screen.world().get::<C>(self.view).unwrap()
    }

    fn set_view(&mut self, span_secs: f64, head_secs: f64) {
        let world = self.screen.world_mut();
        let mut settings = world.get_mut::<ViewSettings>(self.view).unwrap();
        settings.span_secs = span_secs;
        (settings.low_hz, settings.high_hz) = (None, None);
        let frame = head_secs * f64::from(RATE);
        let follow = Follow::Frozen { frame };
        *world.get_mut::<TimeWindow>(self.view).unwrap() = TimeWindow { follow };
        self.frames(2);
    }

    fn point(&mut self, at: Vec2) {
        let delta = at - self.at;
        self.at = at;
        let window_entity = self.window;
        let world = self.screen.world_mut();
        let mut window = world.get_mut::<Window>(window_entity).unwrap();
        window.set_physical_cursor_position(Some(at.as_dvec2()));
        world.write_message(CursorMoved {
            window: window_entity,
            position: at,
            delta: Some(delta),
        });
        world.write_message(MouseMotion { delta });
    }

    fn button(&mut self, button: MouseButton, state: ButtonState) {
        let window = self.window;
        self.screen.world_mut().write_message(MouseButtonInput {
            button,
            state,
            window,
        });
        self.frames(1);
    }

    fn wheel(&mut self, y: f32) {
        let window = self.window;
        self.screen.world_mut().write_message(MouseWheel {
            unit: MouseScrollUnit::Line,
            x: 0.0,
            y,
            window,
            phase: TouchPhase::Moved,
        });
    }

    fn key(&mut self, key_code: KeyCode, state: ButtonState) {
        let window = self.window;
        self.screen.world_mut().write_message(KeyboardInput {
            key_code,
            logical_key: Key::Unidentified(bevy::input::keyboard::NativeKey::Unidentified),
            state,
            text: None,
            repeat: false,
            window,
        });
        self.frames(1);
    }

    fn stroke(&mut self, keys: &[KeyCode]) {
        for &key in keys {
            self.key(key, ButtonState::Pressed);
        }
        for &key in keys.iter().rev() {
            self.key(key, ButtonState::Released);
        }
    }

    fn finger(&mut self, id: u64, phase: TouchPhase, position: Vec2) {
        let window = self.window;
        self.screen.world_mut().write_message(TouchInput {
            phase,
            position,
            window,
            force: None,
            id,
        });
    }

    fn span(&self) -> f64 {
        self.get::<ViewSettings>().span_secs * f64::from(RATE)
    }

    /// The frame at the front edge.
    fn head(&self) -> f64 {
        match self.get::<TimeWindow>().follow {
            Follow::Frozen { frame } | Follow::Playing { frame, .. } => frame,
            Follow::Live { offset_secs } => END - offset_secs * f64::from(RATE),
        }
    }

    /// A point of the lanes, and the frame that is drawn there.
    fn lanes(&self, share: f32) -> Vec2 {
        let lanes = self.get::<ViewArea>().lanes.as_rect();
        Vec2::new(lanes.min.x + share * lanes.width(), lanes.center().y)
    }

    fn frame_on_lanes(&self, at: Vec2) -> f64 {
        let lanes = self.get::<ViewArea>().lanes.as_rect();
        let left = f64::from((at.x - lanes.min.x) / lanes.width());
        self.head() - self.span() + left * self.span()
    }

    /// A pixel of the lanes, frames.
    fn lane_pixel(&self) -> f64 {
        self.span() / f64::from(self.get::<ViewArea>().lanes.width())
    }

    fn camera(&mut self) -> (Camera, GlobalTransform) {
        let view = self.view;
        let world = self.screen.world_mut();
        let mut cameras = world.query::<(&Camera, &GlobalTransform, &CameraOf)>();
        let found = cameras.iter(world).find(|found| found.2.0 == view);
        let (camera, stands, _) = found.unwrap();
        (camera.clone(), *stands)
    }

    /// Where a place of a surface's floor is seen: shares of its frequency axis and of its time from the front.
    fn surface(&mut self, number: usize, frequency: f32, time: f32) -> Vec2 {
        let (camera, stands) = self.camera();
        let place = self.get::<SurfaceLayout>().places[number];
        let point = place.centre
            + Vec3::new(frequency - 0.5, 0.0, 0.5 - time) * place.size * Vec3::new(1.0, 0.0, 1.0);
        let ndc = camera.world_to_ndc(&stands, point).unwrap();
        let scene = self.get::<ViewArea>().scene.as_rect();
        scene.min + Vec2::new(ndc.x + 1.0, 1.0 - ndc.y) * 0.5 * scene.size()
    }

    /// The frame and the frequency of the floor under a point, and how much of both a pixel is.
    fn on_surface(&mut self, number: usize, at: Vec2) -> [(f64, f64); 2] {
        let (frame, hz) = self.floor(number, at);
        let beside = [Vec2::X, Vec2::Y].map(|step| self.floor(number, at + step));
        let largest = |of: fn((f64, f64)) -> f64, here: f64| {
            let apart = beside.map(|other| (of(other) - here).abs());
            apart[0].max(apart[1])
        };
        [
            (frame, largest(|point| point.0, frame)),
            (hz, largest(|point| point.1, hz)),
        ]
    }

    fn floor(&mut self, number: usize, at: Vec2) -> (f64, f64) {
        let (camera, stands) = self.camera();
        let scene = self.get::<ViewArea>().scene.as_rect();
        let ndc = (at - scene.min) / scene.size() * Vec2::new(2.0, -2.0) + Vec2::new(-1.0, 1.0);
        let on = |depth| camera.ndc_to_world(&stands, ndc.extend(depth)).unwrap();
        let (near, far) = (on(0.9), on(0.1));
        let point = near + (far - near) * (near.y / (near.y - far.y));
        let place = self.get::<SurfaceLayout>().places[number];
        let from = (point - place.centre) / place.size;
        let settings = self.get::<ViewSettings>();
        let low = settings.low_hz.unwrap_or(LOW_HZ);
        let high = settings.high_hz.unwrap_or(HIGH_HZ);
        let hz = low * (high / low).powf(f64::from(from.x) + 0.5);
        (self.head() - (0.5 - f64::from(from.z)) * self.span(), hz)
    }
}

fn pass(world: &mut World, secs: f64) {
    let step = Duration::from_secs_f64(secs);
    world.insert_resource(TimeUpdateStrategy::ManualDuration(step));
}

#[track_caller]
fn assert_stays(what: &str, now: f64, before: f64, pixel: f64) {
    let off = (now - before).abs() / pixel;
    assert!(off <= 1.0, "{what}: {off:.2} pixels off");
}

#[test]
fn what_is_under_the_pointer_stays_there() {
    let mut hands = Hands::new();

    // The wheel over the lanes, from ten seconds down to the shortest span and back.
    let at = hands.lanes(0.37);
    hands.point(at);
    hands.frames(2);
    let frame = hands.frame_on_lanes(at);
    let mut clicks = 0;
    while hands.span() > 10.1 {
        hands.wheel(1.0);
        clicks += 1;
        for _ in 0..4 {
            hands.frames(1);
            let (now, pixel) = (hands.frame_on_lanes(at), hands.lane_pixel());
            assert_stays("wheel over the lanes", now, frame, pixel);
        }
        assert!(clicks < 80);
    }
    hands.come_to_rest();
    assert!(clicks > 35, "{clicks}");
    for _ in 0..clicks {
        hands.wheel(-1.0);
        hands.frames(2);
    }
    hands.come_to_rest();
    // All there is: longer than where it began.
    assert!(hands.span() > 10.0 * f64::from(RATE) && hands.span() <= END);

    // Over each of the surfaces, time, and with Ctrl the frequency.
    for (number, frequency, time) in [(0, 0.3, 0.4), (1, 0.8, 0.75)] {
        hands.set_view(10.0, 20.0);
        let at = hands.surface(number, frequency, time);
        hands.point(at);
        hands.frames(2);
        let [(frame, _), (hz, _)] = hands.on_surface(number, at);
        for turn in [1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 1.0] {
            hands.wheel(turn);
            for _ in 0..10 {
                hands.frames(1);
                let [(now, pixel), (hz_now, _)] = hands.on_surface(number, at);
                assert_stays("wheel over a surface", now, frame, pixel);
                assert!((hz_now / hz - 1.0).abs() < 1e-6);
            }
        }
        hands.come_to_rest();
        assert!(hands.span() < 3.5 * f64::from(RATE), "it zoomed");
        hands.key(KeyCode::ControlLeft, ButtonState::Pressed);
        let span = hands.span();
        let [(frame, _), (hz, _)] = hands.on_surface(number, at);
        for _ in 0..6 {
            hands.wheel(1.0);
            for _ in 0..10 {
                hands.frames(1);
                let [(frame_now, _), (now, pixel)] = hands.on_surface(number, at);
                assert_stays("Ctrl and wheel", now, hz, pixel);
                assert!((frame_now - frame).abs() < 1e-3);
            }
        }
        hands.key(KeyCode::ControlLeft, ButtonState::Released);
        hands.come_to_rest();
        let settings = hands.get::<ViewSettings>();
        let (low, high) = (settings.low_hz.unwrap(), settings.high_hz.unwrap());
        assert!(high / low < 4.0, "{low} to {high} Hz");
        assert_eq!(hands.span(), span);
    }
}

#[test]
fn what_is_held_follows_the_hand_and_goes_on_when_it_is_let_go() {
    let mut hands = Hands::new();
    let from = hands.lanes(0.6);
    hands.point(from);
    hands.frames(2);
    let frame = hands.frame_on_lanes(from);
    hands.button(MouseButton::Left, ButtonState::Pressed);
    let mut at = from;
    for _ in 0..20 {
        at.x -= 6.0;
        hands.point(at);
        hands.frames(1);
        let (now, pixel) = (hands.frame_on_lanes(at), hands.lane_pixel());
        assert_stays("drag of the lanes", now, frame, pixel);
    }
    // Let go while it moves: it goes on and comes to rest.
    let head = hands.head();
    hands.button(MouseButton::Left, ButtonState::Released);
    hands.come_to_rest();
    assert!(
        hands.head() > head + 20.0 * hands.lane_pixel(),
        "no inertia"
    );

    // Where reduced motion is asked for it stands still.
    hands.set_view(10.0, 20.0);
    let world = hands.screen.world_mut();
    world.resource_mut::<ProgramSettings>().reduced_motion = true;
    hands.point(from);
    hands.frames(30);
    hands.button(MouseButton::Left, ButtonState::Pressed);
    for step in 1..=20 {
        hands.point(from - Vec2::new(6.0 * step as f32, 0.0));
        hands.frames(1);
    }
    let head = hands.head();
    hands.button(MouseButton::Left, ButtonState::Released);
    hands.frames(60);
    assert_eq!(hands.head(), head);

    // A surface, through time and frequency at once.
    hands.set_view(10.0, 20.0);
    hands.frames(30);
    let centre = hands.surface(0, 0.5, 0.5);
    hands.point(centre);
    hands.frames(2);
    hands.key(KeyCode::ControlLeft, ButtonState::Pressed);
    for _ in 0..5 {
        hands.wheel(1.0);
        hands.frames(1);
    }
    hands.key(KeyCode::ControlLeft, ButtonState::Released);
    hands.come_to_rest();
    let [(frame, _), (hz, _)] = hands.on_surface(0, centre);
    hands.button(MouseButton::Left, ButtonState::Pressed);
    let mut at = centre;
    for _ in 0..12 {
        at += Vec2::new(2.0, -1.0);
        hands.point(at);
        hands.frames(1);
        let [(frame_now, frame_pixel), (hz_now, hz_pixel)] = hands.on_surface(0, at);
        assert_stays("drag of a surface, time", frame_now, frame, frame_pixel);
        assert_stays("drag of a surface, frequency", hz_now, hz, hz_pixel);
    }
    hands.button(MouseButton::Left, ButtonState::Released);

    // Two clicks at once come four times as near.
    hands.set_view(10.0, 20.0);
    hands.point(from);
    hands.frames(60);
    for _ in 0..2 {
        hands.button(MouseButton::Left, ButtonState::Pressed);
        hands.button(MouseButton::Left, ButtonState::Released);
    }
    hands.come_to_rest();
    assert!((hands.span() / f64::from(RATE) - 2.5).abs() < 0.01);
}

#[test]
fn fingers_hold_the_sound_and_zoom_it() {
    let mut hands = Hands::new();
    let from = hands.lanes(0.5);
    let frame = hands.frame_on_lanes(from);
    hands.finger(1, TouchPhase::Started, from);
    hands.frames(2);
    let mut at = from;
    for _ in 0..10 {
        at.x += 5.0;
        hands.finger(1, TouchPhase::Moved, at);
        hands.frames(1);
        let (now, pixel) = (hands.frame_on_lanes(at), hands.lane_pixel());
        assert_stays("a finger", now, frame, pixel);
    }
    hands.frames(10);
    hands.finger(1, TouchPhase::Ended, at);
    hands.frames(2);
    hands.come_to_rest();

    // Twice as far apart is twice as near, and both stay at what they are on.
    hands.set_view(10.0, 20.0);
    let mut two = [hands.lanes(0.4), hands.lanes(0.5)];
    for (id, at) in (1..).zip(two) {
        hands.finger(id, TouchPhase::Started, at);
    }
    hands.frames(2);
    let frames = two.map(|at| hands.frame_on_lanes(at));
    let apart = two[1].x - two[0].x;
    while two[1].x - two[0].x < 2.0 * apart {
        two[0].x -= 1.0;
        two[1].x += 1.0;
        for (id, at) in (1..).zip(two) {
            hands.finger(id, TouchPhase::Moved, at);
        }
        hands.frames(1);
    }
    hands.frames(60);
    for (at, frame) in two.into_iter().zip(frames) {
        let (now, pixel) = (hands.frame_on_lanes(at), hands.lane_pixel());
        assert!((now - frame).abs() < 3.0 * pixel, "{now} for {frame}");
    }
    assert!((hands.span() / f64::from(RATE) - 5.0).abs() < 0.1);
    for (id, at) in (1..).zip(two) {
        hands.finger(id, TouchPhase::Ended, at);
    }
    hands.frames(2);

    // Beside the surfaces a finger turns the scene.
    let before = hands.camera().1;
    let scene = hands.get::<ViewArea>().scene.as_rect();
    let corner = scene.min + Vec2::new(0.6, 0.04) * scene.size();
    hands.finger(3, TouchPhase::Started, corner);
    hands.frames(2);
    for step in 1..=10 {
        let at = corner + Vec2::new(6.0 * step as f32, 0.0);
        hands.finger(3, TouchPhase::Moved, at);
        hands.frames(1);
    }
    hands.finger(3, TouchPhase::Ended, corner + Vec2::new(60.0, 0.0));
    hands.frames(60);
    let turned = before.rotation().angle_between(hands.camera().1.rotation());
    assert!(turned > 0.1, "{turned}");
}

#[test]
fn the_camera_turns_comes_nearer_and_goes_home() {
    let mut hands = Hands::new();
    let home = hands.camera().1;
    let at = hands.surface(0, 0.5, 0.5);
    hands.point(at);
    hands.frames(2);
    hands.button(MouseButton::Right, ButtonState::Pressed);
    // Far down: never under the ground.
    for step in 1..=60 {
        hands.point(at + Vec2::new(3.0 * step as f32, -12.0 * step as f32));
        hands.frames(1);
        assert!(hands.camera().1.translation().y > -1.0);
    }
    hands.button(MouseButton::Right, ButtonState::Released);
    hands.point(at);
    hands.key(KeyCode::AltLeft, ButtonState::Pressed);
    for _ in 0..100 {
        hands.wheel(1.0);
        hands.frames(1);
    }
    hands.key(KeyCode::AltLeft, ButtonState::Released);
    hands.frames(120);
    let away = hands.camera().1;
    assert!(away.translation().is_finite());
    assert!(away.translation().distance(home.translation()) > 1.0);
    assert_eq!(hands.span(), 10.0 * f64::from(RATE), "the sound stays");
    hands.stroke(&[KeyCode::Digit0]);
    hands.frames(180);
    let back = hands.camera().1;
    let off = back.translation().distance(home.translation());
    assert!(off < 0.02, "{off} from home");
}

/// Pixels that differ between two pictures, as a part of all.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    let pairs = one.chunks_exact(4).zip(other.chunks_exact(4));
    let differ = pairs.filter(|(a, b)| a != b).count();
    differ as f64 / (one.len() / 4) as f64
}

/// Without any other input: nothing else may be needed for it to be seen.
#[test]
fn the_sheet_of_keys_is_drawn_and_goes_again() {
    let mut hands = Hands::new();
    hands.frames(30);
    let plain = hands.screen.picture().unwrap().1;
    for name in ["?", "F1"] {
        hands.stroke(&codes(name));
        hands.frames(3);
        let shown = hands.screen.picture().unwrap().1;
        let part = difference(&plain, &shown);
        assert!(part > 0.2, "{name}: {part} of the picture is the sheet");
        hands.stroke(&[KeyCode::Escape]);
        hands.frames(3);
        let gone = hands.screen.picture().unwrap().1;
        let part = difference(&plain, &gone);
        assert!(part < 0.01, "{name}: {part} of it stays");
    }
}

/// The keys of a keyboard by the names of the sheet.
fn codes(name: &str) -> Vec<KeyCode> {
    let (control, name) = match name.strip_prefix("Ctrl+") {
        Some(name) => (Some(KeyCode::ControlLeft), name),
        None => (None, name),
    };
    let key = match name {
        "Tab" => KeyCode::Tab,
        "F1" => KeyCode::F1,
        "F3" => KeyCode::F3,
        "?" => KeyCode::Slash,
        "+" => KeyCode::Equal,
        "-" => KeyCode::Minus,
        "0" => KeyCode::Digit0,
        "Space" => KeyCode::Space,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "Left" => KeyCode::ArrowLeft,
        "Right" => KeyCode::ArrowRight,
        "Up" => KeyCode::ArrowUp,
        "Down" => KeyCode::ArrowDown,
        "A" => KeyCode::KeyA,
        "C" => KeyCode::KeyC,
        "D" => KeyCode::KeyD,
        "G" => KeyCode::KeyG,
        "H" => KeyCode::KeyH,
        "L" => KeyCode::KeyL,
        "M" => KeyCode::KeyM,
        "P" => KeyCode::KeyP,
        "Q" => KeyCode::KeyQ,
        "S" => KeyCode::KeyS,
        "W" => KeyCode::KeyW,
        "Z" => KeyCode::KeyZ,
        other => panic!("{other}: a key that this test does not know"),
    };
    control.into_iter().chain([key]).collect()
}

#[test]
fn every_key_of_the_sheet_does_what_it_says() {
    let mut hands = Hands::new();
    let rate = f64::from(RATE);
    for shortcut in &SHORTCUTS {
        for name in shortcut.keys() {
            hands.set_view(10.0, 20.0);
            let world = hands.screen.world_mut();
            let mut settings = world.get_mut::<ViewSettings>(hands.view).unwrap();
            (settings.low_hz, settings.high_hz) = (Some(200.0), Some(400.0));
            hands.frames(2);
            let before = (
                hands.head(),
                hands.span(),
                hands.get::<ViewSettings>().clone(),
                hands.get::<InstrumentChoice>().shown,
                hands.screen.world().resource::<ProgramSettings>().clone(),
            );
            let (head, span, settings, shown, program) = before;
            hands.stroke(&codes(name));
            if !matches!(shortcut.action, Action::Move(Motion::FreezeOrPlay)) {
                hands.come_to_rest();
            }
            let now = hands.get::<ViewSettings>().clone();
            let program_now = hands.screen.world().resource::<ProgramSettings>().clone();
            let low = now.low_hz.unwrap_or(0.0);
            let fine = match shortcut.action {
                Action::TogglePanel => program_now.panel != program.panel,
                Action::ToggleOverlay => program_now.overlay != program.overlay,
                Action::NextColormap => now.colormap != settings.colormap,
                Action::ToggleInstrument(one) => {
                    hands.get::<InstrumentChoice>().shown.has(one) != shown.has(one)
                }
                Action::Move(motion) => match motion {
                    Motion::Back => hands.head() < head - 0.05 * span && hands.span() == span,
                    Motion::On => hands.head() > head + 0.05 * span && hands.span() == span,
                    Motion::Higher => low > 201.0,
                    Motion::Lower => low < 199.0,
                    Motion::Nearer => hands.span() < 0.9 * span,
                    Motion::Wider => hands.span() > 1.1 * span,
                    Motion::Oldest => (hands.head() - span).abs() < 1.0,
                    Motion::Newest => (hands.head() - END).abs() < 1.0,
                    Motion::All => (hands.span() - END).abs() < 1.0,
                    Motion::FreezeOrPlay => {
                        hands.frames(60);
                        let played = (hands.head() - head) / rate;
                        hands.stroke(&codes(name));
                        let stood = hands.head();
                        hands.frames(30);
                        assert_eq!(hands.head(), stood, "{name}: it plays on");
                        (0.9..1.2).contains(&played)
                    }
                },
                Action::Quit => hands.quit,
                // The sheet and the camera have tests of their own, above.
                Action::ToggleKeys | Action::HomeCamera => true,
            };
            assert!(fine, "{name}: {} ({now:?})", shortcut.help);
            let quits = shortcut.action == Action::Quit;
            assert_eq!(hands.quit, quits, "{name}");
        }
    }
}
