//! One picture of samples that are already there, drawn off-screen.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bevy::{prelude::App, time::TimeUpdateStrategy};
use soundfall_analysis::Recording;
use soundfall_plugins::host::{Graphics, Headless};
use soundfall_systems::stream::{SourceProbe, Stream};

use super::{ShowOptions, build, headless::settle, save_png, size};
use crate::held_back::HeldBack;
use crate::output::Output;

/// The probe of a still: complete, and at its end nothing is said of that.
struct Finished;

impl SourceProbe for Finished {
    fn lost_frames(&self) -> Option<u64> {
        Some(0)
    }

    fn ended(&self) -> bool {
        false
    }

    fn trouble(&self) -> Option<String> {
        None
    }
}

/// Draws the end of a recording and saves it as PNG.
///
/// # Errors
/// No adapter, too little memory, or a file that cannot be written.
pub fn render_still(
    recording: Recording,
    name: String,
    options: &ShowOptions,
    graphics: &Graphics,
    out: &Output,
) -> Result<()> {
    size::check(options.size, options.program.smooth, graphics)?;
    let stream = Stream {
        history: Arc::new(recording),
        name,
        probe: Some(Arc::new(Finished)),
    };
    let held_back = HeldBack::begin();
    let mut app: App = build(stream, None, options, graphics);
    // Time stands still, so that the same samples always give the same picture.
    app.insert_resource(TimeUpdateStrategy::ManualDuration(
        std::time::Duration::ZERO,
    ));
    let mut display = Headless::new(app, false);
    drop(held_back);
    if !settle(&mut display, None) {
        bail!("the analysis came to a standstill; no picture was drawn");
    }
    let (size, rgba) = display.picture()?;
    save_png(out, size, &rgba).context("the picture was drawn but not saved")
}
