//! `soundfall envelope`: minimum and maximum of every point, and the root mean square if asked for.

use anyhow::Result;
use serde::Serialize;
use soundfall_dsp::envelope::{point_range, reduce};
use soundfall_dsp::level::amplitude_to_db;
use soundfall_dsp::sample::clean;

use super::input_summary::InputSummary;
use crate::cli::EnvelopeArgs;
use crate::input::Input;
use crate::npy::NpyWriter;
use crate::stdout::{JsonOut, rounded};

/// Values at a time: memory does not grow with the output.
const BATCH: usize = 4096;

pub fn run(args: &EnvelopeArgs) -> Result<()> {
    let output = args.input.output(args.output.as_deref(), &args.replace)?;
    let input = args.input.read()?;
    let fields: &[&str] = match args.rms {
        false => &["min", "max"],
        true => &["min", "max", "rms"],
    };
    let head = Head::of(&input, args.points, fields);
    let mut array = match &output {
        Some(output) => Some(NpyWriter::create(output, &head.shape)?),
        None => None,
    };
    head.summary.report_damage("it counts as silence");
    // Without a file the array goes to stdout.
    let with_values = array.is_none();
    let mut json = match args.json {
        true => Some(JsonOut::begin(&head)?),
        false => None,
    };
    if let (Some(json), true) = (&mut json, with_values) {
        json.open("values")?;
    }
    let mut values = Vec::with_capacity(BATCH * fields.len());
    for samples in &input.channels {
        if let (Some(json), true) = (&mut json, with_values) {
            json.open_inner()?;
        }
        for first in (0..args.points).step_by(BATCH) {
            values.clear();
            for point in first..args.points.min(first + BATCH) {
                let all = reduce(&samples[point_range(samples.len(), args.points, point)]);
                values.extend([all.min, all.max]);
                values.extend(args.rms.then(|| all.rms()));
            }
            if let Some(array) = &mut array {
                array.write(&values)?;
            }
            if let (Some(json), true) = (&mut json, with_values) {
                if json.is_closed() {
                    return Ok(());
                }
                for point in values.chunks_exact(fields.len()) {
                    json.element(&point)?;
                }
            }
        }
        if let (Some(json), true) = (&mut json, with_values) {
            json.close()?;
        }
    }
    if let Some(array) = array {
        array.finish()?;
    }
    if let Some(mut json) = json {
        if with_values {
            json.close()?;
        }
        json.field("maxima", &maxima(&input))?;
        json.finish()?;
    }
    input.is_whole()
}

/// What is known of the array before it is made.
#[derive(Serialize)]
struct Head<'a> {
    #[serde(flatten)]
    summary: InputSummary,
    shape: [usize; 3],
    axes: [&'static str; 3],
    values_of_a_point: &'a [&'a str],
    dtype: &'static str,
    /// 1 is full scale.
    unit: &'static str,
    /// From one point to the next, in the mean.
    point_secs: f64,
    /// The middle of the first point.
    first_secs: f64,
}

impl<'a> Head<'a> {
    fn of(input: &Input, points: usize, fields: &'a [&'a str]) -> Self {
        let secs = input.frames() as f64 / f64::from(input.sample_rate);
        let point_secs = secs / points as f64;
        Self {
            summary: InputSummary::of(input),
            shape: [input.channels.len(), points, fields.len()],
            axes: ["channel", "point", "value"],
            values_of_a_point: fields,
            dtype: "float32",
            unit: "full scale",
            point_secs,
            first_secs: input.from_secs + point_secs / 2.0,
        }
    }
}

/// The sample of a channel that is farthest from 0.
#[derive(Serialize)]
struct Maximum {
    channel: u32,
    sample: f32,
    level_dbfs: f64,
    time_secs: f64,
}

fn maxima(input: &Input) -> Vec<Option<Maximum>> {
    let of = |samples: &Vec<f32>, channel: u32| {
        let (mut at, mut most) = (0, 0.0);
        for (frame, sample) in samples.iter().enumerate() {
            let sample = clean(*sample);
            if sample.abs() > f32::abs(most) {
                (at, most) = (frame, sample);
            }
        }
        (most != 0.0).then(|| Maximum {
            channel,
            sample: most,
            level_dbfs: rounded(amplitude_to_db(f64::from(most.abs())), 4),
            time_secs: rounded(
                input.from_secs + at as f64 / f64::from(input.sample_rate),
                6,
            ),
        })
    };
    let channels = input.channels.iter().zip(&input.numbers);
    channels.map(|(samples, n)| of(samples, *n)).collect()
}
