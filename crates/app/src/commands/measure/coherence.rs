//! Coherence of every channel to one of them, over the whole input.

use std::ops::Range;

use anyhow::Result;
use serde::Serialize;
use soundfall_dsp::coherence::CoherenceMeter;
use soundfall_dsp::stft::StftParams;

use super::super::input_summary::{TransformSummary, written};
use super::super::stft::columns_in;
use crate::exit::{self, Usage};
use crate::input::Input;
use crate::npy::NpyWriter;
use crate::output::Output;
use crate::stdout::rounded;

/// Fewer segments than that make everything look coherent.
const FEW_SEGMENTS: u64 = 16;

/// What is compared with what, and where.
pub struct Band {
    reference: usize,
    bins: Range<usize>,
}

impl Band {
    /// The band `hz` (lower and upper end), to the channel of index `reference`.
    pub fn new(
        reference: usize,
        hz: (f64, f64),
        input: &Input,
        params: &StftParams,
    ) -> Result<Self> {
        let rate = f64::from(input.sample_rate);
        let bin_hz = params.bin_hz(1, rate);
        let first = (hz.0 / bin_hz).ceil() as usize;
        let end = ((hz.1 / bin_hz).floor() as usize + 1).min(params.bins());
        if first >= end {
            return Err(Usage(format!(
                "no bin lies between --min-hz {} and --max-hz {}: they are {bin_hz:.2} Hz apart, up to {} Hz",
                hz.0,
                hz.1,
                rate / 2.0
            ))
            .into());
        }
        Ok(Self {
            reference,
            bins: first..end,
        })
    }
}

/// Coherence of all channels.
#[derive(Serialize)]
pub struct Coherence {
    /// Counted from 1.
    pub reference: u32,
    /// The band's ends.
    pub from_hz: f64,
    pub to_hz: f64,
    /// Windows it is the mean of; unrelated noise reads about one divided by as many.
    pub segments: u64,
    pub means: Vec<Mean>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(flatten)]
    transform: TransformSummary,
}

/// One channel.
#[derive(Serialize)]
pub struct Mean {
    /// Counted from 1.
    pub channel: u32,
    /// Mean over the band, 0 to 1.
    pub coherence: f64,
}

impl Coherence {
    /// Measures; every bin of every channel goes into the file `out`.
    pub fn measure(
        input: &Input,
        band: &Band,
        params: &StftParams,
        out: Option<&Output>,
    ) -> Result<Self> {
        let rate = f64::from(input.sample_rate);
        let columns = columns_in(input, params)?;
        let count = input.channels.len();
        let mut array = match out {
            Some(output) => Some(NpyWriter::create(output, &[count, params.bins()])?),
            None => None,
        };
        // Nothing is forgotten: Welch's plain mean.
        let mut meter = CoherenceMeter::new(params, rate, count, band.reference, f64::INFINITY)
            .map_err(|error| Usage(error.to_string()))?;
        let mut segments = 0_u64;
        let mut slices: Vec<&[f32]> = Vec::with_capacity(count);
        for column in 0..columns {
            let start = column * params.hop_frames;
            let frames = start..start + params.window_size;
            if input.is_lost(&(frames.start as u64..frames.end as u64)) {
                continue;
            }
            slices.clear();
            slices.extend(input.channels.iter().map(|x| &x[frames.clone()]));
            meter.push(&slices);
            segments += 1;
        }
        if segments < FEW_SEGMENTS {
            exit::say(format!(
                "coherence from {segments} windows: unrelated sound seems coherent; a shorter --window-size makes more of them"
            ));
        }
        if let Some(array) = &mut array {
            let mut values = vec![0.0; params.bins()];
            for channel in 0..count {
                meter.coherence(channel, &mut values);
                array.write(&values)?;
            }
        }
        if let Some(array) = array {
            array.finish()?;
        }
        let mean = |(index, channel): (usize, &u32)| Mean {
            channel: *channel,
            coherence: rounded(meter.mean(index, band.bins.clone()), 4),
        };
        Ok(Self {
            reference: input.numbers[band.reference],
            from_hz: params.bin_hz(band.bins.start, rate),
            to_hz: params.bin_hz(band.bins.end - 1, rate),
            segments,
            means: input.numbers.iter().enumerate().map(mean).collect(),
            output: out.map(written),
            transform: TransformSummary::of(input, params),
        })
    }
}
