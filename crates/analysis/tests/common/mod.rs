//! Sounds and requests that several tests use.
#![allow(dead_code, reason = "each test uses its part")]

use soundfall_analysis::{InstrumentsId, InstrumentsRequest, Recording, RowsRequest};
use soundfall_dsp::instruments::{InstrumentSet, InstrumentSettings};
use soundfall_dsp::rows::RowSpan;
use soundfall_dsp::scale::{FrequencyAxis, Scale};
use soundfall_dsp::stft::StftParams;
use soundfall_dsp::window::Window;

pub const RATE: u32 = 48_000;

/// A sine of 440 Hz, 880 Hz and so on, at −6 dBFS.
pub fn sine(channel: usize, frames: usize) -> Vec<f32> {
    let hz = 440.0 * (channel + 1) as f64;
    (0..frames)
        .map(|i| ((std::f64::consts::TAU * hz * i as f64 / f64::from(RATE)).sin() * 0.5) as f32)
        .collect()
}

pub fn recording(channels: usize, frames: usize) -> Recording {
    let planes = (0..channels).map(|channel| sine(channel, frames)).collect();
    Recording::from_planes(RATE, planes).unwrap()
}

/// Six columns of channels 1 and 0, single ones and maxima of two.
pub fn rows(start_frame: u64) -> RowsRequest {
    RowsRequest {
        start_frame,
        span: RowSpan {
            columns: start_frame / 64..start_frame / 64 + 6,
            mips: 0..2,
            every: 1,
        },
        stft: StftParams::new(Window::Hann, 256, 64).unwrap(),
        axis: FrequencyAxis::new(Scale::Log, 50.0, 20_000.0, 64).unwrap(),
        channels: vec![1, 0],
    }
}

pub fn settings(channels: usize, bins: usize, wanted: InstrumentSet) -> InstrumentSettings {
    let axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, bins).unwrap();
    let mut settings = InstrumentSettings::new(StftParams::default(), axis, RATE, channels);
    settings.wanted = wanted;
    settings
}

pub fn instruments(channels: Vec<u32>, end_frame: u64) -> InstrumentsRequest {
    InstrumentsRequest {
        id: InstrumentsId::unique(),
        settings: settings(channels.len(), 256, InstrumentSet::ALL),
        channels,
        restarts: 0,
        first_frame: 0,
        end_frame,
    }
}
