//! Runs the display in a window.

use std::any::Any;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
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

use super::{DisplayReport, ShowOptions, Upstream, build, save_png};

/// What is handed out of the app, which is gone when its run returns.
#[derive(Resource, Clone, Default)]
struct Handed {
    report: Arc<Mutex<DisplayReport>>,
    picture: Arc<Mutex<Option<Result<PathBuf>>>>,
}

/// What the run does besides showing.
#[derive(Resource)]
struct RunState {
    options: ShowOptions,
    stop: Stop,
    ending: bool,
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
            ending: false,
            seconds_reported: 0,
            pictures_taken: 0,
        })
        .add_systems(Update, (take_numbered, end_in_time).chain())
        .add_systems(Last, hand_out);
    let exit = app.run();
    (upstream.end)();
    if let AppExit::Error(code) = exit {
        anyhow::bail!("the display ended with an error (code {code}); -v shows more");
    }
    let mut report = std::mem::take(&mut *locked(&handed.report));
    report.picture = locked(&handed.picture).take();
    Ok(report)
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
fn take_numbered(mut commands: Commands, time: Res<Time<Real>>, mut state: ResMut<RunState>) {
    let Some((every, output)) = state.options.numbered.clone() else {
        return;
    };
    if time.elapsed_secs_f64() < every * f64::from(state.pictures_taken + 1) {
        return;
    }
    state.pictures_taken += 1;
    let output = output.numbered(state.pictures_taken);
    commands.spawn(Screenshot::primary_window()).observe(
        move |captured: On<ScreenshotCaptured>| {
            if let Err(error) = save(&captured.image, &output) {
                exit::say(format!("{error:#}"));
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
    let over = state.stop.asked()
        || state
            .options
            .seconds
            .is_some_and(|seconds| time.elapsed_secs_f64() >= seconds);
    if !over || state.ending {
        return;
    }
    state.ending = true;
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
