//! Runs the display in a window.

use std::any::Any;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, anyhow};
use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};
use soundfall_plugins::host::Graphics;
use soundfall_systems::stream::Stream;

use crate::exit;
use crate::held_back::HeldBack;
use crate::output::Output;
use crate::stats::own_memory_mb;
use crate::stop::Stop;

use super::{DisplayReport, ShowOptions, Upstream, build, note_failure, save_png};

/// How long the picture at the end is waited for: a window that is hidden may never be drawn.
const PICTURE_TIMEOUT_SECS: f64 = 10.0;

/// What is handed out of the app, which is gone when its run returns.
#[derive(Resource, Clone, Default)]
struct Handed {
    report: Arc<Mutex<DisplayReport>>,
    picture: Arc<Mutex<Option<Result<PathBuf>>>>,
    missing_picture: Arc<Mutex<Option<anyhow::Error>>>,
}

/// What the run does besides showing.
#[derive(Resource)]
struct RunState {
    options: ShowOptions,
    stop: Stop,
    /// Seconds of the run when its end began.
    ending_since: Option<f64>,
    seconds_reported: u32,
    pictures_taken: u32,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn run(
    stream: Stream,
    options: &ShowOptions,
    graphics: &Graphics,
    upstream: &Upstream,
) -> Result<DisplayReport> {
    let handed = Handed::default();
    let held_back = HeldBack::begin();
    let mut app = or_no_window(|| build(stream, upstream.switch.as_ref(), options, graphics))?;
    app.insert_resource(Starting(held_back))
        .add_systems(Startup, |mut commands: Commands| {
            commands.remove_resource::<Starting>();
        });
    app.insert_resource(handed.clone())
        .insert_resource(RunState {
            options: options.clone(),
            stop: upstream.stop.clone(),
            ending_since: None,
            seconds_reported: 0,
            pictures_taken: 0,
        })
        .add_systems(Update, (take_numbered, end_in_time).chain())
        .add_systems(Last, hand_out);
    if let AppExit::Error(code) = app.run() {
        return Err(DisplayEnded(code.get()).into());
    }
    (upstream.end)();
    let mut report = std::mem::take(&mut *locked(&handed.report));
    report.missing_picture = locked(&handed.missing_picture).take();
    report.picture = locked(&handed.picture)
        .take()
        .or_else(|| options.snapshot.as_ref().map(none_taken));
    Ok(report)
}

/// What became of a picture that was asked for and not taken.
fn none_taken(output: &Output) -> Result<PathBuf> {
    Err(anyhow!(
        "no picture at {}: the window was closed before the end of the run; let --seconds or Ctrl+C end it",
        output.path().display()
    ))
}

/// The words of libraries are held back until graphics are there.
#[derive(Resource)]
struct Starting(#[expect(dead_code, reason = "kept until it is dropped")] HeldBack);

/// The display server answered and there is no window all the same.
#[derive(Debug)]
pub struct NoWindow(String);

impl fmt::Display for NoWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no window: {}", self.0)
    }
}

impl std::error::Error for NoWindow {}

/// The display broke off while it ran, as when its server goes away. The sound is another matter.
#[derive(Debug)]
pub struct DisplayEnded(pub u8);

impl fmt::Display for DisplayEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(code) = self;
        write!(
            f,
            "the display ended with an error (code {code}); -v shows more"
        )
    }
}

impl std::error::Error for DisplayEnded {}

/// Builds a display with a window. The window library's plugin knows no other error than a panic, which is told as
/// one here and not printed.
fn or_no_window(build: impl FnOnce() -> App) -> Result<App, NoWindow> {
    let before: Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync> =
        Arc::from(panic::take_hook());
    let (others, this) = (Arc::clone(&before), std::thread::current().id());
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != this {
            others(info);
        }
    }));
    let built = panic::catch_unwind(AssertUnwindSafe(build));
    panic::set_hook(Box::new(move |info| before(info)));
    built.map_err(|payload| NoWindow(words(&*payload)))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("the display server refused").to_owned()
}

/// Keeps the figures outside the app fresh, and tells them once a second where asked to.
fn hand_out(world: &mut World, mut frame: Local<u32>) {
    *frame = frame.wrapping_add(1);
    let leaving = world
        .get_resource::<Messages<AppExit>>()
        .is_some_and(|messages| !messages.is_empty());
    let elapsed = world.resource::<Time<Real>>().elapsed_secs_f64();
    let reported = world.resource::<RunState>().seconds_reported;
    let report_due = elapsed >= f64::from(reported + 1);
    if !(leaving || report_due || frame.is_multiple_of(15)) {
        return;
    }
    let report = DisplayReport::of(world);
    if report_due {
        own_memory_mb();
        let mut state = world.resource_mut::<RunState>();
        state.seconds_reported = elapsed as u32;
        if state.options.talk {
            exit::say(report.line(elapsed));
        }
    }
    *locked(&world.resource::<Handed>().report) = report;
}

/// Pictures on the way.
fn take_numbered(
    mut commands: Commands,
    time: Res<Time<Real>>,
    handed: Res<Handed>,
    mut state: ResMut<RunState>,
) {
    let Some((every, output)) = state.options.numbered.clone() else {
        return;
    };
    if time.elapsed_secs_f64() < every * f64::from(state.pictures_taken + 1) {
        return;
    }
    state.pictures_taken += 1;
    let output = output.numbered(state.pictures_taken);
    let failure = handed.missing_picture.clone();
    commands.spawn(Screenshot::primary_window()).observe(
        move |captured: On<ScreenshotCaptured>| {
            if let Err(error) = save(&captured.image, &output) {
                note_failure(&mut locked(&failure), error);
            }
        },
    );
}

fn end_in_time(
    mut commands: Commands,
    time: Res<Time<Real>>,
    handed: Res<Handed>,
    mut state: ResMut<RunState>,
    mut exit: MessageWriter<AppExit>,
) {
    let now = time.elapsed_secs_f64();
    if let Some(since) = state.ending_since {
        if state.stop.insisted() || now - since > PICTURE_TIMEOUT_SECS {
            let output = state.options.snapshot.as_ref();
            let place = output.map_or_else(String::new, |to| to.path().display().to_string());
            locked(&handed.picture).get_or_insert_with(|| {
                Err(anyhow!(
                    "no picture at {place}: the window was not drawn any more"
                ))
            });
            exit.write(AppExit::Success);
        }
        return;
    }
    let over = state.stop.asked() || state.options.seconds.is_some_and(|seconds| now >= seconds);
    if !over {
        return;
    }
    state.ending_since = Some(now);
    let Some(output) = state.options.snapshot.clone() else {
        exit.write(AppExit::Success);
        return;
    };
    let slot = handed.picture.clone();
    commands.spawn(Screenshot::primary_window()).observe(
        move |captured: On<ScreenshotCaptured>, mut exit: MessageWriter<AppExit>| {
            let saved = save(&captured.image, &output);
            *locked(&slot) = Some(saved.map(|()| output.path().to_owned()));
            exit.write(AppExit::Success);
        },
    );
}

fn save(picture: &Image, output: &Output) -> Result<()> {
    let size = UVec2::new(picture.width(), picture.height());
    let rgba = picture.clone().try_into_dynamic()?.to_rgba8();
    save_png(output, size, &rgba)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::output::Files;
    use std::time::Duration;

    /// A run of one second with a picture at its end that is never drawn.
    fn never_drawn(stop: &Stop) -> World {
        let dir = tempfile::tempdir().unwrap();
        let picture = dir.path().join("picture.png");
        let mut world = World::new();
        world.init_resource::<Time<Real>>();
        world.init_resource::<Handed>();
        world.init_resource::<Messages<AppExit>>();
        world.insert_resource(RunState {
            options: ShowOptions {
                analysis: Default::default(),
                view: Default::default(),
                follow: Default::default(),
                instruments: Default::default(),
                program: Default::default(),
                size: UVec2::splat(64),
                headless: false,
                draw: false,
                seconds: Some(1.0),
                snapshot: Some(Files::new(false).picture("--snapshot", &picture).unwrap()),
                numbered: None,
                changes: Vec::new(),
                talk: false,
            },
            stop: stop.clone(),
            ending_since: None,
            seconds_reported: 0,
            pictures_taken: 0,
        });
        world
    }

    /// A frame so many seconds later; true if it is the last one.
    fn frame(world: &mut World, secs: f64) -> bool {
        let mut time = world.resource_mut::<Time<Real>>();
        time.advance_by(Duration::from_secs_f64(secs));
        world.run_system_cached(end_in_time).unwrap();
        !world.resource::<Messages<AppExit>>().is_empty()
    }

    fn picture(world: &World) -> Option<String> {
        let taken = locked(&world.resource::<Handed>().picture).take();
        taken.map(|taken| taken.unwrap_err().to_string())
    }

    #[test]
    fn a_picture_that_is_never_drawn_is_given_up() {
        let mut world = never_drawn(&Stop::default());
        assert!(!frame(&mut world, 0.5));
        assert!(!frame(&mut world, 0.6));
        assert!(!frame(&mut world, 9.9));
        assert_eq!(picture(&world), None);
        assert!(frame(&mut world, 0.2));
        let said = picture(&world).unwrap();
        assert!(
            said.contains("picture.png: the window was not drawn"),
            "{said}"
        );
    }

    #[test]
    fn a_second_signal_ends_the_wait() {
        let stop = Stop::default();
        let mut world = never_drawn(&stop);
        assert!(!frame(&mut world, 0.1));
        stop.ask();
        assert!(!frame(&mut world, 0.1));
        assert!(!frame(&mut world, 0.1));
        stop.ask();
        assert!(frame(&mut world, 0.1));
        assert!(picture(&world).is_some());
    }

    #[test]
    fn a_window_that_is_closed_leaves_no_picture_and_that_is_said() {
        let world = never_drawn(&Stop::default());
        let output = world.resource::<RunState>().options.snapshot.clone();
        let said = none_taken(&output.unwrap()).unwrap_err().to_string();
        assert!(
            said.contains("picture.png: the window was closed"),
            "{said}"
        );
    }
}
