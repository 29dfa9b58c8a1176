//! `soundfall peaks`: lists the tones of a recording, or every peak of every column, as
//! `soundfall-dsp` finds them.

mod rows;

use anyhow::Result;
use serde::Serialize;
use soundfall_dsp::peaks::{Peak, PeakFinder, Tone, ToneTracker};
use soundfall_dsp::stft::{StftF64, StftParams};

use self::rows::{Row, Rows};
use super::input_summary::{InputSummary, TransformSummary, middle_secs};
use super::stft::columns_in;
use crate::cli::PeaksArgs;
use crate::exit::{self, Usage};
use crate::input::Input;

/// Default of the shortest tone, in windows: anything shorter is as likely noise.
const MIN_WINDOWS: f64 = 2.5;

/// JSON fields before the rows.
#[derive(Serialize)]
struct Head {
    #[serde(flatten)]
    summary: InputSummary,
    a4_hz: f64,
    threshold_dbfs: f32,
    prominence_db: f32,
    max_peaks: usize,
    #[serde(flatten)]
    transform: TransformSummary,
}

pub fn run(args: &PeaksArgs) -> Result<()> {
    let params = args.transform.params()?;
    let mut engine = StftF64::new(&params).map_err(|e| Usage(e.to_string()))?;
    let output = args.input.output(args.output.as_deref(), &args.replace)?;
    let input = args.input.read()?;
    let columns = columns_in(&input, &params)?;
    let rate = f64::from(input.sample_rate);
    let wanted = args.params();
    let mut finder =
        PeakFinder::new(&params, rate, wanted).map_err(|error| Usage(error.to_string()))?;
    let head = Head {
        summary: InputSummary::of(&input),
        a4_hz: args.a4_hz(),
        threshold_dbfs: wanted.threshold_dbfs,
        prominence_db: wanted.prominence_db,
        max_peaks: wanted.max_peaks,
        transform: TransformSummary::of(&input, &params),
    };
    let mut rows = Rows::begin(args, output.as_ref(), &head)?;
    head.summary
        .report_damage("windows that overlap a gap are left out");
    let mut column = vec![0.0; params.bins()];
    let mut peaks = Vec::new();
    let mut tones = ToneTracker::new(input.channels.len(), &params, rate);
    let by_window = MIN_WINDOWS * params.window_size as f64 / rate;
    let time = Clock {
        input: &input,
        params: &params,
        min_secs: args.min_secs.unwrap_or(by_window),
    };
    for index in 0..columns {
        let start = index * params.hop_frames;
        let frames = start..start + params.window_size;
        if input.is_lost(&(frames.start as u64..frames.end as u64)) {
            continue;
        }
        for (channel, samples) in input.channels.iter().enumerate() {
            engine.columns(&samples[frames.clone()], &mut column);
            finder.find(&column, &mut peaks);
            if args.columns {
                for peak in &peaks {
                    rows.write(&time.row_of_peak(channel, index, peak, args.a4_hz()))?;
                }
            } else {
                tones.push(channel, index as u64, &peaks);
            }
        }
        if !args.columns {
            while let Some(tone) = tones.pop() {
                time.write_tone(&tone, args, &mut rows)?;
            }
        }
        if rows.is_closed() {
            return Ok(());
        }
    }
    tones.finish();
    while let Some(tone) = tones.pop() {
        time.write_tone(&tone, args, &mut rows)?;
    }
    if rows.finish()? == 0 {
        let (what, options) = match args.columns {
            true => ("no peak".to_owned(), "--threshold and --prominence"),
            false => (
                format!("no steady tone of {:.3} s or more", time.min_secs),
                "--threshold, --prominence, --min-secs and --unsteady",
            ),
        };
        exit::say(format!(
            "{what} above {} dBFS; {options} say what counts",
            wanted.threshold_dbfs
        ));
    }
    input.is_whole()
}

/// Columns to seconds and channel numbers.
struct Clock<'a> {
    input: &'a Input,
    params: &'a StftParams,
    /// Shortest tone.
    min_secs: f64,
}

impl Clock<'_> {
    fn secs(&self, column: u64) -> f64 {
        middle_secs(self.input, self.params, column as usize)
    }

    fn row_of_peak(&self, channel: usize, column: usize, peak: &Peak, a4_hz: f64) -> Row {
        Row {
            channel: self.input.numbers[channel],
            time_secs: self.secs(column as u64),
            end_secs: None,
            hz: peak.hz,
            dbfs: peak.dbfs,
            note: peak.note(a4_hz),
        }
    }

    fn write_tone(&self, tone: &Tone, args: &PeaksArgs, rows: &mut Rows) -> Result<()> {
        if !(tone.is_steady() || args.unsteady) {
            return Ok(());
        }
        let (first, last) = (self.secs(tone.first_column), self.secs(tone.last_column));
        // Half a frame of tolerance: a hop is no round number of seconds.
        if last - first + 0.5 / f64::from(self.input.sample_rate) < self.min_secs {
            return Ok(());
        }
        rows.write(&Row {
            channel: self.input.numbers[tone.channel],
            time_secs: first,
            end_secs: Some(last),
            hz: tone.hz(),
            dbfs: tone.highest_dbfs,
            note: tone.note(args.a4_hz()),
        })
    }
}
