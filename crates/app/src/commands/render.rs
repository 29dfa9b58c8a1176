//! `soundfall render`: a picture of a file or ring, off-screen.

use anyhow::{Result, ensure};
use bevy::prelude::UVec2;
use soundfall_plugins::host::{Graphics, SnapshotError};
use soundfall_systems::view::Follow;

use crate::cli::RenderArgs;
use crate::input;
use crate::output::Files;
use crate::show::{ShowOptions, find_graphics, render_still};

pub fn run(args: &RenderArgs) -> Result<()> {
    args.view.check(None)?;
    let analysis = args.view.analysis()?;
    let mut files = Files::new(args.overwrite).using("what is read", Some(&args.input));
    let output = files.picture("-o", &args.output)?;
    // The newest column stands for the middle of its window: half a window more than shown.
    let (from, to) = match args.at {
        Some(at) => {
            let ahead = 0.5 * args.view.settings.analysis.window_size as f64 / 8000.0;
            (
                Some((at - args.view.settings.view.span_secs - 2.0).max(0.0)),
                Some(at + ahead),
            )
        }
        None => (None, None),
    };
    let mut input = input::read(&args.input, from, to)?;
    let rate = f64::from(input.sample_rate);
    if let Some(at) = args.at {
        let end = ((at - input.from_secs) * rate
            + 0.5 * args.view.settings.analysis.window_size as f64)
            .round() as usize;
        ensure!(
            at <= input.from_secs + input.frames() as f64 / rate,
            "{}: there is no {at} s; it ends at {:.2} s",
            args.input.display(),
            input.from_secs + input.frames() as f64 / rate
        );
        input.truncate(end);
    }
    ensure!(
        input.frames() >= args.view.settings.analysis.window_size,
        "{}: {} frames are fewer than one window of {}",
        args.input.display(),
        input.frames(),
        args.view.settings.analysis.window_size
    );
    let graphics = find_graphics()?;
    if graphics == Graphics::None {
        return Err(SnapshotError::NoGraphics.into());
    }
    let channels = input.channels.len() as u32;
    let program = args.view.program();
    let options = ShowOptions {
        analysis,
        view: args.view.view(channels)?,
        follow: Follow::default(),
        instruments: args.view.instruments(channels)?,
        size: UVec2::new(program.size.0, program.size.1),
        program,
        headless: true,
        draw: false,
        seconds: None,
        snapshot: None,
        numbered: None,
        changes: Vec::new(),
        talk: false,
    };
    // Whole hops and a window, counted from the end: the last column, which is at the front edge,
    // stands for the moment that was asked for.
    let stft = options.analysis.stft()?;
    let wanted = ((args.view.settings.view.span_secs + 2.0) * rate) as usize + stft.window_size;
    let kept = wanted.min(input.frames());
    input.keep_last(kept - kept.saturating_sub(stft.window_size) % stft.hop_frames);
    let name = input.name.clone();
    let whole = input.is_whole();
    render_still(input.into_recording()?, name, &options, &graphics, &output)?;
    whole
}
