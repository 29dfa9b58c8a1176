//! The command line: what can be asked for, and its first check. Never does anything.

mod args;
mod data;
mod help;
mod settings;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand};

pub use args::{Ends, PICTURE, RecordArgs, RunArgs, RunFiles, SourceArgs, ViewArgs};
pub use data::{EnvelopeArgs, MeasureArgs, PeaksArgs, StftArgs};
pub use settings::SettingArgs;

use crate::exit;
use crate::values::seconds;

/// Live sound as a scrolling 3D landscape.
#[derive(Parser, Debug)]
#[command(
    name = "soundfall",
    version,
    args_conflicts_with_subcommands = true,
    after_help = help::PROGRAM
)]
pub struct CommandLine {
    /// Say more on stderr; twice for developers.
    #[arg(short, long, global = true, display_order = 998, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do; without one, `live`.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    live: LiveArgs,
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
    /// Explore a recording of any length: pan, zoom, play.
    Open(OpenArgs),
    /// Draw a picture of a file or ring off-screen.
    #[command(after_help = help::RENDER)]
    Render(RenderArgs),
    /// Write the spectrum as NPY (or JSON): [channels, columns, bins] in dBFS.
    #[command(after_help = help::STFT)]
    Stft(StftArgs),
    /// Write minimum and maximum as NPY (or JSON): [channels, points, 2].
    #[command(after_help = help::ENVELOPE)]
    Envelope(EnvelopeArgs),
    /// List the tones: time, frequency, level, note, cents.
    #[command(after_help = help::PEAKS)]
    Peaks(PeaksArgs),
    /// Measure levels, loudness, correlation and coherence.
    #[command(after_help = help::MEASURE)]
    Measure(MeasureArgs),
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
    #[command(flatten, next_help_heading = "Source")]
    pub source: SourceArgs,
    #[command(flatten, next_help_heading = "Recording")]
    pub record: RecordArgs,
    #[command(flatten, next_help_heading = "Analysis and view")]
    pub view: ViewArgs,
    #[command(flatten, next_help_heading = "Run")]
    pub run: RunArgs,
}

/// `soundfall capture`
#[derive(Args, Debug)]
pub struct CaptureArgs {
    #[command(flatten, next_help_heading = "Source")]
    pub source: SourceArgs,
    #[command(flatten, next_help_heading = "Recording")]
    pub record: RecordArgs,
    #[command(flatten, next_help_heading = "Run")]
    pub end: SettingArgs<Ends>,
    /// Write the run's figures as JSON to a file, or to stdout with `-`.
    #[arg(long, value_name = "FILE|-", help_heading = "Run")]
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
    #[command(flatten, next_help_heading = "Analysis and view")]
    pub view: ViewArgs,
    #[command(flatten, next_help_heading = "Run")]
    pub run: RunArgs,
    /// Replace files that are there: picture, figures.
    #[arg(long, help_heading = "Run")]
    pub overwrite: bool,
}

/// `soundfall open`
#[derive(Args, Debug)]
pub struct OpenArgs {
    /// Audio file: WAV, FLAC, Ogg, MP3, AAC and others.
    pub file: PathBuf,
    /// The moment at the front edge, seconds from the start; without it the end of what is shown.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub at: Option<f64>,
    #[command(flatten, next_help_heading = "Analysis and view")]
    pub view: ViewArgs,
    #[command(flatten, next_help_heading = "Run")]
    pub run: RunArgs,
    /// Replace files that are there: picture, figures.
    #[arg(long, help_heading = "Run")]
    pub overwrite: bool,
}

/// `soundfall render`
#[derive(Args, Debug)]
pub struct RenderArgs {
    /// Audio file or ring.
    pub input: PathBuf,
    /// Picture to write (.png).
    #[arg(short, long, value_name = "OUT.png")]
    pub output: PathBuf,
    /// Replace a picture that is there.
    #[arg(long)]
    pub overwrite: bool,
    /// The moment at the front edge, seconds from the start; the end without it.
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = seconds)]
    pub at: Option<f64>,
    #[command(flatten, next_help_heading = "Analysis and view")]
    pub view: ViewArgs,
}

/// Reads the command line. An error is said in one line; help and version go to stdout.
///
/// # Errors
/// The exit code to end with.
pub fn parse() -> Result<CommandLine, ExitCode> {
    CommandLine::try_parse().map_err(|error| {
        if !error.use_stderr() {
            // Who reads the first lines only has got what was wanted.
            let _ = write!(std::io::stdout(), "{error}");
            return ExitCode::SUCCESS;
        }
        exit::say(format!(
            "{} (--help shows what can be asked)",
            complaint(&error)
        ));
        ExitCode::from(2)
    })
}

/// What is wrong with the command line, in one line.
fn complaint(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the command is not complete: what to do is missing".to_owned();
    }
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && std::path::Path::new(word).is_file()
    {
        return format!(
            "{word} is a file, not a command: `soundfall open {word}` explores it, --file {word} plays and shows it, `soundfall render {word} -o OUT.png` draws it"
        );
    }
    let text = error.to_string();
    let words: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .filter(|line| !line.is_empty())
        .collect();
    let line = words.join(" ").replace(" tip:", "; tip:");
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
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
}
