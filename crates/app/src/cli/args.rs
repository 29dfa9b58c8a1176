//! Options shared by several commands, and what they mean in the libraries' terms.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, Args};
use soundfall_capture::{CaptureConfig, Signal, SourceSpec};
use soundfall_settings::{
    AnalysisSettings, AnySettings, Info, InstrumentChoice, MAX_CHANNELS, ProgramSettings, Scope,
    StreamSettings, ViewSettings,
};

use super::settings::{Choice, SettingArgs, usage};
use crate::changes::{self, Change};
use crate::exit::Usage;
use crate::output::{Files, Output};
use crate::stats::StatsTo;
use crate::values;

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
    /// Built-in signal.
    #[arg(long, value_name = "NAME", help = format!("Built-in signal: {}", Signal::NAMES.join(", ")))]
    pub signal: Option<Signal>,
    #[command(flatten)]
    shape: SettingArgs<Shape>,
    /// Ring file to write.
    #[arg(long, value_name = "PATH")]
    pub ring: Option<PathBuf>,
}

/// The settings of the stream.
#[derive(Debug)]
struct Shape;

impl Choice for Shape {
    fn wanted(info: &Info) -> bool {
        info.scope == Scope::Stream
    }

    fn adapt(arg: Arg) -> Arg {
        match arg.get_id().as_str() {
            "speed" => arg.requires("file"),
            _ => arg,
        }
    }
}

impl SourceArgs {
    /// The files that the capture uses: nothing may be written over them.
    pub fn files(&self, overwrite: bool) -> Files {
        let files = Files::new(overwrite).using("the file that is played", self.file.as_deref());
        // Where no ring is named, it goes to one of these.
        let rings = match &self.ring {
            Some(ring) => vec![ring.clone()],
            None => soundfall_ring_file::ring_candidates(),
        };
        rings
            .iter()
            .fold(files, |files, ring| files.capturing(ring))
    }

    /// The shape of the stream.
    pub fn stream(&self) -> &StreamSettings {
        &self.shape.settings.stream
    }

    /// The capture that was asked for.
    pub fn config(&self) -> CaptureConfig {
        let source = match (&self.signal, &self.file) {
            (Some(signal), _) => SourceSpec::Signal(*signal),
            (None, Some(path)) => SourceSpec::File {
                path: path.clone(),
                looped: self.looped,
                speed: self.stream().speed,
            },
            (None, None) => SourceSpec::Device {
                name: self.device.clone(),
            },
        };
        let mut config = CaptureConfig::new(source);
        config.loopback = self.loopback;
        config.channels = self.stream().channels;
        config.sample_rate = self.stream().sample_rate;
        config.history_secs = self.stream().history_secs;
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
    /// Replace files that are there: recording, picture, figures.
    #[arg(long)]
    pub overwrite: bool,
}

/// How it is analysed and shown.
pub type ViewArgs = SettingArgs<Shown>;

/// The settings of everything that is seen.
#[derive(Debug)]
pub struct Shown;

impl Choice for Shown {
    fn wanted(info: &Info) -> bool {
        match info.scope {
            Scope::Stream => false,
            Scope::Analysis | Scope::View | Scope::Instruments => true,
            Scope::Program => info.name != Ends::NAME,
        }
    }
}

impl ViewArgs {
    /// What can be refused before there is a source; `rate` where it was asked for.
    pub fn check(&self, rate: Option<u32>) -> Result<()> {
        self.settings.check().map_err(|error| usage(&error))?;
        if let Some(rate) = rate {
            let axis = self.settings.analysis.axis(rate, 512);
            axis.map_err(|error| usage(&error.into()))?;
        }
        Ok(())
    }

    /// The analysis that was asked for.
    pub fn analysis(&self) -> Result<AnalysisSettings> {
        let analysis = &self.settings.analysis;
        analysis.check().map_err(|error| usage(&error))?;
        Ok(analysis.clone())
    }

    /// The view that was asked for, of a source with so many channels: all of them (up to 64)
    /// where none were named.
    pub fn view(&self, channels: u32) -> Result<ViewSettings> {
        let mut view = self.settings.view.clone();
        if !self.is_given("channel") {
            view.channels = (0..channels.min(MAX_CHANNELS as u32)).collect();
        }
        if let Some(beyond) = view.channels.iter().find(|channel| **channel >= channels) {
            return Err(Usage(format!(
                "--channel {}: the source has channels 1 to {channels}",
                beyond + 1
            ))
            .into());
        }
        Ok(view)
    }

    /// The instruments that were asked for, on a source with so many channels.
    pub fn instruments(&self, channels: u32) -> Result<InstrumentChoice> {
        let shown = self.view(channels)?.channels;
        let choice = self.settings.instruments.clone();
        let named = choice
            .pair
            .into_iter()
            .flat_map(|(left, right)| [("--pair", left), ("--pair", right)])
            .chain(choice.reference.map(|channel| ("--reference", channel)));
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
        Ok(choice)
    }

    /// What surrounds the picture.
    pub fn program(&self) -> ProgramSettings {
        self.settings.program.clone()
    }
}

/// The setting that ends a run.
#[derive(Debug)]
pub struct Ends;

impl Ends {
    const NAME: &'static str = "seconds";
}

impl Choice for Ends {
    fn wanted(info: &Info) -> bool {
        info.name == Self::NAME
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
    #[command(flatten)]
    pub end: SettingArgs<Ends>,
    /// Save a picture at the end.
    #[arg(long, value_name = "OUT.png")]
    pub snapshot: Option<PathBuf>,
    /// Save a numbered picture every so many seconds.
    #[arg(long, value_name = "SECS", value_parser = values::positive_secs)]
    pub snapshot_every: Option<f64>,
    /// Change a setting while it runs, for shows and tests: --change 3:window-size=8192. Can be
    /// given many times; knows the settings of analysis, view and instruments, panel and overlay.
    #[arg(long = "change", value_name = "SECS:NAME=VALUE")]
    pub changes: Vec<Change>,
    /// Write the run's figures as JSON to a file, or to stdout with `-`.
    #[arg(long, value_name = "FILE|-")]
    pub stats: Option<PathBuf>,
}

/// The files that a display writes, judged.
#[derive(Clone, Debug)]
pub struct RunFiles {
    /// The picture at the end.
    pub snapshot: Option<Output>,
    /// Stands for the pictures on the way.
    pub numbered: Option<Output>,
    /// The figures.
    pub stats: Option<StatsTo>,
    /// For those that are only wanted later.
    pub files: Files,
}

/// Name of a picture that nobody named, without its ending.
pub const PICTURE: &str = "soundfall";

impl RunArgs {
    /// Refuses changes to channels that a source with so many does not have.
    pub fn check(&self, channels: u32) -> Result<()> {
        let checked = changes::check(&self.changes, channels);
        Ok(checked.map_err(|error| Usage(format!("--change {error}")))?)
    }

    /// Judges the files that are to be written, before anything is captured or shown.
    pub fn files(&self, mut files: Files) -> Result<RunFiles> {
        let named = self.snapshot.as_deref();
        let snapshot = named.map(|path| files.picture("--snapshot", path));
        let unnamed = PathBuf::from(format!("{PICTURE}.png"));
        let numbered = self
            .snapshot_every
            .map(|_| files.numbered_pictures(named.unwrap_or(&unnamed)));
        Ok(RunFiles {
            snapshot: snapshot.transpose()?,
            numbered: numbered.transpose()?,
            stats: StatsTo::judge(self.stats.as_deref(), &mut files)?,
            files,
        })
    }
}
