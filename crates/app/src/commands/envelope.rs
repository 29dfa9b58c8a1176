//! `soundfall envelope`: minimum and maximum of every point.

use anyhow::Result;
use soundfall_dsp::envelope::{self, MinMaxRms};

use crate::cli::EnvelopeArgs;
use crate::input;
use crate::npy::NpyWriter;

pub fn run(args: &EnvelopeArgs) -> Result<()> {
    let mut input = input::read(&args.input, args.part.from, args.part.to)?;
    input.pick(args.part.channel)?;
    let mut out = NpyWriter::create(&args.output, &[input.channels.len(), args.points, 2])?;
    let mut points = vec![MinMaxRms::EMPTY; args.points];
    for samples in &input.channels {
        envelope::points(samples, &mut points);
        let values: Vec<f32> = points
            .iter()
            .flat_map(|point| [point.min, point.max])
            .collect();
        out.write(&values)?;
    }
    out.finish()
}
