//! `soundfall capture`: the writer alone.

use std::time::{Duration, Instant};

use anyhow::Result;
use soundfall_capture::{Capture, CaptureEvent, CaptureStats, SourceState, start};

use super::record::{self, Recording};
use crate::cli::CaptureArgs;
use crate::exit;
use crate::figures::Stats;
use crate::stats::{StatsTo, memory_since, own_memory_mb};
use crate::stop::Stop;

/// How often events are looked at.
const LOOK: Duration = Duration::from_millis(20);

pub fn run(args: &CaptureArgs) -> Result<()> {
    let stop = Stop::listen()?;
    record::check(&args.record)?;
    let memory = own_memory_mb();
    let begun = Instant::now();
    let mut config = args.source.config();
    let mut recording = args.record.clone();
    let mut total = Stats::default();
    let mut outcome = Ok(());
    loop {
        let capture = start(config.clone())?;
        welcome(&capture);
        let written = Recording::start(&recording, &capture)?;
        let (figures, shape, file) = follow(capture, written, args, &stop, begun);
        total.lost_frames += figures.lost_frames;
        total.gaps += figures.gaps;
        total.xruns += figures.xruns;
        total.frames_written = Some(total.frames_written.unwrap_or(0) + figures.frames);
        outcome = outcome.and(file);
        if figures.finished && figures.state == SourceState::Lost {
            outcome = outcome.and(Err(anyhow::anyhow!(
                "the source was lost; what it gave is in the ring"
            )));
        }
        (total.channels, total.rate) = (shape.channels, shape.rate);
        if !shape.new {
            break;
        }
        // A ring has one shape: the device goes on in a new one, and the recording is whole.
        config.channels = None;
        config.sample_rate = None;
        recording.record = None;
    }
    if let Some(path) = &args.stats {
        total.seconds = begun.elapsed().as_secs_f64();
        total.rss_mb = memory_since(memory);
        StatsTo::from(path.as_path()).write(&total)?;
    }
    outcome
}

/// The shape of a capture that ended.
struct Shape {
    channels: u32,
    rate: u32,
    /// The device came back with another one.
    new: bool,
}

/// Watches a capture until it ends or is to end.
fn follow(
    capture: Capture,
    mut recording: Recording,
    args: &CaptureArgs,
    stop: &Stop,
    begun: Instant,
) -> (CaptureStats, Shape, Result<()>) {
    let format = *capture.format();
    let mut shape = Shape {
        channels: format.channels,
        rate: format.sample_rate,
        new: false,
    };
    while !stop.asked() {
        let elapsed = begun.elapsed().as_secs_f64();
        if args.seconds.is_some_and(|seconds| elapsed >= seconds) || capture.stats().finished {
            break;
        }
        shape.new |= tell(&capture);
        recording.tell();
        std::thread::sleep(LOOK);
    }
    capture.halt();
    shape.new |= tell(&capture);
    shape.new &= !stop.asked();
    recording.tell();
    (capture.stats(), shape, recording.finish())
}

/// Where the ring is and what is in it.
pub fn welcome(capture: &Capture) {
    let format = capture.format();
    exit::say(format!(
        "{}: {} channels at {} Hz, {} s of history in {}",
        capture.label(),
        format.channels,
        format.sample_rate,
        (format.capacity_secs() * 10.0).round() / 10.0,
        capture.ring_path().display()
    ));
    for warning in capture.warnings() {
        exit::say(warning);
    }
}

/// Says what happened since the last time; true if the device came back with another shape, so
/// that only a new ring can hold it.
pub fn tell(capture: &Capture) -> bool {
    let rate = f64::from(capture.format().sample_rate);
    let mut reshaped = false;
    for event in capture.poll_events() {
        match event {
            CaptureEvent::Gap {
                start_frame,
                length_frames,
                reason,
            } => exit::say(format!(
                "{:.3} s of sound lost at {:.3} s: {reason}",
                length_frames as f64 / rate,
                start_frame as f64 / rate
            )),
            CaptureEvent::Xrun {
                at_frame,
                length_frames: None,
            } => exit::say(format!(
                "the device lost sound at {:.3} s; how much, nobody knows",
                at_frame as f64 / rate
            )),
            CaptureEvent::DeviceLost { message } => exit::say(format!(
                "{}: the device is gone ({message}); it is looked for until it is back",
                capture.label()
            )),
            CaptureEvent::DeviceChanged { message } | CaptureEvent::Warning { message } => {
                exit::say(message);
            }
            // It works without: for those who ask.
            CaptureEvent::PriorityRefused { message } => tracing::info!("{message}"),
            CaptureEvent::Reconnected { device } => exit::say(format!("{device} is back")),
            CaptureEvent::Reshaped {
                device,
                channels,
                rate,
            } => {
                reshaped = true;
                exit::say(format!(
                    "{device} is back with {channels} channels at {rate} Hz: a new ring begins"
                ));
            }
            _ => {}
        }
    }
    reshaped
}
