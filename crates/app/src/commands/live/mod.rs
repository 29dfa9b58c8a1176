//! `soundfall live`: capture and show, in one process, by way of the ring file.

mod switchboard;

use std::sync::Arc;

use anyhow::Result;
use soundfall_capture::{Capture, CaptureError, Signal, SourceSpec, start};
use soundfall_systems::stream::Control;

use super::record::{self, Recording};
use super::{capture::welcome, display};
use crate::cli::LiveArgs;
use crate::exit;
use crate::show::Upstream;
use crate::stop::Stop;
use switchboard::Switchboard;

/// Channels of a built-in signal where none were asked for.
const SIGNAL_CHANNELS: u32 = 2;

pub fn run(args: &LiveArgs, verbose: u8) -> Result<()> {
    let stop = Stop::listen()?;
    // What the view refuses is refused before anything is written.
    args.view.check(args.source.rate)?;
    let known = match args.source.signal {
        Some(_) => Some(args.source.channels.unwrap_or(SIGNAL_CHANNELS)),
        None => args.source.channels,
    };
    if let Some(channels) = known {
        args.view.view(channels)?;
    }
    record::check(&args.record)?;
    let (capture, name) = begin(args)?;
    welcome(&capture);
    let recording = Recording::start(&args.record, &capture)?;
    let capture = Arc::new(capture);
    let (board, source) = Switchboard::new(capture, name, args.source.config(), recording)?;
    let upstream = Upstream {
        stop,
        control: Some(Control(board.clone())),
        end: Box::new({
            let board = board.clone();
            move || board.end()
        }),
    };
    let shown = display::run(source, &args.view, &args.run, verbose, &upstream);
    // The file is completed whatever became of the display.
    let recorded = board.finish_recording();
    shown.and(recorded)
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
