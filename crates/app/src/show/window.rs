//! Runs the display in a window.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};
use soundfall_plugins::host::{Graphics, write_png};
use soundfall_systems::source::Source;

use crate::stop::Stop;

use super::{DisplayReport, ShowOptions, Upstream, build};

/// Figures handed out of the app, which is gone when its run returns.
#[derive(Resource, Clone, Default)]
struct Handed(Arc<Mutex<DisplayReport>>);

/// What ends the run.
#[derive(Resource)]
struct Ending {
    seconds: Option<f64>,
    snapshot: Option<PathBuf>,
    asked: bool,
    stop: Stop,
    failed: Arc<Mutex<Option<String>>>,
}

pub(super) fn run(
    source: Source,
    options: &ShowOptions,
    graphics: &Graphics,
    upstream: &Upstream,
) -> Result<DisplayReport> {
    let handed = Handed::default();
    let failed: Arc<Mutex<Option<String>>> = Arc::default();
    let mut app = build(source, options, graphics);
    app.insert_resource(handed.clone())
        .insert_resource(Ending {
            seconds: options.seconds,
            snapshot: options.snapshot.clone(),
            asked: false,
            stop: upstream.stop.clone(),
            failed: failed.clone(),
        })
        .add_systems(Update, end_in_time)
        .add_systems(Last, hand_out);
    if let Some(control) = &upstream.control {
        app.insert_resource(control.clone());
    }
    let exit = app.run();
    (upstream.end)();
    if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        anyhow::bail!(error);
    }
    if let AppExit::Error(code) = exit {
        anyhow::bail!("the display ended with an error (code {code}); -v shows more");
    }
    Ok(handed
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone())
}

/// Keeps the figures outside the app fresh: four times a second is enough, and at the end.
fn hand_out(world: &mut World, mut frame: Local<u32>) {
    *frame = frame.wrapping_add(1);
    let leaving = world
        .get_resource::<Messages<AppExit>>()
        .is_some_and(|messages| !messages.is_empty());
    if leaving || frame.is_multiple_of(15) {
        let report = DisplayReport::of(world);
        let handed = world.resource::<Handed>();
        *handed.0.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }
}

fn end_in_time(
    mut commands: Commands,
    time: Res<Time<Real>>,
    mut ending: ResMut<Ending>,
    mut exit: MessageWriter<AppExit>,
) {
    let over = ending.stop.asked()
        || ending
            .seconds
            .is_some_and(|seconds| time.elapsed_secs_f64() >= seconds);
    if !over || ending.asked {
        return;
    }
    ending.asked = true;
    let Some(path) = ending.snapshot.clone() else {
        exit.write(AppExit::Success);
        return;
    };
    let failed = ending.failed.clone();
    commands.spawn(Screenshot::primary_window()).observe(
        move |captured: On<ScreenshotCaptured>, mut exit: MessageWriter<AppExit>| {
            let picture = &captured.image;
            let size = UVec2::new(picture.width(), picture.height());
            let saved = match picture.clone().try_into_dynamic() {
                Ok(image) => write_png(&path, size, &image.to_rgba8()).map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = saved {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            exit.write(AppExit::Success);
        },
    );
}
