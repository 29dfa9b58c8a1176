//! Shared by `live` and `view`: where to draw, and the output at the end.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use bevy::prelude::UVec2;
use soundfall_plugins::host::{Graphics, display_reachable, find_graphics};
use soundfall_systems::stream::Stream;

use crate::cli::{RunArgs, ViewArgs};
use crate::exit;
use crate::figures::Stats;
use crate::show::{ShowOptions, Upstream, show};
use crate::stats::{StatsTo, memory_since, own_memory_mb};

/// Seconds of a run that only makes a picture because there is no display.
const PICTURE_SECS: f64 = 12.0;
/// Where that picture goes.
const PICTURE: &str = "soundfall.png";

/// Shows a source as the command line says.
pub fn run(
    stream: Stream,
    view: &ViewArgs,
    run: &RunArgs,
    verbose: u8,
    upstream: &Upstream,
) -> Result<()> {
    let memory = own_memory_mb();
    let format = stream.history.format();
    let graphics = find_graphics();
    let program = view.program();
    let mut options = ShowOptions {
        analysis: view.analysis()?,
        view: view.view(format.channels)?,
        instruments: view.instruments(format.channels)?,
        size: UVec2::new(program.size.0, program.size.1),
        program,
        headless: run.headless,
        draw: run.draw,
        seconds: run.end.settings.program.seconds,
        snapshot: run.snapshot.clone(),
        snapshot_every_secs: run.snapshot_every,
        changes: run.changes.clone(),
        talk: verbose > 0,
    };
    choose_place(&mut options, &graphics);
    if options.headless {
        // Without a window the controls cannot be used.
        options.program.panel = false;
    }
    let begun = Instant::now();
    let report = show(stream, &options, &graphics, upstream)?;
    if let Some(path) = &run.stats {
        let mut stats = Stats {
            seconds: begun.elapsed().as_secs_f64(),
            channels: format.channels,
            rate: format.sample_rate,
            ..Stats::default()
        };
        report.write_to(&mut stats);
        stats.rss_mb = memory_since(memory);
        StatsTo::from(path.as_path()).write(&stats)?;
    }
    // The figures first: they are written even if the picture cannot be saved.
    if let Some(picture) = report.picture {
        exit::say(format!(
            "picture: {}",
            std::path::absolute(picture?)?.display()
        ));
    }
    Ok(())
}

/// Without a display a window becomes a picture; without an adapter there is no picture either.
fn choose_place(options: &mut ShowOptions, graphics: &Graphics) {
    if *graphics == Graphics::None {
        exit::say(
            "no graphics adapter: everything but pictures works (on Debian, `apt install mesa-vulkan-drivers` brings a software one)",
        );
    }
    if options.headless {
        return;
    }
    if display_reachable() && *graphics != Graphics::None {
        return;
    }
    options.headless = true;
    if *graphics == Graphics::None {
        return;
    }
    let path = options
        .snapshot
        .get_or_insert_with(|| PathBuf::from(PICTURE))
        .clone();
    let seconds = *options.seconds.get_or_insert(PICTURE_SECS);
    exit::say(format!(
        "no display: drawing off-screen for {seconds} s, then {}",
        path.display()
    ));
}
