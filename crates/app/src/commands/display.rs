//! Shared by `live` and `view`: where to draw, and the output at the end.

use std::time::Instant;

use anyhow::Result;
use bevy::prelude::UVec2;
use soundfall_plugins::host::{Graphics, display_reachable};
use soundfall_systems::stream::Stream;
use soundfall_systems::view::Follow;

use crate::cli::{PICTURE, RunArgs, RunFiles, ViewArgs};
use crate::exit;
use crate::figures::Stats;
use crate::output::Files;
use crate::show::{NoWindow, ShowOptions, Upstream, find_graphics, show};
use crate::stats::{memory_since, own_memory_mb};

/// Seconds of a run that only makes a picture because there is no display.
const PICTURE_SECS: f64 = 12.0;

/// Shows a source as the command line says.
pub fn run(
    stream: Stream,
    follow: Follow,
    view: &ViewArgs,
    run: &RunArgs,
    mut files: RunFiles,
    verbose: u8,
    upstream: &Upstream,
) -> Result<()> {
    let memory = own_memory_mb();
    let format = stream.history.format();
    run.check(format.channels)?;
    let graphics = find_graphics()?;
    let program = view.program();
    let mut options = ShowOptions {
        analysis: view.analysis()?,
        view: view.view(format.channels)?,
        follow,
        instruments: view.instruments(format.channels)?,
        size: UVec2::new(program.size.0, program.size.1),
        program,
        headless: run.headless,
        draw: run.draw,
        seconds: run.end.settings.program.seconds,
        snapshot: files.snapshot.take(),
        numbered: run.snapshot_every.zip(files.numbered.take()),
        changes: run.changes.clone(),
        talk: verbose > 0,
    };
    choose_place(&mut options, &graphics, &mut files.files)?;
    let begun = Instant::now();
    let report = match show(stream.clone(), &options, &graphics, upstream) {
        Err(error) if error.is::<NoWindow>() => {
            tracing::info!("{error}");
            off_screen(&mut options, &mut files.files)?;
            show(stream, &options, &graphics, upstream)
        }
        shown => shown,
    }?;
    if let Some(to) = &files.stats {
        let mut stats = Stats {
            seconds: begun.elapsed().as_secs_f64(),
            channels: format.channels,
            rate: format.sample_rate,
            ..Stats::default()
        };
        report.write_to(&mut stats);
        if let Some(captured) = &upstream.captured {
            stats.take_capture(&captured());
        }
        stats.rss_mb = memory_since(memory);
        to.write(&stats)?;
    }
    // The figures first: they are written even if the picture cannot be saved.
    if let Some(picture) = report.picture {
        exit::say(format!(
            "picture: {}",
            std::path::absolute(picture?)?.display()
        ));
    }
    match report.missing_picture {
        Some(error) => Err(error.context("a picture on the way is missing")),
        None => Ok(()),
    }
}

/// Without a display a window becomes a picture; without an adapter there is no picture either.
fn choose_place(options: &mut ShowOptions, graphics: &Graphics, files: &mut Files) -> Result<()> {
    if *graphics == Graphics::None {
        exit::say(
            "no graphics adapter: everything but pictures works (on Debian, `apt install mesa-vulkan-drivers` brings a software one)",
        );
    }
    if options.headless {
        return Ok(());
    }
    if *graphics == Graphics::None {
        options.headless = true;
    } else if !display_reachable() {
        off_screen(options, files)?;
    }
    Ok(())
}

/// Draws a picture in place of a window.
fn off_screen(options: &mut ShowOptions, files: &mut Files) -> Result<()> {
    options.headless = true;
    let picture = match options.snapshot.take() {
        Some(named) => named,
        None => files.unnamed_picture(PICTURE)?,
    };
    let seconds = *options.seconds.get_or_insert(PICTURE_SECS);
    exit::say(format!(
        "no display: drawing off-screen for {seconds} s, then {}",
        picture.path().display()
    ));
    options.snapshot = Some(picture);
    Ok(())
}
