//! What a link asks for: the options of the command line, by the same names. Never guesses: an
//! option that is not understood is refused in words.

use bevy::prelude::Resource;
use soundfall_systems::{instruments::InstrumentChoice, spectrum::AnalysisSettings, view::View};

use crate::changes::{Change, set, switch};
use crate::values::{self, ChannelList};

/// A link's options, checked.
#[derive(Resource, Clone, Debug)]
pub struct Params {
    /// What is analysed.
    pub analysis: AnalysisSettings,
    /// What is seen.
    pub view: View,
    /// What is measured beside it.
    pub instruments: InstrumentChoice,
    /// Channels shown, where the link names them.
    pub channels: Option<ChannelList>,
    /// Changes while it runs.
    pub changes: Vec<Change>,
    /// Edges are smoothed.
    pub smooth: bool,
    /// Pictures are drawn; without them the page's own work can be measured where the processor
    /// would draw them.
    pub draw: bool,
}

/// Names that the page itself understands.
const OF_THE_PAGE: [&str; 9] = [
    "signal", "channels", "rate", "history", "seconds", "speed", "source", "coi", "test",
];

impl Params {
    /// The options of a link.
    ///
    /// # Errors
    /// Words that name the option.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut params = Self {
            analysis: AnalysisSettings::default(),
            view: View::default(),
            instruments: InstrumentChoice::default(),
            channels: None,
            changes: Vec::new(),
            smooth: true,
            draw: true,
        };
        for (name, value) in pairs {
            params
                .take(name, value)
                .map_err(|words| format!("{name}={value}: {words}"))?;
        }
        params.check()?;
        Ok(params)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "channel" => self.channels = Some(values::channels(value)?),
            "change" => {
                for change in value.split(';') {
                    self.changes.push(change.parse()?);
                }
            }
            "smooth" => self.smooth = switch(value)?,
            "draw" => self.draw = switch(value)?,
            other if OF_THE_PAGE.contains(&other) => {}
            _ => {
                if !set(
                    name,
                    value,
                    &mut self.analysis,
                    &mut self.view,
                    &mut self.instruments,
                )? {
                    return Err(
                        "no such option: a link knows those of `soundfall live --help`".to_owned(),
                    );
                }
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let analysis = &self.analysis;
        soundfall_dsp::stft::StftParams::new(
            analysis.window,
            analysis.window_size,
            analysis.hop_frames,
        )
        .map_err(|error| error.to_string())?;
        if analysis.max_hz <= analysis.min_hz {
            return Err(format!(
                "max-hz={} is not above min-hz={}",
                analysis.max_hz, analysis.min_hz
            ));
        }
        if self.view.db_max < self.view.db_min + values::LEAST_RANGE_DB {
            return Err(format!(
                "db-max={} leaves no range above db-min={}: at least {} dB",
                self.view.db_max,
                self.view.db_min,
                values::LEAST_RANGE_DB
            ));
        }
        Ok(())
    }
}
