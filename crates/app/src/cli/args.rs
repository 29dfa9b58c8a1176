//! Options shared by several commands, and what they mean in the libraries' terms.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use soundfall_capture::{CaptureConfig, Signal, SourceSpec};
use soundfall_dsp::{
    colormap::Colormap, instruments::InstrumentSet, scale::Scale, stft::StftParams, window::Window,
};
use soundfall_systems::{
    instruments::InstrumentChoice,
    analysis::AnalysisSettings,
    view::{MAX_CHANNELS, View},
};

use crate::changes::Change;
use crate::exit::Usage;
use crate::values::{self, ChannelList};

/// Where the sound comes from.
#[derive(Args, Debug, Clone)]
pub struct SourceArgs {
    /// Device by id, name or unique part of the name.
    #[arg(long, value_name = "NAME|ID", conflicts_with_all = ["file", "signal"])]
    pub device: Option<String>,
    /// What the computer plays: the default output's monitor, or that of --device.
    #[arg(long, conflicts_with_all = ["file", "signal"])]
    pub loopback: bool,
    /// Audio file, in real time.
    #[arg(long, value_name = "PATH", conflicts_with = "signal")]
    pub file: Option<PathBuf>,
    /// Play the file again and again.
    #[arg(long = "loop", requires = "file")]
    pub looped: bool,
    /// Speed of the file.
    #[arg(long, value_name = "X", requires = "file")]
    pub speed: Option<f64>,
    /// Built-in signal: sine[:HZ] chirp chord clicks white pink sweep-pair demo silence
    #[arg(long, value_name = "NAME")]
    pub signal: Option<Signal>,
    /// Channels to capture.
    #[arg(long, value_name = "N")]
    pub channels: Option<u32>,
    /// Sample rate.
    #[arg(long, value_name = "HZ")]
    pub rate: Option<u32>,
    /// Ring file to write.
    #[arg(long, value_name = "PATH")]
    pub ring: Option<PathBuf>,
    /// Seconds of history the ring holds.
    #[arg(long, value_name = "SECS", default_value_t = 30.0)]
    pub history: f64,
}

impl SourceArgs {
    /// The capture that was asked for.
    pub fn config(&self) -> CaptureConfig {
        let source = match (&self.signal, &self.file) {
            (Some(signal), _) => SourceSpec::Signal(*signal),
            (None, Some(path)) => SourceSpec::File {
                path: path.clone(),
                looped: self.looped,
                speed: self.speed.unwrap_or(1.0),
            },
            (None, None) => SourceSpec::Device {
                name: self.device.clone(),
            },
        };
        let mut config = CaptureConfig::new(source);
        config.loopback = self.loopback;
        config.channels = self.channels;
        config.sample_rate = self.rate;
        config.history_secs = self.history;
        config.ring_path.clone_from(&self.ring);
        config
    }

    /// No source was named: the default device, or the demo.
    pub fn is_open(&self) -> bool {
        self.device.is_none() && self.file.is_none() && self.signal.is_none() && !self.loopback
    }

    /// What the user calls it.
    pub fn name(&self, label: &str) -> String {
        match (&self.signal, &self.file) {
            (Some(signal), _) => format!("signal {signal}"),
            (None, Some(path)) => path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            (None, None) => label.to_owned(),
        }
    }
}

/// Where the sound is written down meanwhile.
#[derive(Args, Debug, Clone)]
pub struct RecordArgs {
    /// Record what is captured: .wav (32-bit float) or .flac (24 bit, up to 8 channels).
    #[arg(long, value_name = "OUT.wav|.flac")]
    pub record: Option<PathBuf>,
    /// Replace a recording that is there.
    #[arg(long, requires = "record")]
    pub overwrite: bool,
}

/// How it is analysed and shown.
#[derive(Args, Debug, Clone)]
pub struct ViewArgs {
    /// Window length in frames.
    #[arg(long, default_value_t = 2048, value_name = "FRAMES")]
    pub window_size: usize,
    /// Frames from one column to the next.
    #[arg(long, default_value_t = 512, value_name = "FRAMES")]
    pub hop: usize,
    /// hann hamming blackman blackman-harris nuttall flat-top kaiser:BETA gaussian:SIGMA rect
    #[arg(long, default_value = "hann", value_name = "NAME")]
    pub window: Window,
    /// Frequency axis: linear log mel bark erb
    #[arg(long, default_value = "log", value_name = "NAME")]
    pub scale: Scale,
    /// Lower end of the frequency axis.
    #[arg(long, default_value = "30", value_name = "HZ", value_parser = values::hertz)]
    pub min_hz: f64,
    /// Upper end of the frequency axis.
    #[arg(long, default_value = "20000", value_name = "HZ", value_parser = values::hertz)]
    pub max_hz: f64,
    /// Level at the floor, dBFS.
    #[arg(long, default_value = "-90", value_name = "DBFS", allow_hyphen_values = true, value_parser = values::dbfs)]
    pub db_min: f32,
    /// Level at the top, dBFS.
    #[arg(long, default_value = "-6", value_name = "DBFS", allow_hyphen_values = true, value_parser = values::dbfs)]
    pub db_max: f32,
    /// viridis plasma inferno magma cividis turbo grey aurora
    #[arg(long, default_value = "viridis", value_name = "NAME")]
    pub colormap: Colormap,
    /// Seconds shown.
    #[arg(long, default_value = "10", value_name = "SECS", value_parser = values::span_secs)]
    pub span: f64,
    /// Channels shown, like 1,3-5; all (up to 64) without it.
    #[arg(long, value_name = "LIST", value_parser = values::channels)]
    pub channel: Option<ChannelList>,
    /// Instruments shown, a comma list: peaks average hold meters loudness stereo coherence; all
    #[arg(long, default_value = "none", value_name = "LIST")]
    pub show: InstrumentSet,
    /// Two channels for phase correlation and goniometer, like 1,2; the first two without it.
    #[arg(long, value_name = "A,B", value_parser = values::pair)]
    pub pair: Option<(u32, u32)>,
    /// The channel that coherence is measured to; the first one without it.
    #[arg(long, value_name = "N", value_parser = values::channel)]
    pub reference: Option<u32>,
    /// Frequency of A4, for the names of notes.
    #[arg(long, default_value = "440", value_name = "HZ", value_parser = values::a4_hz)]
    pub a4: f64,
    /// Show the performance overlay.
    #[arg(long)]
    pub overlay: bool,
    /// Size of the window or picture in pixels.
    #[arg(long, default_value = "1600x900", value_name = "WxH", value_parser = values::size)]
    pub size: (u32, u32),
}

impl ViewArgs {
    /// What can be refused before there is a source; `rate` where it was asked for.
    pub fn check(&self, rate: Option<u32>) -> Result<()> {
        let analysis = self.analysis()?;
        let axis = analysis.axis(rate.unwrap_or(384_000 * 2), 512);
        axis.map_err(|e| Usage(format!("--min-hz and --max-hz: {e}")))?;
        if self.db_max < self.db_min + values::LEAST_RANGE_DB {
            return Err(Usage(format!(
                "--db-max {} leaves no range above --db-min {}: at least {} dB",
                self.db_max,
                self.db_min,
                values::LEAST_RANGE_DB
            ))
            .into());
        }
        Ok(())
    }

    /// The analysis that was asked for.
    pub fn analysis(&self) -> Result<AnalysisSettings> {
        StftParams::new(self.window, self.window_size, self.hop)
            .map_err(|e| Usage(e.to_string()))?;
        if self.max_hz <= self.min_hz {
            return Err(Usage(format!(
                "--max-hz {} is not above --min-hz {}",
                self.max_hz, self.min_hz
            ))
            .into());
        }
        Ok(AnalysisSettings {
            window: self.window,
            window_size: self.window_size,
            hop_frames: self.hop,
            scale: self.scale,
            min_hz: self.min_hz,
            max_hz: self.max_hz,
        })
    }

    /// The view that was asked for, of a ring with so many channels.
    pub fn view(&self, channels: u32) -> Result<View> {
        let shown = match &self.channel {
            Some(list) => list.0.clone(),
            None => (0..channels.min(MAX_CHANNELS as u32)).collect(),
        };
        if let Some(beyond) = shown.iter().find(|channel| **channel >= channels) {
            return Err(Usage(format!(
                "--channel {}: the source has channels 1 to {channels}",
                beyond + 1
            ))
            .into());
        }
        Ok(View {
            span_secs: self.span,
            db_min: self.db_min,
            db_max: self.db_max,
            colormap: self.colormap,
            channels: shown,
            overlay: self.overlay,
            ..View::default()
        })
    }
}

impl ViewArgs {
    /// The instruments that were asked for, on a ring with so many channels.
    pub fn instruments(&self, channels: u32) -> Result<InstrumentChoice> {
        let shown = self.view(channels)?.channels;
        let pair = self.pair.map(|(left, right)| (left - 1, right - 1));
        let reference = self.reference.map(|channel| channel - 1);
        let named = pair
            .into_iter()
            .flat_map(|(left, right)| [("--pair", left), ("--pair", right)])
            .chain(reference.map(|channel| ("--reference", channel)));
        for (option, channel) in named {
            if !shown.contains(&channel) {
                return Err(Usage(format!(
                    "{option}: channel {} is not among the {} shown",
                    channel + 1,
                    shown.len()
                ))
                .into());
            }
        }
        Ok(InstrumentChoice {
            shown: self.show,
            a4_hz: self.a4,
            pair,
            reference,
            ..InstrumentChoice::default()
        })
    }
}

/// How a display runs.
#[derive(Args, Debug, Clone)]
pub struct RunArgs {
    /// No window: off-screen, drawn only when a picture is asked for.
    #[arg(long)]
    pub headless: bool,
    /// Draw every frame, off-screen too.
    #[arg(long)]
    pub draw: bool,
    /// End after this many seconds.
    #[arg(long, value_name = "S", value_parser = values::positive_secs)]
    pub seconds: Option<f64>,
    /// Save a picture at the end.
    #[arg(long, value_name = "OUT.png")]
    pub snapshot: Option<PathBuf>,
    /// Save a numbered picture every so many seconds.
    #[arg(long, value_name = "SECS", value_parser = values::positive_secs)]
    pub snapshot_every: Option<f64>,
    /// Change a setting while it runs, for shows and tests: --change 3:window-size=8192. Can be
    /// given many times; knows the options of view and analysis.
    #[arg(long = "change", value_name = "SECS:NAME=VALUE", value_parser = change)]
    pub changes: Vec<Change>,
    /// Write the run's figures as JSON to a file, or to stdout with `-`.
    #[arg(long, value_name = "FILE|-")]
    pub stats: Option<PathBuf>,
}

fn change(text: &str) -> Result<Change, String> {
    text.parse()
}
