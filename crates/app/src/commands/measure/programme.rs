//! Loudness of all channels together, after EBU R128. Never guesses a layout that the number of
//! channels does not tell.

use serde::Serialize;
use soundfall_dsp::meter::{LoudnessError, LoudnessMeter, Role};

use super::channels::heard;
use crate::input::Input;
use crate::stdout::rounded;

/// How often momentary loudness is read, per second. EBU Tech 3341 wants ten; a hundred finds the
/// maximum of 0.4 s wherever it begins.
const MOMENTARY_READS: u32 = 100;
/// The same for short-term loudness.
const SHORT_TERM_READS: u32 = 10;

/// The programme.
#[derive(Serialize)]
pub struct Programme {
    /// As what the channels are weighted.
    pub layout: &'static str,
    /// None where nothing passes the gate.
    pub integrated_lufs: Option<f64>,
    /// From short-term loudness every 0.1 s; none in less than 3 s.
    pub range_lu: Option<f64>,
    pub max_momentary_lufs: Option<f64>,
    pub max_short_term_lufs: Option<f64>,
    pub true_peak_dbtp: Option<f64>,
}

impl Programme {
    /// The programme, and the true peak of every channel (dBTP).
    pub fn measure(input: &Input) -> Result<(Self, Vec<Option<f64>>), LoudnessError> {
        let count = input.channels.len();
        let mut meter = LoudnessMeter::exact(input.sample_rate, &Role::usual(count))?;
        let step = (input.sample_rate / MOMENTARY_READS).max(1) as usize;
        let mut momentary = Maximum::default();
        let mut short_term = Maximum::default();
        let mut slices: Vec<&[f32]> = Vec::with_capacity(count);
        for (read, first) in (0..input.frames()).step_by(step).enumerate() {
            let end = (first + step).min(input.frames());
            slices.clear();
            slices.extend(input.channels.iter().map(|samples| &samples[first..end]));
            meter.push(&slices);
            momentary.take(meter.momentary_lufs());
            let every = (MOMENTARY_READS / SHORT_TERM_READS) as usize;
            if read % every == every - 1 || end == input.frames() {
                short_term.take(meter.short_term_lufs());
            }
        }
        let figure = |value: Option<f64>| value.map(|value| rounded(value, 3));
        let programme = Self {
            layout: layout(count),
            integrated_lufs: figure(meter.integrated_lufs()),
            range_lu: figure(meter.range_lu()),
            max_momentary_lufs: figure(momentary.0),
            max_short_term_lufs: figure(short_term.0),
            true_peak_dbtp: figure(heard(meter.highest_true_peak_dbtp())),
        };
        let peaks = (0..count).map(|channel| meter.true_peak_dbtp(channel));
        Ok((programme, peaks.collect()))
    }
}

#[derive(Default)]
struct Maximum(Option<f64>);

impl Maximum {
    fn take(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.0 = Some(self.0.map_or(value, |highest| highest.max(value)));
        }
    }
}

/// What [`Role::usual`] takes a number of channels for.
fn layout(count: usize) -> &'static str {
    match count {
        1 => "mono",
        2 => "stereo",
        3 => "3.0",
        4 => "quadrophonic",
        5 => "5.0",
        6 => "5.1 (L R C LFE Ls Rs)",
        _ => "equal weights",
    }
}
