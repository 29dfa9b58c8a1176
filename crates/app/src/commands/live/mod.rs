//! `soundfall live`: capture and show, in one process, by way of the ring file.

mod source_control;
mod survive;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use soundfall_capture::{
    Capture, CaptureError, ManagerEvent, Signal, SourceManager, SourceSpec, start,
};
use soundfall_systems::stream::SourceSwitch;
use soundfall_systems::view::Follow;

use super::capture::{announce, judge, report_event};
use super::display;
use super::record::{self, Recording};
use crate::cli::LiveArgs;
use crate::exit;
use crate::show::Upstream;
use crate::stop::Stop;
use source_control::{ManagedControl, shown};
use survive::{survive, within};

/// Channels of a built-in signal by default.
const SIGNAL_CHANNELS: u32 = 2;

pub fn run(args: &LiveArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    // Wrong view options are refused before anything is written.
    args.view.check(args.source.stream().sample_rate)?;
    let known = match args.source.signal {
        Some(_) => Some(args.source.stream().channels.unwrap_or(SIGNAL_CHANNELS)),
        None => args.source.stream().channels,
    };
    if let Some(channels) = known {
        args.view.view(channels)?;
        args.run.check(channels)?;
    }
    let mut files = args.source.files(args.record.overwrite);
    record::check(&args.record, &mut files)?;
    let files = args.run.files(files)?;
    let (capture, name) = begin(args)?;
    announce(&capture);
    let recording = Recording::start(&args.record, &capture)?;
    let recording = Arc::new(Mutex::new(Some(recording)));
    let (manager, source) = SourceManager::start(
        Arc::new(capture),
        &name,
        args.source.config(),
        observer(Arc::clone(&recording)),
    )?;
    let manager = Arc::new(manager);
    let upstream = Upstream {
        stop,
        switch: Some(SourceSwitch(Arc::new(ManagedControl(Arc::clone(&manager))))),
        end: {
            let (manager, recording) = (Arc::clone(&manager), Arc::clone(&recording));
            Box::new(move || end(&manager, &recording))
        },
        captured: {
            let manager = Arc::clone(&manager);
            Some(Box::new(move || manager.totals()))
        },
    };
    let begun = Instant::now();
    let needed = args.record.record.is_some() || args.source.ring.is_some();
    let outcome = survive(
        || {
            display::run(
                shown(source),
                Follow::default(),
                &args.view,
                &args.run,
                files,
                verbose,
                &upstream,
            )
        },
        || {
            needed
                && !upstream.stop.asked()
                && within(begun, args.run.end.settings.program.seconds)
                && !manager.stats().finished
        },
    );
    end(&manager, &recording);
    // The file is completed even when the display failed.
    let recording = recording
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let recorded = recording.map_or(Ok(()), |mut recording| {
        recording.report_events();
        recording.finish()
    });
    let last = manager.current();
    let captured = judge(&last.stats(), last.ring_path());
    outcome.and(recorded).and(captured)
}

type SharedRecording = Arc<Mutex<Option<Recording>>>;

/// Ends the capture with the run.
fn end(manager: &SourceManager, recording: &SharedRecording) {
    let mut locked = recording.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(recording) = &mut *locked {
        recording.run_is_over();
    }
    // The manager's last events look at the recording.
    drop(locked);
    manager.halt();
}

/// Prints what the source manager and the recording report.
fn observer(recording: SharedRecording) -> impl FnMut(ManagerEvent<'_>) + Send + 'static {
    move |event| {
        let mut recording = recording.lock().unwrap_or_else(PoisonError::into_inner);
        match (event, &mut *recording) {
            (ManagerEvent::Started(capture), recording) => {
                if let Some(recording) = recording {
                    recording.ends_before_the_run();
                }
                announce(capture);
            }
            (ManagerEvent::Capture(capture, event), _) => report_event(capture, event),
            (_, Some(recording)) => recording.report_events(),
            _ => {}
        }
    }
}

/// Starts the capture; without any input device, and none asked for, the demo.
fn begin(args: &LiveArgs) -> Result<(Capture, String)> {
    let config = args.source.config();
    match start(config.clone()) {
        Ok(capture) => {
            let name = args.source.name(capture.label());
            Ok((capture, name))
        }
        Err(CaptureError::NoInputDevice) if args.source.is_open() => {
            exit::say("no sound device: playing the built-in signal `demo`");
            let mut config = config;
            config.source = SourceSpec::Signal(Signal::Demo);
            Ok((start(config)?, "signal demo".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
