//! Runs the display without a window, at 60 frames a second by the wall clock.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use bevy::prelude::World;
use soundfall_plugins::host::{Graphics, Headless, write_png};
use soundfall_systems::{
    analysis::AnalysisProgress,
    instruments::InstrumentReadings,
    stream::StreamClock,
    stream::{Source, StreamStatus},
    waveform::LaneField,
};

use crate::exit;
use crate::stats::own_memory_mb;

use super::{DisplayReport, ShowOptions, Upstream, build, numbered};

/// Time of a frame.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// What a live run may take at its end to finish what is due.
const DRAIN: Duration = Duration::from_secs(10);
/// Without a single new column for this long, nothing more will come.
const STUCK: Duration = Duration::from_secs(5);

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
    let mut pictures = Pictures { options, taken: 0 };
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
    if !settle(&mut screen, Some(DRAIN)) {
        exit::say("the analysis did not keep up: what was left at the end counts as dropped");
    }
    let mut report = DisplayReport::of(screen.world());
    if let Some(path) = &options.snapshot {
        report.picture = Some(save(&mut screen, path));
    }
    Ok(report)
}

/// Everything that is written has been shown, and nothing more will come.
fn played_out(world: &World) -> bool {
    let (Some(feed), Some(clock)) = (
        world.get_resource::<StreamStatus>(),
        world.get_resource::<StreamClock>(),
    ) else {
        return false;
    };
    feed.ended && !clock.flowing()
}

/// Lets what is due be finished, with the ring left alone. Gives up when nothing moved for a
/// while, or at `limit`; true if everything was finished.
pub(super) fn settle(screen: &mut Headless, limit: Option<Duration>) -> bool {
    screen.step();
    screen.world_mut().resource_mut::<StreamStatus>().held = true;
    let begun = Instant::now();
    let (mut done, mut moved) = (0, begun);
    loop {
        screen.step();
        let world = screen.world();
        let progress = world.resource::<AnalysisProgress>();
        let lanes = world
            .resource::<LaneField>()
            .caught_up(world.resource::<StreamStatus>());
        let instruments = world.resource::<InstrumentReadings>();
        let heard = instruments.caught_up(world.resource::<StreamStatus>());
        if progress.idle() && lanes && heard {
            // Rows collected in the last frame are staged; one more uploads them.
            screen.step();
            return true;
        }
        let reached = instruments
            .newest()
            .map_or(0, |(_, report)| report.end_frame);
        let now = progress.columns_analysed + progress.columns_dropped + reached;
        if now != done {
            (done, moved) = (now, Instant::now());
        }
        if moved.elapsed() > STUCK || limit.is_some_and(|limit| begun.elapsed() > limit) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn save(screen: &mut Headless, path: &Path) -> Result<PathBuf> {
    let (size, rgba) = screen.picture()?;
    write_png(path, size, &rgba)?;
    Ok(path.to_owned())
}

/// Pictures on the way, numbered.
struct Pictures<'a> {
    options: &'a ShowOptions,
    taken: u32,
}

impl Pictures<'_> {
    fn take_due(&mut self, screen: &mut Headless, elapsed_secs: f64) -> Result<()> {
        let Some(every) = self.options.snapshot_every_secs else {
            return Ok(());
        };
        if elapsed_secs < every * f64::from(self.taken + 1) {
            return Ok(());
        }
        self.taken += 1;
        save(
            screen,
            &numbered(self.options.snapshot.as_deref(), self.taken),
        )
        .map(|_| ())
    }
}
