//! The display: in a window, or off-screen with pictures and figures. Sets up the app and runs
//! it; what happens in it is the plugins' business.

mod headless;
mod size;
mod still;
mod window;

use anyhow::{Context, Error, Result};
use bevy::prelude::{App, Msaa, UVec2};
use soundfall_capture::CaptureStats;
use soundfall_plugins::{
    ProgramPlugins, SoundfallPlugins,
    host::{self, Graphics, Target, add_base, write_png},
};
use soundfall_systems::{
    analysis::{Analysis, AnalysisOf, AnalysisSettings},
    instruments::InstrumentChoice,
    stream::{SourceSwitch, Stream},
    view::{Follow, ProgramSettings, TimeWindow, View, ViewOf, ViewSettings},
};

use crate::changes::{self, Change};
use crate::held_back::HeldBack;
use crate::output::Output;
use crate::report::DisplayReport;
use crate::stop::Stop;

pub use still::render_still;
pub use window::{DisplayEnded, NoWindow};

/// How a run is shown.
#[derive(Clone, Debug)]
pub struct ShowOptions {
    /// What is analysed.
    pub analysis: AnalysisSettings,
    /// What is seen.
    pub view: ViewSettings,
    /// How its front edge moves.
    pub follow: Follow,
    /// What is measured beside it.
    pub instruments: InstrumentChoice,
    /// Panel and overlay.
    pub program: ProgramSettings,
    /// Size of window or picture, physical pixels.
    pub size: UVec2,
    /// No window.
    pub headless: bool,
    /// Draw every frame, off-screen too.
    pub draw: bool,
    /// End after this many seconds.
    pub seconds: Option<f64>,
    /// A picture at the end.
    pub snapshot: Option<Output>,
    /// A picture every so many seconds, numbered.
    pub numbered: Option<(f64, Output)>,
    /// Changes while it runs.
    pub changes: Vec<Change>,
    /// A line of figures a second on stderr.
    pub talk: bool,
}

/// Runs the display until it is closed or its time is over.
///
/// # Errors
/// [`NoWindow`] where it could be shown without one; whatever else keeps it from starting, or a picture from being
/// saved.
pub fn show(
    stream: Stream,
    options: &ShowOptions,
    graphics: &Graphics,
    upstream: &Upstream,
) -> Result<DisplayReport> {
    if options.headless {
        size::check(options.size, options.program.smooth, graphics)?;
        headless::run(stream, options, graphics, upstream)
    } else {
        window::run(stream, options, graphics, upstream)
    }
}

/// What a run knows of the capture side.
pub struct Upstream {
    /// The user asked for the end (Ctrl-C).
    pub stop: Stop,
    /// Changes the source, where this process captures.
    pub switch: Option<SourceSwitch>,
    /// Ends the capture, so that the ring stands still.
    pub end: Box<dyn Fn()>,
    /// Numbers of the capture, where this process captures.
    pub captured: Option<Box<dyn Fn() -> CaptureStats>>,
}

/// Says why a picture on the way was not saved; the first reason is kept for the end of the run.
fn note_failure(first: &mut Option<Error>, error: Error) {
    crate::exit::say(format!("{error:#}"));
    first.get_or_insert(error);
}

/// Looks for a graphics adapter.
///
/// # Errors
/// The system does not let a display start its threads.
pub fn find_graphics() -> Result<Graphics> {
    host::check_threads()?;
    let _held_back = HeldBack::begin();
    Ok(host::find_graphics())
}

/// Saves a drawn picture.
fn save_png(output: &Output, size: UVec2, rgba: &[u8]) -> Result<()> {
    let mut file = output.create()?;
    write_png(&mut file, size, rgba).with_context(|| output.fail())?;
    file.finish()
}

/// An app that shows one view of a stream.
fn build(
    stream: Stream,
    switch: Option<&SourceSwitch>,
    options: &ShowOptions,
    graphics: &Graphics,
) -> App {
    let mut app = App::new();
    let title = format!("soundfall \u{2014} {}", stream.name);
    let window = (!options.headless).then_some(title.as_str());
    add_base(&mut app, window, options.size, graphics);
    if !size::is_smooth(options.program.smooth, options.size) {
        app.world_mut().resource_mut::<Target>().msaa = Msaa::Off;
    }
    let mut program = options.program.clone();
    // Without a window the controls cannot be used.
    program.panel &= !options.headless;
    app.insert_resource(program)
        .add_plugins((SoundfallPlugins::default(), ProgramPlugins));
    let world = app.world_mut();
    let stream = world.spawn(stream).id();
    if let Some(switch) = switch {
        world.entity_mut(stream).insert(switch.clone());
    }
    let analysis = (Analysis, AnalysisOf(stream), options.analysis.clone());
    let analysis = world.spawn(analysis).id();
    world.spawn((
        View,
        ViewOf(analysis),
        options.view.clone(),
        TimeWindow {
            follow: options.follow,
        },
        options.instruments.clone(),
    ));
    changes::add(&mut app, options.changes.clone());
    app
}
