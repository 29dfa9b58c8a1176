//! What a link asks for: settings by the names they have on the command line, and what only a page
//! knows. Never guesses: what is not understood is refused by name.

use bevy::prelude::Resource;
use soundfall_settings::{
    MAX_CHANNELS, Scope, SettingError, Settings, all, find, page::LINK_OPTIONS,
};
use thiserror::Error;

use crate::changes::{Change, ChangeError};

/// A link's options, checked.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// The settings.
    pub settings: Settings,
    /// Channels shown (from 0), where the link names them; otherwise all of the source.
    pub channels: Option<Vec<u32>>,
    /// Changes while it runs.
    pub changes: Vec<Change>,
    /// Pictures are left out, so that the page's own work can be measured where the processor
    /// would draw them.
    pub undrawn: bool,
}

/// Why a link cannot be followed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum LinkError {
    /// There is no such option.
    #[error("{name}={value}: no such option; docs/settings.md lists what a link knows")]
    Unknown {
        /// The option.
        name: String,
        /// What it was to be.
        value: String,
    },
    /// A setting cannot have the value, or not beside the others.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A change that cannot be.
    #[error("change={0}: {1}")]
    Change(String, Box<ChangeError>),
    /// Neither on nor off.
    #[error("draw={0}: give on or off")]
    Draw(String),
}

impl Params {
    /// The options of a link.
    ///
    /// # Errors
    /// [`LinkError`], naming the option.
    pub fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LinkError> {
        let mut params = Self::default();
        for (name, value) in pairs {
            params.take(name, value)?;
        }
        params.settings.check()?;
        Ok(params)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), LinkError> {
        match name {
            "change" => {
                for change in value.split(';') {
                    let parsed = change.parse();
                    let parsed = parsed
                        .map_err(|error| LinkError::Change(change.to_owned(), Box::new(error)))?;
                    self.changes.push(parsed);
                }
            }
            "draw" => {
                self.undrawn = match value {
                    "" | "1" | "true" | "on" => false,
                    "0" | "false" | "off" => true,
                    _ => return Err(LinkError::Draw(value.to_owned())),
                };
            }
            // The page does these by itself.
            _ if LINK_OPTIONS.iter().any(|(other, _)| *other == name) => {}
            _ if find(name).is_none() => {
                return Err(LinkError::Unknown {
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
            }
            _ => {
                self.settings.set(name, value)?;
                if name == "channel" {
                    self.channels = Some(self.settings.view.channels.clone());
                }
            }
        }
        Ok(())
    }
}

/// What a link has to say so that everything that can be changed while the program runs becomes as it
/// is here: names and values. The channels are named only where they are not all of the `there` that the
/// source has.
pub fn to_link(settings: &Settings, there: u32) -> Vec<(&'static str, String)> {
    let every = (0..there).take(MAX_CHANNELS);
    let all_shown = settings.view.channels.iter().copied().eq(every);
    all()
        .filter(|info| info.is_live() && info.scope != Scope::Stream)
        .filter(|info| info.name != "channel" || !all_shown)
        .filter_map(|info| Some((info.name, settings.get(info.name).ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_link_is_read() {
        let pairs = [
            ("colormap", "turbo"),
            ("panel", "0"),
            ("channel", "2-3"),
            ("draw", "off"),
            ("change", "1:span=4;2:view[0].hop=64"),
            ("signal", "demo"),
        ];
        let params = Params::read(pairs).unwrap();
        assert_eq!(params.settings.get("colormap").unwrap(), "turbo");
        assert!(!params.settings.program.panel && params.undrawn);
        assert_eq!(params.channels.unwrap(), [1, 2]);
        assert_eq!(params.changes.len(), 2);
        assert_eq!(Params::read([]).unwrap(), Params::default());
    }

    #[test]
    fn a_link_brings_back_everything_that_was_changed() {
        let changed = [
            ("colormap", "turbo"),
            ("window", "kaiser:9.5"),
            ("window-size", "8192"),
            ("span", "3.25"),
            ("db-min", "-72.5"),
            ("panel", "off"),
            ("show", "peaks,meters"),
            ("channel", "2-3,5"),
        ];
        let mut settings = Settings::default();
        for (name, value) in changed {
            settings.set(name, value).unwrap();
        }
        let pairs = to_link(&settings, 8);
        let read = Params::read(pairs.iter().map(|(name, value)| (*name, value.as_str()))).unwrap();
        assert_eq!(read.settings, settings);
        assert_eq!(read.channels.unwrap(), [1, 2, 4]);
        // Everything live but the stream's, each once, and nothing that only a start can settle.
        let names: Vec<_> = pairs.iter().map(|(name, _)| *name).collect();
        assert!(names.contains(&"overlay") && names.contains(&"gamma"));
        assert!(!names.contains(&"size") && !names.contains(&"history"));
    }

    #[test]
    fn all_channels_of_a_source_need_no_name() {
        let named = |channels: Vec<u32>, there| {
            let mut settings = Settings::default();
            settings.view.channels = channels;
            to_link(&settings, there)
                .into_iter()
                .find(|(name, _)| *name == "channel")
                .map(|(_, value)| value)
        };
        assert_eq!(named(vec![0, 1], 2), None);
        assert_eq!(named((0..64).collect(), 100), None);
        assert_eq!(named(vec![0], 2).as_deref(), Some("1"));
        assert_eq!(named(vec![1, 0], 2).as_deref(), Some("2,1"));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (name, value, words) in [
            ("nonsense", "1", "nonsense=1: no such option"),
            (
                "colormap",
                "mud",
                "colormap=mud: unknown colormap `mud`: use one of viridis",
            ),
            ("change", "1:span=4;x", "change=x: give SECS:NAME=VALUE"),
            ("draw", "perhaps", "draw=perhaps: give on or off"),
            (
                "db-min",
                "-8",
                "db-max=-6 is not at least 6 dB above db-min=-8",
            ),
        ] {
            let error = Params::read([(name, value)]).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
