//! First fields of every JSON output of the data commands: input, channels, span, gaps, transform.

use serde::Serialize;
use soundfall_dsp::sample::is_valid;
use soundfall_dsp::stft::StftParams;

use crate::exit;
use crate::input::Input;
use crate::output::Output;
use crate::stdout::rounded;

/// The input that was read.
#[derive(Serialize)]
pub struct InputSummary {
    /// Name of file or ring.
    input: String,
    sample_rate_hz: u32,
    /// Numbers of the channels, counted from 1.
    channels: Vec<u32>,
    /// First frame; seconds from the beginning.
    from_secs: f64,
    /// After the last frame.
    to_secs: f64,
    /// Spans lost before the ring; silent here.
    lost: Vec<Lost>,
    /// Samples of every channel that are no numbers, and count as silence.
    invalid_samples: Vec<u64>,
    /// What a file lacks that is cut off or damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
}

#[derive(Serialize)]
struct Lost {
    from_secs: f64,
    to_secs: f64,
}

impl InputSummary {
    /// Of an input.
    pub fn of(input: &Input) -> Self {
        let secs = |frame: u64| {
            let frame = frame.min(input.frames() as u64);
            rounded(
                input.from_secs + frame as f64 / f64::from(input.sample_rate),
                6,
            )
        };
        Self {
            input: input.name.clone(),
            sample_rate_hz: input.sample_rate,
            channels: input.numbers.clone(),
            from_secs: secs(0),
            to_secs: secs(u64::MAX),
            lost: input
                .gaps
                .iter()
                .filter(|gap| gap.start_frame < input.frames() as u64)
                .map(|gap| Lost {
                    from_secs: secs(gap.start_frame),
                    to_secs: secs(gap.end_frame()),
                })
                .collect(),
            invalid_samples: input
                .channels
                .iter()
                .map(|samples| samples.iter().filter(|x| !is_valid(**x)).count() as u64)
                .collect(),
            missing: input.missing.clone(),
        }
    }

    /// Prints how much of the input is no sound, if anything is: gaps and what becomes of them, and
    /// samples that are no numbers.
    pub fn report_damage(&self, gaps: &str) {
        self.report_lost(gaps);
        self.report_invalid();
    }

    fn report_invalid(&self) {
        let samples: u64 = self.invalid_samples.iter().sum();
        let on = self.channels.iter().zip(&self.invalid_samples);
        let on: Vec<String> = on
            .filter(|(_, count)| **count > 0)
            .map(|(number, _)| number.to_string())
            .collect();
        let plural = if on.len() == 1 { "" } else { "s" };
        if samples > 0 {
            exit::say(format!(
                "{}: {samples} samples of channel{plural} {} are no numbers (NaN, infinite or absurd) and count as silence",
                self.input,
                on.join(", ")
            ));
        }
    }

    fn report_lost(&self, consequence: &str) {
        if self.lost.is_empty() {
            return;
        }
        let secs: f64 = self.lost.iter().map(|l| l.to_secs - l.from_secs).sum();
        let gaps = match self.lost.len() {
            1 => "1 gap".to_owned(),
            many => format!("{many} gaps"),
        };
        exit::say(format!(
            "{}: {gaps}, {secs:.3} s lost: {consequence}",
            self.input
        ));
    }
}

/// The transform that was used.
#[derive(Serialize)]
pub struct TransformSummary {
    window: String,
    window_size_frames: usize,
    hop_frames: usize,
    fft_size_frames: usize,
    /// From one bin to the next; the first is 0 Hz.
    bin_hz: f64,
    /// From one column to the next.
    hop_secs: f64,
    /// The middle of the first window.
    first_secs: f64,
}

impl TransformSummary {
    /// Of an input under a transform.
    pub fn of(input: &Input, params: &StftParams) -> Self {
        Self {
            window: params.window.to_string(),
            window_size_frames: params.window_size,
            hop_frames: params.hop_frames,
            fft_size_frames: params.fft_size,
            bin_hz: params.bin_hz(1, f64::from(input.sample_rate)),
            hop_secs: params.hop_frames as f64 / f64::from(input.sample_rate),
            first_secs: rounded(middle_secs(input, params, 0), 6),
        }
    }
}

/// Time of a column: the middle of its window, in seconds from the beginning.
pub fn middle_secs(input: &Input, params: &StftParams, column: usize) -> f64 {
    let frame = column as f64 * params.hop_frames as f64 + params.window_size as f64 / 2.0;
    input.from_secs + frame / f64::from(input.sample_rate)
}

/// Path of a file in JSON.
pub fn written(output: &Output) -> String {
    output.path().display().to_string()
}
