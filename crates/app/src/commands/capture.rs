//! `soundfall capture`: the writer alone.

use std::time::{Duration, Instant};

use anyhow::Result;
use soundfall_capture::{Capture, CaptureEvent, SourceState, start};

use crate::cli::CaptureArgs;
use crate::exit;
use crate::figures::Stats;
use crate::stats::{StatsTo, memory_since, own_memory_mb};
use crate::stop::Stop;

/// How often events are looked at.
const LOOK: Duration = Duration::from_millis(20);

pub fn run(args: &CaptureArgs) -> Result<()> {
    let stop = Stop::listen()?;
    let memory = own_memory_mb();
    let capture = start(args.source.config())?;
    welcome(&capture);
    let begun = Instant::now();
    let mut lost = false;
    while !stop.asked() {
        let elapsed = begun.elapsed().as_secs_f64();
        if args.seconds.is_some_and(|seconds| elapsed >= seconds) || capture.stats().finished {
            break;
        }
        tell(&capture);
        lost |= capture.stats().state == SourceState::Lost;
        if lost {
            break;
        }
        std::thread::sleep(LOOK);
    }
    tell(&capture);
    let format = *capture.format();
    let figures = capture.stop();
    if let Some(path) = &args.stats {
        let mut stats = Stats {
            seconds: begun.elapsed().as_secs_f64(),
            lost_frames: figures.lost_frames,
            gaps: figures.gaps,
            channels: format.channels,
            rate: format.sample_rate,
            frames_written: Some(figures.frames),
            ..Stats::default()
        };
        stats.rss_mb = memory_since(memory);
        StatsTo::from(path.as_path()).write(&stats)?;
    }
    anyhow::ensure!(!lost, "the source was lost; what it gave is in the ring");
    Ok(())
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

/// Says what happened since the last time.
pub fn tell(capture: &Capture) {
    let rate = f64::from(capture.format().sample_rate);
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
            CaptureEvent::DeviceLost { message }
            | CaptureEvent::DeviceChanged { message }
            | CaptureEvent::Warning { message } => exit::say(message),
            _ => {}
        }
    }
}
