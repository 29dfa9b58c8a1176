//! `soundfall live`: capture and show, in one process, by way of the ring file.

mod switchboard;

use std::sync::Arc;

use anyhow::Result;
use soundfall_capture::{Capture, CaptureError, Signal, SourceSpec, start};
use soundfall_systems::source::Control;

use super::{capture::welcome, display};
use crate::cli::LiveArgs;
use crate::exit;
use crate::show::Upstream;
use crate::stop::Stop;
use switchboard::{Switchboard, shown};

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
    let (capture, name) = begin(args)?;
    welcome(&capture);
    let capture = Arc::new(capture);
    let source = shown(&capture, &name)?;
    let board = Arc::new(Switchboard::new(capture, name, args.source.config())?);
    let upstream = Upstream {
        stop,
        control: Some(Control(board.clone())),
        end: Box::new(move || board.end()),
    };
    display::run(source, &args.view, &args.run, verbose, &upstream)
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
