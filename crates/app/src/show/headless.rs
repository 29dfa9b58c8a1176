//! Runs the display without a window, at 60 frames a second by the wall clock.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use bevy::prelude::{Entity, World};
use soundfall_plugins::host::{Graphics, Headless};
use soundfall_systems::{
    analysis::{AnalysisOf, AnalysisProgress},
    instruments::InstrumentReadings,
    stream::{Stream, StreamClock, StreamStatus},
    view::ViewOf,
    waveform::{Envelopes, EnvelopesOf, LaneField},
};

use crate::exit;
use crate::held_back::HeldBack;
use crate::output::Output;
use crate::stats::own_memory_mb;

use super::{DisplayReport, ShowOptions, Upstream, build, note_failure, save_png};

/// Time of a frame.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// What a live run may take at its end to finish what is due.
const DRAIN: Duration = Duration::from_secs(10);
/// Without anything done for this long, nothing more will come.
const STUCK: Duration = Duration::from_secs(5);
/// The most that one look counts for: this process may have been kept from the processor.
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn run(
    stream: Stream,
    options: &ShowOptions,
    graphics: &Graphics,
    upstream: &Upstream,
) -> Result<DisplayReport> {
    let held_back = HeldBack::begin();
    let app = build(stream, upstream.switch.as_ref(), options, graphics);
    let mut screen = Headless::new(app, options.draw);
    drop(held_back);
    let start = Instant::now();
    let (mut next_frame, mut next_line) = (start, Duration::from_secs(1));
    let mut pictures = Pictures {
        options,
        taken: 0,
        failure: None,
    };
    loop {
        screen.step();
        let elapsed = start.elapsed();
        if elapsed >= next_line {
            next_line += Duration::from_secs(1);
            own_memory_mb();
            if options.talk {
                exit::say(DisplayReport::of(screen.world_mut()).line(elapsed.as_secs_f64()));
            }
        }
        pictures.take_due(&mut screen, elapsed.as_secs_f64());
        let over = options
            .seconds
            .is_some_and(|seconds| elapsed.as_secs_f64() >= seconds);
        if over
            || upstream.stop.asked()
            || (options.seconds.is_none() && played_out(screen.world_mut()))
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
    // All of a recording is there already: only what is live cannot wait.
    let limit = is_live(screen.world_mut()).then_some(DRAIN);
    if !settle(&mut screen, limit) {
        exit::say("the analysis did not keep up: what was left at the end counts as dropped");
    }
    let mut report = DisplayReport::of(screen.world_mut());
    report.missing_picture = pictures.failure;
    if let Some(output) = &options.snapshot {
        report.picture = Some(save(&mut screen, output));
    }
    Ok(report)
}

/// Everything that is written has been shown, and nothing more will come.
fn played_out(world: &mut World) -> bool {
    let mut streams = world.query::<(&StreamStatus, &StreamClock)>();
    let mut streams = streams.iter(world).peekable();
    streams.peek().is_some() && streams.all(|(status, clock)| status.ended && !clock.flowing())
}

/// Somebody writes one of the streams, or did.
fn is_live(world: &mut World) -> bool {
    let mut streams = world.query::<&Stream>();
    let is_written = |stream: &Stream| stream.history.writer_state().is_some();
    streams.iter(world).any(is_written)
}

/// Where the work on what is written stands.
struct Standing {
    idle: bool,
    /// Grows with everything that is done.
    done: u64,
}

fn standing(world: &mut World) -> Standing {
    let mut idle = true;
    let mut done = 0;
    let mut analyses = world.query::<&AnalysisProgress>();
    for progress in analyses.iter(world) {
        idle &= progress.idle();
        done += progress.columns_analysed + progress.columns_dropped;
    }
    let status = |world: &World, stream: Entity| world.get::<StreamStatus>(stream).cloned();
    let mut envelopes = world.query::<(&EnvelopesOf, &Envelopes)>();
    idle &= envelopes.iter(world).all(|(of, envelopes)| {
        let status = status(world, of.0).unwrap_or_default();
        done += envelopes.end_frame();
        envelopes.caught_up(status.written_frames)
    });
    let mut lanes = world.query::<&LaneField>();
    idle &= lanes.iter(world).all(LaneField::is_settled);
    let mut instruments = world.query::<(&ViewOf, &InstrumentReadings)>();
    for (of, readings) in instruments.iter(world) {
        let stream = world.get::<AnalysisOf>(of.0);
        let status = stream
            .and_then(|of| status(world, of.0))
            .unwrap_or_default();
        idle &= readings.caught_up(&status);
        done += readings.newest().map_or(0, |(_, report)| report.end_frame);
    }
    Standing { idle, done }
}

/// Lets what is due be finished, with the streams left alone. Gives up when nothing moved for a
/// while, or at `limit`; true if everything was finished.
pub(super) fn settle(screen: &mut Headless, limit: Option<Duration>) -> bool {
    screen.step();
    let world = screen.world_mut();
    for mut status in world.query::<&mut StreamStatus>().iter_mut(world) {
        status.held = true;
    }
    let begun = Instant::now();
    let (mut done, mut looked) = (0, begun);
    let mut still = Duration::ZERO;
    loop {
        screen.step();
        let standing = standing(screen.world_mut());
        if standing.idle {
            // Rows collected in the last frame are staged; one more uploads them.
            screen.step();
            return true;
        }
        still += looked.elapsed().min(LOOK);
        looked = Instant::now();
        if standing.done != done {
            done = standing.done;
            still = Duration::ZERO;
        }
        if still > STUCK || limit.is_some_and(|limit| begun.elapsed() > limit) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn save(screen: &mut Headless, output: &Output) -> Result<PathBuf> {
    let (size, rgba) = screen.picture()?;
    save_png(output, size, &rgba)?;
    Ok(output.path().to_owned())
}

/// Pictures on the way, numbered.
struct Pictures<'a> {
    options: &'a ShowOptions,
    taken: u32,
    failure: Option<anyhow::Error>,
}

impl Pictures<'_> {
    fn take_due(&mut self, screen: &mut Headless, elapsed_secs: f64) {
        let Some((every, output)) = &self.options.numbered else {
            return;
        };
        if elapsed_secs < every * f64::from(self.taken + 1) {
            return;
        }
        self.taken += 1;
        // The sound goes on, and so do the pictures after it.
        if let Err(error) = save(screen, &output.numbered(self.taken)) {
            note_failure(&mut self.failure, error);
        }
    }
}
