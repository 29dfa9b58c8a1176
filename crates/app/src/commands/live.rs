//! `soundfall live`: capture and show, in one process, by way of the ring file.

use std::sync::Arc;

use anyhow::Result;
use soundfall_capture::{Capture, CaptureError, Signal, SourceSpec, SourceState, start};
use soundfall_systems::source::Source;

use super::{
    capture::{tell, welcome},
    display,
};
use crate::cli::LiveArgs;
use crate::exit;
use crate::show::{CaptureProbe, Upstream};
use crate::stop::Stop;

/// The capture, shared with the display's probe and ended by the run.
struct Running {
    capture: Arc<Capture>,
    probe: Arc<dyn soundfall_systems::source::SourceProbe>,
    stop: Stop,
}

impl Upstream for Running {
    fn asked_to_stop(&self) -> bool {
        tell(&self.capture);
        self.stop.asked()
    }

    fn stop(&mut self) {
        self.capture.halt();
    }
}

pub fn run(args: &LiveArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    // What the view refuses is refused before anything is written.
    args.view.analysis()?;
    let (capture, name) = begin(args)?;
    welcome(&capture);
    let open = soundfall_ring_file::open(capture.ring_path(), false)?;
    let capture = Arc::new(capture);
    let (lost, ended, trouble) = (capture.clone(), capture.clone(), capture.clone());
    let probe = CaptureProbe {
        lost: Box::new(move || lost.stats().lost_frames),
        ended: Box::new(move || ended.stats().finished),
        trouble: Box::new(move || {
            (trouble.stats().state == SourceState::Lost)
                .then(|| "The source is gone; the history stays.".to_owned())
        }),
    }
    .shared();
    let source = Source {
        ring: open.ring.clone(),
        name,
        probe: Some(probe.clone()),
    };
    let mut running = Running {
        capture,
        probe,
        stop,
    };
    let done = display::run(source, &args.view, &args.run, verbose, &mut running);
    drop(running.probe);
    done
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
            Ok((start(config)?, "demo".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
