//! Runs the display without a window, at 60 frames a second by the wall clock.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use bevy::prelude::World;
use soundfall_plugins::host::{Graphics, Headless, write_png};
use soundfall_systems::{
    clock::StreamClock,
    source::{Feed, Source},
    spectrum::SpectrumProgress,
    waveform::LaneField,
};

use crate::exit;
use crate::stats::own_memory_mb;

use super::{DisplayReport, ShowOptions, Upstream, build};

/// Time of a frame.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// Frames to finish what is due when the run ends.
const DRAIN_FRAMES: u32 = 600;

pub(super) fn run(
    source: Source,
    options: &ShowOptions,
    graphics: &Graphics,
    upstream: &Upstream,
) -> Result<DisplayReport> {
    let mut app = build(source, options, graphics);
    if let Some(control) = &upstream.control {
        app.insert_resource(control.clone());
    }
    let mut screen = Headless::new(app, options.draw);
    let start = Instant::now();
    let (mut next_frame, mut next_line) = (start, Duration::from_secs(1));
    let mut pictures = Pictures::new(options);
    loop {
        screen.step();
        let elapsed = start.elapsed();
        if elapsed >= next_line {
            next_line += Duration::from_secs(1);
            own_memory_mb();
            if options.talk {
                exit::say(DisplayReport::of(screen.world()).line(elapsed.as_secs_f64()));
            }
        }
        pictures.take_due(&mut screen, elapsed.as_secs_f64())?;
        let over = options
            .seconds
            .is_some_and(|seconds| elapsed.as_secs_f64() >= seconds);
        if over
            || upstream.stop.asked()
            || (options.seconds.is_none() && played_out(screen.world()))
        {
            break;
        }
        next_frame += FRAME;
        match next_frame.checked_duration_since(Instant::now()) {
            Some(wait) => std::thread::sleep(wait),
            // A late frame is not made up for.
            None => next_frame = Instant::now(),
        }
    }
    (upstream.end)();
    settle(&mut screen);
    if let Some(path) = &options.snapshot {
        save(&mut screen, path)?;
    }
    Ok(DisplayReport::of(screen.world()))
}

/// Everything that is written has been shown, and nothing more will come.
fn played_out(world: &World) -> bool {
    let (Some(feed), Some(clock)) = (
        world.get_resource::<Feed>(),
        world.get_resource::<StreamClock>(),
    ) else {
        return false;
    };
    feed.ended && !clock.flowing()
}

/// Lets what is due be finished, with the ring left alone.
pub(super) fn settle(screen: &mut Headless) {
    screen.step();
    screen.world_mut().resource_mut::<Feed>().held = true;
    for _ in 0..DRAIN_FRAMES {
        screen.step();
        let world = screen.world();
        let progress = world.resource::<SpectrumProgress>();
        let lanes = world
            .resource::<LaneField>()
            .caught_up(world.resource::<Feed>());
        if progress.backlog == 0 && progress.in_flight == 0 && lanes {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    // Rows collected in the last frame are staged; one more uploads them.
    screen.step();
}

fn save(screen: &mut Headless, path: &Path) -> Result<()> {
    let (size, rgba) = screen.picture()?;
    write_png(path, size, &rgba)?;
    Ok(())
}

/// Pictures on the way, numbered: `out.png` becomes `out-0001.png`.
struct Pictures {
    every_secs: Option<f64>,
    path: PathBuf,
    taken: u32,
}

impl Pictures {
    fn new(options: &ShowOptions) -> Self {
        Self {
            every_secs: options.snapshot_every_secs,
            path: options
                .snapshot
                .clone()
                .unwrap_or_else(|| PathBuf::from("soundfall.png")),
            taken: 0,
        }
    }

    fn take_due(&mut self, screen: &mut Headless, elapsed_secs: f64) -> Result<()> {
        let Some(every) = self.every_secs else {
            return Ok(());
        };
        if elapsed_secs < every * f64::from(self.taken + 1) {
            return Ok(());
        }
        self.taken += 1;
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let path = self
            .path
            .with_file_name(format!("{stem}-{:04}.png", self.taken));
        save(screen, &path)
    }
}
