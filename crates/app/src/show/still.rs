//! One picture of samples that are already there, drawn off-screen.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bevy::{prelude::App, time::TimeUpdateStrategy};
use soundfall_analysis::Recording;
use soundfall_plugins::host::{Graphics, Headless, write_png};
use soundfall_ring::Gap;
use soundfall_systems::stream::{SourceProbe, Stream};

use super::{ShowOptions, build, headless::settle};

/// Samples to be drawn; the last frame is at the front edge.
pub struct Still<'a> {
    /// What it is called in the picture.
    pub name: String,
    /// Hz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// Interleaved frames.
    pub interleaved: &'a [f32],
    /// Spans that were lost, in frames from the first one.
    pub gaps: &'a [Gap],
}

/// The probe of a still: complete, and at its end nothing is said of that.
struct Finished;

impl SourceProbe for Finished {
    fn lost_frames(&self) -> Option<u64> {
        Some(0)
    }

    fn ended(&self) -> bool {
        false
    }

    fn trouble(&self) -> Option<String> {
        None
    }
}

/// Draws a still and saves it as PNG.
///
/// # Errors
/// No adapter, too little memory, or a file that cannot be written.
pub fn render_still(
    still: &Still,
    options: &ShowOptions,
    graphics: &Graphics,
    out: &Path,
) -> Result<()> {
    let frame = still.channels as usize;
    // Whole hops and a window, counted from the end: the last column, which is at the front edge,
    // stands for the moment that was asked for.
    let stft = options.analysis.stft()?;
    let all = still.interleaved.len() / frame;
    let start = all.saturating_sub(stft.window_size) % stft.hop_frames * frame;
    let samples = &still.interleaved[start..];
    let left_out = (start / frame) as u64;
    let gaps = still.gaps.iter().filter(|gap| gap.end_frame() > left_out);
    let gaps = gaps.map(|gap| {
        let first = gap.start_frame.max(left_out);
        Gap {
            start_frame: first - left_out,
            length_frames: gap.end_frame() - first,
            ..*gap
        }
    });
    let recording = Recording::from_interleaved(still.sample_rate, still.channels, samples)?
        .with_gaps(gaps.collect())?;
    let stream = Stream {
        history: Arc::new(recording),
        name: still.name.clone(),
        probe: Some(Arc::new(Finished)),
    };
    let mut app: App = build(stream, None, options, graphics);
    // Time stands still, so that the same samples always give the same picture.
    app.insert_resource(TimeUpdateStrategy::ManualDuration(
        std::time::Duration::ZERO,
    ));
    let mut display = Headless::new(app, false);
    if !settle(&mut display, None) {
        bail!("the analysis came to a standstill; no picture was drawn");
    }
    let (size, rgba) = display.picture()?;
    write_png(out, size, &rgba).context("the picture was drawn but not saved")?;
    Ok(())
}
