//! `soundfall stft`: the analysis engine's numbers, in its exact (f64) form.

use anyhow::{Result, bail};
use soundfall_dsp::stft::{StftF64, StftParams};

use crate::cli::StftArgs;
use crate::exit::Usage;
use crate::input;
use crate::npy::NpyWriter;

pub fn run(args: &StftArgs) -> Result<()> {
    let params = StftParams::new(args.window, args.window_size, args.hop)
        .map_err(|e| Usage(e.to_string()))?;
    let mut engine = StftF64::new(&params).map_err(|e| Usage(e.to_string()))?;
    let mut input = input::read(&args.input, args.part.from, args.part.to)?;
    input.pick(args.part.channel)?;
    let frames = input.frames();
    let columns = params.columns_in(frames);
    if columns == 0 {
        bail!(
            "{}: {frames} frames are fewer than one window of {}",
            args.input.display(),
            params.window_size
        );
    }
    let bins = params.bins();
    let mut out = NpyWriter::create(&args.output, &[input.channels.len(), columns, bins])?;
    // A few columns at a time: memory does not grow with the output.
    let batch = 64;
    let mut levels = vec![0.0_f32; batch * bins];
    for samples in &input.channels {
        for first in (0..columns).step_by(batch) {
            let count = batch.min(columns - first);
            let start = first * params.hop_frames;
            let end = start + (count - 1) * params.hop_frames + params.window_size;
            engine.columns(&samples[start..end], &mut levels[..count * bins]);
            out.write(&levels[..count * bins])?;
        }
    }
    out.finish()
}
