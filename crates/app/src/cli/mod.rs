//! The command line: what can be asked for, and its first check. Never does anything.

mod args;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use soundfall_dsp::window::Window;

pub use args::{RecordArgs, RunArgs, SourceArgs, ViewArgs};

use crate::exit;
use crate::values::{points, positive_secs, seconds};

/// Live sound as a scrolling 3D landscape.
#[derive(Parser, Debug)]
#[command(name = "soundfall", version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// What to do; without one, `live`.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    live: LiveArgs,
    /// Say more on stderr; twice for developers.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl CommandLine {
    /// The command, `live` where none was named.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Live(self.live))
    }
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Capture and show.
    Live(LiveArgs),
    /// Capture into a ring, without a display.
    Capture(CaptureArgs),
    /// Show a ring that another program writes.
    View(ViewCommandArgs),
    /// Draw a picture of a file or ring off-screen.
    Render(RenderArgs),
    /// Write the spectrum as NPY: float32 [channels, columns, bins] in dBFS.
    Stft(StftArgs),
    /// Write minimum and maximum as NPY: float32 [channels, points, 2].
    Envelope(EnvelopeArgs),
    /// List the devices that record.
    Devices {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask about rings.
    #[command(subcommand)]
    Ring(RingCommand),
}

/// `soundfall ring`
#[derive(Subcommand, Debug)]
pub enum RingCommand {
    /// Header, age, fill, writer, gaps.
    Info {
        /// The ring; without it, the one that `view` would show.
        path: Option<PathBuf>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Save the history, or a span of it, as a recording.
    Save(SaveArgs),
}

/// `soundfall ring save`
#[derive(Args, Debug)]
pub struct SaveArgs {
    /// The recording: .wav (32-bit float) or .flac (24 bit, up to 8 channels).
    #[arg(value_name = "OUT.wav|.flac")]
    pub out: PathBuf,
    /// The ring; without it, the one that `view` would show.
    #[arg(long, value_name = "PATH")]
    pub ring: Option<PathBuf>,
    /// From so many seconds after the oldest frame.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub from: Option<f64>,
    /// To so many seconds after the oldest frame.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub to: Option<f64>,
    /// Replace a recording that is there.
    #[arg(long)]
    pub overwrite: bool,
}

/// `soundfall live`
#[derive(Args, Debug)]
pub struct LiveArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub record: RecordArgs,
    #[command(flatten)]
    pub view: ViewArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `soundfall capture`
#[derive(Args, Debug)]
pub struct CaptureArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    #[command(flatten)]
    pub record: RecordArgs,
    /// End after this many seconds.
    #[arg(long, value_name = "S", value_parser = positive_secs)]
    pub seconds: Option<f64>,
    /// Write the run's figures as JSON to a file, or to stdout with `-`.
    #[arg(long, value_name = "FILE|-")]
    pub stats: Option<PathBuf>,
}

/// `soundfall view`
#[derive(Args, Debug)]
pub struct ViewCommandArgs {
    /// The ring to show; without it, the first one found.
    #[arg(long, value_name = "PATH")]
    pub ring: Option<PathBuf>,
    /// Read with `pread` instead of mapping the file.
    #[arg(long)]
    pub safe_read: bool,
    #[command(flatten)]
    pub view: ViewArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

/// `soundfall render`
#[derive(Args, Debug)]
pub struct RenderArgs {
    /// Audio file or ring.
    pub input: PathBuf,
    /// Picture to write (.png).
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// The moment at the front edge, seconds from the start; the end without it.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub at: Option<f64>,
    #[command(flatten)]
    pub view: ViewArgs,
}

/// `soundfall stft`
#[derive(Args, Debug)]
pub struct StftArgs {
    /// Audio file or ring.
    pub input: PathBuf,
    /// Array to write (.npy).
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Window length in frames.
    #[arg(long, default_value_t = 2048, value_name = "FRAMES")]
    pub window_size: usize,
    /// Frames from one column to the next.
    #[arg(long, default_value_t = 512, value_name = "FRAMES")]
    pub hop: usize,
    /// hann hamming blackman blackman-harris nuttall flat-top kaiser:BETA gaussian:SIGMA rect
    #[arg(long, default_value = "hann", value_name = "NAME")]
    pub window: Window,
    #[command(flatten)]
    pub part: PartArgs,
}

/// `soundfall envelope`
#[derive(Args, Debug)]
pub struct EnvelopeArgs {
    /// Audio file or ring.
    pub input: PathBuf,
    /// Array to write (.npy).
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Points of the envelope.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = points)]
    pub points: usize,
    #[command(flatten)]
    pub part: PartArgs,
}

/// Which part of the input.
#[derive(Args, Debug)]
pub struct PartArgs {
    /// Only this channel, counted from 1.
    #[arg(long, value_name = "N")]
    pub channel: Option<u32>,
    /// Start, in seconds from the beginning.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub from: Option<f64>,
    /// End, in seconds from the beginning.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub to: Option<f64>,
}

/// Reads the command line. An error is said in one line; help and version go to stdout.
///
/// # Errors
/// The exit code to end with.
#[expect(clippy::print_stdout, reason = "help goes to stdout")]
pub fn parse() -> Result<CommandLine, ExitCode> {
    CommandLine::try_parse().map_err(|error| {
        if !error.use_stderr() {
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        let text = error.to_string();
        let words: Vec<&str> = text
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty() && !line.starts_with("Usage:"))
            .filter(|line| !line.is_empty())
            .collect();
        let line = words.join(" ");
        exit::say(format!(
            "{} (--help shows what can be asked)",
            line.trim_start_matches("error: ")
        ));
        ExitCode::from(2)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::values::size;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn live_is_the_default() {
        let line = CommandLine::try_parse_from(["soundfall", "--signal", "chord"]).unwrap();
        assert!(matches!(line.into_command(), Command::Live(_)));
    }

    #[test]
    fn sizes_and_channels_are_read() {
        assert_eq!(size("1920x1080").unwrap(), (1920, 1080));
        for bad in ["0x0", "12", "999999x999999", "-1x5", "x"] {
            assert!(size(bad).is_err(), "{bad}");
        }
        assert_eq!(crate::values::channels("1,3-5").unwrap().0, [0, 2, 3, 4]);
        for bad in ["0", "", "5-3", "a", "1-99999"] {
            assert!(crate::values::channels(bad).is_err(), "{bad}");
        }
    }
}
