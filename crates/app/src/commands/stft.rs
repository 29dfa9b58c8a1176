//! `soundfall stft`: the analysis engine's numbers, in its exact (f64) form.

use anyhow::{Result, bail};
use serde::Serialize;
use soundfall_dsp::level::FLOOR_DBFS;
use soundfall_dsp::stft::{StftF64, StftParams};

use super::input_summary::{InputSummary, TransformSummary, middle_secs};
use crate::cli::StftArgs;
use crate::exit::Usage;
use crate::input::Input;
use crate::npy::NpyWriter;
use crate::stdout::{JsonOut, rounded};

/// Columns at a time: memory does not grow with the output.
const BATCH: usize = 64;

pub fn run(args: &StftArgs) -> Result<()> {
    let params = args.transform.params()?;
    let mut engine = StftF64::new(&params).map_err(|e| Usage(e.to_string()))?;
    let output = args.input.output(args.output.as_deref(), &args.replace)?;
    let input = args.input.read()?;
    let columns = columns_in(&input, &params)?;
    let shape = [input.channels.len(), columns, params.bins()];
    let head = Head::of(&input, &params, shape);
    let mut array = match &output {
        Some(output) => Some(NpyWriter::create(output, &shape)?),
        None => None,
    };
    head.summary.report_damage("it counts as silence");
    // Without a file the array goes to stdout.
    let mut json = match (args.json, &array) {
        (true, None) => Some(JsonOut::begin(&head)?),
        _ => None,
    };
    if let Some(json) = &mut json {
        json.open("values")?;
    }
    let mut levels = vec![0.0_f32; BATCH * params.bins()];
    let mut maxima = Vec::new();
    for (samples, number) in input.channels.iter().zip(&input.numbers) {
        if let Some(json) = &mut json {
            json.open_inner()?;
        }
        let mut highest = Highest::default();
        for first in (0..columns).step_by(BATCH) {
            let count = BATCH.min(columns - first);
            let start = first * params.hop_frames;
            let end = start + (count - 1) * params.hop_frames + params.window_size;
            let levels = &mut levels[..count * params.bins()];
            engine.columns(&samples[start..end], levels);
            highest.take(levels, first, params.bins());
            if let Some(array) = &mut array {
                array.write(levels)?;
            }
            if let Some(json) = &mut json {
                if json.is_closed() {
                    return Ok(());
                }
                for column in levels.chunks_exact(params.bins()) {
                    json.element(&column)?;
                }
            }
        }
        if let Some(json) = &mut json {
            json.close()?;
        }
        maxima.push(highest.maximum(*number, &input, &params));
    }
    if let Some(array) = array {
        array.finish()?;
    }
    match json {
        Some(mut json) => {
            json.close()?;
            json.field("maxima", &maxima)?;
            json.finish()?;
        }
        None if args.json => {
            let mut json = JsonOut::begin(&head)?;
            json.field("maxima", &maxima)?;
            json.finish()?;
        }
        None => {}
    }
    input.is_whole()
}

/// How many columns there are; at least one.
pub fn columns_in(input: &Input, params: &StftParams) -> Result<usize> {
    match params.columns_in(input.frames()) {
        0 => bail!(
            "{}: {} frames are fewer than one window of {}; choose a shorter one with --window-size",
            input.name,
            input.frames(),
            params.window_size
        ),
        columns => Ok(columns),
    }
}

/// What is known of the array before it is made.
#[derive(Serialize)]
struct Head {
    #[serde(flatten)]
    summary: InputSummary,
    shape: [usize; 3],
    axes: [&'static str; 3],
    dtype: &'static str,
    unit: &'static str,
    #[serde(flatten)]
    transform: TransformSummary,
}

impl Head {
    fn of(input: &Input, params: &StftParams, shape: [usize; 3]) -> Self {
        Self {
            summary: InputSummary::of(input),
            shape,
            axes: ["channel", "column", "bin"],
            dtype: "float32",
            unit: "dBFS",
            transform: TransformSummary::of(input, params),
        }
    }
}

/// Where a channel is loudest.
#[derive(Serialize)]
struct Maximum {
    channel: u32,
    level_dbfs: f64,
    time_secs: f64,
    frequency_hz: f64,
}

struct Highest {
    level: f32,
    column: usize,
    bin: usize,
}

impl Default for Highest {
    fn default() -> Self {
        Self {
            level: f32::NEG_INFINITY,
            column: 0,
            bin: 0,
        }
    }
}

impl Highest {
    /// Looks through some columns, the first of which has this index.
    fn take(&mut self, levels: &[f32], first: usize, bins: usize) {
        for (index, level) in levels.iter().enumerate() {
            if *level > self.level {
                *self = Self {
                    level: *level,
                    column: first + index / bins,
                    bin: index % bins,
                };
            }
        }
    }

    /// None where the channel is silent.
    fn maximum(&self, channel: u32, input: &Input, params: &StftParams) -> Option<Maximum> {
        (self.level > FLOOR_DBFS).then(|| Maximum {
            channel,
            level_dbfs: rounded(self.level.into(), 4),
            time_secs: rounded(middle_secs(input, params, self.column), 6),
            frequency_hz: params.bin_hz(self.bin, f64::from(input.sample_rate)),
        })
    }
}
