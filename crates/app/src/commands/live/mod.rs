//! `soundfall live`: capture and show, in one process, by way of the ring file.

mod source_control;
mod survive;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use soundfall_capture::{
    Capture, CaptureError, ManagerEvent, Signal, SourceManager, SourceSpec, SourceState, start,
};
use soundfall_systems::stream::SourceSwitch;

use super::capture::{FAILED, announce, report_event};
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
            let manager = Arc::clone(&manager);
            Box::new(move || manager.halt())
        },
    };
    let begun = Instant::now();
    let needed = args.record.record.is_some() || args.source.ring.is_some();
    let outcome = survive(
        || {
            display::run(
                shown(source),
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
    manager.halt();
    // The file is completed even when the display failed.
    let recording = recording
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let recorded = recording.map_or(Ok(()), |mut recording| {
        recording.report_events();
        recording.finish()
    });
    let captured = match manager.stats().state {
        SourceState::Failed => Err(anyhow::anyhow!(FAILED)),
        _ => Ok(()),
    };
    outcome.and(recorded).and(captured)
}

/// Prints what the source manager and the recording report.
fn observer(
    recording: Arc<Mutex<Option<Recording>>>,
) -> impl FnMut(ManagerEvent<'_>) + Send + 'static {
    move |event| match event {
        ManagerEvent::Started(capture) => announce(capture),
        ManagerEvent::Capture(capture, event) => report_event(capture, event),
        _ => {
            let mut recording = recording.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(recording) = &mut *recording {
                recording.report_events();
            }
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
