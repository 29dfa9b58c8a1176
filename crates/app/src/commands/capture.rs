//! `soundfall capture`: the writer alone.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use soundfall_capture::{Capture, CaptureEvent, CaptureStats, RingLoss, SourceState, start};

use super::record::{self, Recording};
use crate::cli::CaptureArgs;
use crate::exit;
use crate::figures::Stats;
use crate::stats::{StatsTo, memory_since, own_memory_mb};
use crate::stop::Stop;

/// Time between two looks at the events.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub fn run(args: &CaptureArgs) -> Result<()> {
    let stop = Stop::listen()?;
    let mut files = args.source.files(args.record.overwrite);
    record::check(&args.record, &mut files)?;
    let stats = StatsTo::judge(args.stats.as_deref(), &mut files)?;
    let memory = own_memory_mb();
    let mut config = args.source.config();
    let mut recording = args.record.clone();
    let mut total = Stats::default();
    let mut captured = CaptureStats::default();
    let mut outcome = Ok(());
    let mut next = Some(start(config.clone())?);
    // Not from the start of the program: so long is the recording.
    let begun = Instant::now();
    while let Some(capture) = next.take() {
        announce(&capture);
        let written = Recording::start(&recording, &capture)?;
        let ring = capture.ring_path().to_owned();
        let (figures, shape, file) = follow(capture, written, args, &stop, begun);
        captured = captured.followed_by(figures);
        outcome = outcome.and(file).and(judge(&figures, &ring));
        (total.channels, total.rate) = (shape.channels, shape.rate);
        if let Some(device) = shape.new {
            // A ring has one shape: the device needs a new one, and the recording ends here.
            config.channels = None;
            config.sample_rate = None;
            config.source.follow(&device);
            recording.record = None;
            match start(config.clone()) {
                Ok(capture) => next = Some(capture),
                // What was captured until now still has its figures.
                Err(error) => outcome = outcome.and(Err(error.into())),
            }
        }
    }
    if let Some(stats) = &stats {
        total.take_capture(&captured);
        total.seconds = begun.elapsed().as_secs_f64();
        total.rss_mb = memory_since(memory);
        stats.write(&total)?;
    }
    outcome
}

/// Whether a capture that ended came to its end as it should.
pub fn judge(figures: &CaptureStats, ring: &Path) -> Result<()> {
    if figures.state == SourceState::Failed {
        bail!("the capture failed by a fault of this program; the sound until then was kept");
    }
    if figures.state == SourceState::Lost {
        bail!("the source was lost and not back at the end; the sound until then is in the ring");
    }
    if figures.cut_frames > 0 {
        bail!("the file that was played is not whole; what it has was captured");
    }
    if figures.ring_lost {
        bail!(
            "the ring {} was lost at the end; only a recording has what was captured since",
            ring.display()
        );
    }
    Ok(())
}

/// Channels and rate of a capture that ended.
struct Shape {
    channels: u32,
    rate: u32,
    /// Id of the device that came back with another one.
    new: Option<String>,
}

/// Follows a capture until it ends or is stopped.
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
        new: None,
    };
    while !stop.asked() {
        let elapsed = begun.elapsed().as_secs_f64();
        if args
            .end
            .settings
            .program
            .seconds
            .is_some_and(|seconds| elapsed >= seconds)
            || capture.stats().finished
        {
            break;
        }
        shape.new = report_events(&capture).or(shape.new);
        recording.report_events();
        std::thread::sleep(POLL_INTERVAL);
    }
    capture.halt();
    shape.new = report_events(&capture).or(shape.new);
    shape.new = shape.new.filter(|_| !stop.asked());
    match shape.new {
        Some(_) => recording.ends_before_the_run(),
        None => recording.run_is_over(),
    }
    recording.report_events();
    (capture.stats(), shape, recording.finish())
}

/// Prints source, format and path of a capture that was started.
pub fn announce(capture: &Capture) {
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

/// Prints the events since the last call; gives the id of a device that came back with another rate or channel count,
/// which needs a new ring.
fn report_events(capture: &Capture) -> Option<String> {
    let mut reshaped = None;
    for event in capture.poll_events() {
        if let CaptureEvent::Reshaped { id, .. } = &event {
            reshaped = Some(id.clone());
        }
        report_event(capture, event);
    }
    reshaped
}

/// Prints an event.
pub fn report_event(capture: &Capture, event: CaptureEvent) {
    let rate = f64::from(capture.format().sample_rate);
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
            "the device lost sound of unknown length at {:.3} s",
            at_frame as f64 / rate
        )),
        CaptureEvent::DeviceLost { message } => exit::say(format!(
            "{}: the device is gone ({message}); it is looked for until it is back",
            capture.label()
        )),
        CaptureEvent::DeviceChanged { message } | CaptureEvent::Warning { message } => {
            exit::say(message);
        }
        CaptureEvent::RingLost { loss } => exit::say(format!(
            "the ring {} {loss}: {}",
            capture.ring_path().display(),
            match loss {
                RingLoss::Replaced =>
                    "that file stays as it is, and a new ring is made once it is gone",
                _ => "a new one is made",
            }
        )),
        CaptureEvent::RingRenewed { at_frame } => exit::say(format!(
            "a new ring lies at {}, from {:.3} s of the capture on",
            capture.ring_path().display(),
            at_frame as f64 / rate
        )),
        CaptureEvent::Failed { message } => exit::say(message),
        // The capture works without it: only with -v.
        CaptureEvent::PriorityRefused { message } => tracing::info!("{message}"),
        CaptureEvent::Reconnected { device } => exit::say(format!("{device} is back")),
        CaptureEvent::Reshaped {
            device,
            channels,
            rate,
            ..
        } => {
            exit::say(format!(
                "{device} is back with {channels} channels at {rate} Hz: a new ring begins"
            ));
        }
        _ => {}
    }
}
