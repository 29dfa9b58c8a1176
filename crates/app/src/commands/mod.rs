//! One module per command.

mod capture;
mod devices;
mod display;
mod envelope;
mod input_summary;
mod live;
mod measure;
mod open;
mod peaks;
mod record;
mod render;
mod ring;
mod save;
mod stft;
mod view;

use anyhow::Result;

use crate::cli::{Command, CommandLine, RingCommand};

/// Runs the command.
pub fn run(line: CommandLine) -> Result<()> {
    let verbose = line.verbose;
    match line.into_command() {
        Command::Live(args) => live::run(&args, verbose),
        Command::Capture(args) => capture::run(&args),
        Command::View(args) => view::run(&args, verbose),
        Command::Open(args) => open::run(&args, verbose),
        Command::Render(args) => render::run(&args),
        Command::Stft(args) => stft::run(&args),
        Command::Envelope(args) => envelope::run(&args),
        Command::Peaks(args) => peaks::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Devices { json } => devices::run(json),
        Command::Ring(RingCommand::Info { path, json }) => ring::run(path, json),
        Command::Ring(RingCommand::Save(args)) => save::run(&args),
    }
}
