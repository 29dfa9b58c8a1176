//! Options of the commands that turn sound into numbers: stft, envelope, peaks, measure.
//! Never reads a file.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use soundfall_dsp::peaks::PeakParams;
use soundfall_dsp::stft::StftParams;
use soundfall_settings::Info;

use super::settings::{Choice, SettingArgs, like};
use crate::exit::Usage;
use crate::input::{self, Input};
use crate::output::{Files, Output};
use crate::values::{self, ChannelList, points, seconds};

/// Which part of which input.
#[derive(Args, Debug)]
pub struct InputArgs {
    /// Audio file (WAV, FLAC, MP3, Ogg Vorbis, AAC) or ring.
    #[arg(value_name = "INPUT")]
    path: PathBuf,
    /// Only these channels, counted from 1, like 2 or 1,3-5.
    #[arg(long, value_name = "LIST", value_parser = like("channel", |all| Some(ChannelList(all.view.channels.clone()))))]
    channel: Option<ChannelList>,
    /// Start, in seconds from the beginning (of a ring: from its oldest frame).
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = seconds)]
    from: Option<f64>,
    /// End, in seconds from the beginning.
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = seconds)]
    to: Option<f64>,
}

/// What becomes of a file that is there.
#[derive(Args, Debug)]
pub struct ReplaceArgs {
    /// Replace a file that is there.
    #[arg(long, requires = "output")]
    overwrite: bool,
}

impl InputArgs {
    /// The array that is to be written, judged before anything is read.
    pub fn output(&self, path: Option<&Path>, replace: &ReplaceArgs) -> Result<Option<Output>> {
        let mut files = Files::new(replace.overwrite).using("what is read", Some(&self.path));
        path.map(|path| files.array(path)).transpose()
    }

    /// Reads it.
    pub fn read(&self) -> Result<Input> {
        let mut input = input::read(&self.path, self.from, self.to)?;
        if let Some(list) = &self.channel {
            input.pick(&list.0)?;
        }
        Ok(input)
    }
}

/// The transform.
#[derive(Args, Debug)]
pub struct TransformArgs {
    #[command(flatten)]
    columns: SettingArgs<Columns>,
    /// Length of the transform: windows are padded with zeros to it [default: that of the window]
    #[arg(long, value_name = "FRAMES")]
    fft_size: Option<usize>,
}

/// The settings of a transform: window, length, hop.
#[derive(Debug)]
struct Columns;

impl Choice for Columns {
    fn wanted(info: &Info) -> bool {
        ["window", "window-size", "hop"].contains(&info.name)
    }
}

impl TransformArgs {
    /// The transform, checked.
    pub fn params(&self) -> Result<StftParams> {
        let wanted = &self.columns.settings.analysis;
        let params = StftParams::new(wanted.window, wanted.window_size, wanted.hop_frames);
        let params = match self.fft_size {
            Some(size) => params.and_then(|params| params.padded_to(size)),
            None => params,
        };
        Ok(params.map_err(|error| Usage(error.to_string()))?)
    }
}

/// `soundfall stft`
#[derive(Args, Debug)]
pub struct StftArgs {
    /// Array to write (.npy).
    #[arg(short, long, value_name = "OUT.npy", required_unless_present = "json")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub replace: ReplaceArgs,
    #[command(flatten)]
    pub input: InputArgs,
    /// Describe the array as JSON on stdout; without -o, with all its values.
    #[arg(long)]
    pub json: bool,
    #[command(flatten, next_help_heading = "Transform")]
    pub transform: TransformArgs,
}

/// `soundfall envelope`
#[derive(Args, Debug)]
pub struct EnvelopeArgs {
    /// Array to write (.npy).
    #[arg(short, long, value_name = "OUT.npy", required_unless_present = "json")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub replace: ReplaceArgs,
    #[command(flatten)]
    pub input: InputArgs,
    /// Points of the envelope.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = points)]
    pub points: usize,
    /// A third value a point: the root mean square.
    #[arg(long)]
    pub rms: bool,
    /// Describe the array as JSON on stdout; without -o, with all its values.
    #[arg(long)]
    pub json: bool,
}

/// `soundfall peaks`
#[derive(Args, Debug)]
pub struct PeaksArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// Every peak of every window, instead of one line a tone.
    #[arg(long)]
    pub columns: bool,
    /// Shortest tone [default: two and a half windows]
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = seconds, conflicts_with = "columns")]
    pub min_secs: Option<f64>,
    /// Tones too whose frequency jumps about, as that of noise does.
    #[arg(long, conflicts_with = "columns")]
    pub unsteady: bool,
    /// Lowest level of a peak.
    #[arg(long, default_value = "-80", value_name = "DBFS", allow_hyphen_values = true, value_parser = like("db-min", |all| Some(all.view.db_min)))]
    threshold: f32,
    /// How far the spectrum sinks on both sides of a peak.
    #[arg(long, default_value = "10", value_name = "DB", allow_negative_numbers = true, value_parser = values::decibels)]
    prominence: f32,
    /// Most peaks of a window; the loudest are taken.
    #[arg(long = "max", default_value = "32", value_name = "N", value_parser = values::count)]
    max_peaks: usize,
    #[command(flatten)]
    notes: SettingArgs<Notes>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    /// Write the rows as numbers (.npy, float64 [rows, fields]) instead of printing them.
    #[arg(short, long, value_name = "OUT.npy")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub replace: ReplaceArgs,
    #[command(flatten, next_help_heading = "Transform")]
    pub transform: TransformArgs,
}

/// The setting that names notes.
#[derive(Debug)]
struct Notes;

impl Choice for Notes {
    fn wanted(info: &Info) -> bool {
        info.name == "a4"
    }
}

impl PeaksArgs {
    /// Frequency of A4 in Hz.
    pub fn a4_hz(&self) -> f64 {
        self.notes.settings.instruments.a4_hz
    }

    /// What counts as a peak.
    pub fn params(&self) -> PeakParams {
        PeakParams {
            threshold_dbfs: self.threshold,
            prominence_db: self.prominence,
            max_peaks: self.max_peaks,
        }
    }
}

/// `soundfall measure`
#[derive(Args, Debug)]
pub struct MeasureArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// Phase correlation and balance of two channels, like 1,2 [default: those of a stereo input]
    #[arg(long, value_name = "A,B", conflicts_with = "channel", value_parser = like("pair", |all| all.instruments.pair))]
    pub pair: Option<(u32, u32)>,
    /// Coherence of every channel to this one, counted from 1.
    #[arg(long, value_name = "N", conflicts_with = "channel", value_parser = like("reference", |all| all.instruments.reference))]
    pub reference: Option<u32>,
    /// Lower end of the band whose mean coherence is printed.
    #[arg(long, default_value = "20", value_name = "HZ", value_parser = like("min-hz", |all| Some(all.analysis.min_hz)))]
    pub min_hz: f64,
    /// Upper end of that band.
    #[arg(long, default_value = "20000", value_name = "HZ", value_parser = like("max-hz", |all| Some(all.analysis.max_hz)))]
    pub max_hz: f64,
    /// Write the coherence (.npy, float32 [channels, bins]).
    #[arg(short, long, value_name = "OUT.npy", requires = "reference")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub replace: ReplaceArgs,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten, next_help_heading = "Transform of the coherence")]
    pub transform: TransformArgs,
}
