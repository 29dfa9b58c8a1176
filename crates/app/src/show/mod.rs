//! The display: in a window, or off-screen with pictures and figures. Sets up the app and runs
//! it; what happens in it is the plugins' business.

mod headless;
mod still;
mod window;

use std::path::{Path, PathBuf};

use anyhow::Result;
use bevy::prelude::{App, UVec2};
use soundfall_plugins::{
    SoundfallPlugins,
    host::{Graphics, add_base},
};
use soundfall_systems::{
    analysis::AnalysisSettings,
    instruments::InstrumentChoice,
    stream::{Control, Source},
    view::View,
};

use crate::changes::{self, Change};
use crate::report::DisplayReport;
use crate::stop::Stop;

pub use still::{Still, render_still};

/// How a run is shown.
#[derive(Clone, Debug)]
pub struct ShowOptions {
    /// What is analysed.
    pub analysis: AnalysisSettings,
    /// What is seen.
    pub view: View,
    /// What is measured beside it.
    pub instruments: InstrumentChoice,
    /// Size of window or picture, physical pixels.
    pub size: UVec2,
    /// No window.
    pub headless: bool,
    /// Draw every frame, off-screen too.
    pub draw: bool,
    /// End after this many seconds.
    pub seconds: Option<f64>,
    /// A picture at the end.
    pub snapshot: Option<PathBuf>,
    /// A picture every so many seconds, numbered.
    pub snapshot_every_secs: Option<f64>,
    /// Changes while it runs.
    pub changes: Vec<Change>,
    /// A line of figures a second on stderr.
    pub talk: bool,
}

/// Runs the display until it is closed or its time is over.
///
/// # Errors
/// Whatever keeps it from starting, or a picture from being saved.
pub fn show(
    source: Source,
    options: &ShowOptions,
    graphics: &Graphics,
    upstream: &Upstream,
) -> Result<DisplayReport> {
    if options.headless {
        headless::run(source, options, graphics, upstream)
    } else {
        window::run(source, options, graphics, upstream)
    }
}

/// What a run knows of the capture side.
pub struct Upstream {
    /// The user asked for the end (Ctrl-C).
    pub stop: Stop,
    /// Changes the source, where this process captures.
    pub control: Option<Control>,
    /// Ends the capture, so that the ring stands still.
    pub end: Box<dyn Fn()>,
}

/// The path of a picture on the way: `out.png` becomes `out-0001.png`.
fn numbered(path: Option<&Path>, number: u32) -> PathBuf {
    let path = path.unwrap_or(Path::new("soundfall.png"));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number:04}.png"))
}

/// An app with everything in it.
fn build(source: Source, options: &ShowOptions, graphics: &Graphics) -> App {
    let mut app = App::new();
    let title = format!("soundfall \u{2014} {}", source.name);
    let window = (!options.headless).then_some(title.as_str());
    add_base(&mut app, window, options.size, graphics);
    app.insert_resource(options.analysis.clone())
        .insert_resource(options.view.clone())
        .insert_resource(options.instruments.clone())
        .insert_resource(source)
        .add_plugins(SoundfallPlugins);
    changes::add(&mut app, options.changes.clone());
    app
}
