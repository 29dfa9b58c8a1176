//! Changes of settings while a display runs: what `--change SECS:NAME=VALUE` asks for, for shows and
//! tests. Never touches the source.

use std::str::FromStr;

use bevy::prelude::*;
use soundfall_plugins::{Soundfall, SoundfallSystems};
use soundfall_settings::{
    Address, AnalysisSettings, AnySettings, InstrumentChoice, Place, ProgramSettings, Scope,
    SettingError, Settings, ViewSettings,
};
use soundfall_systems::{
    analysis::AnalysisOf,
    stream::Stream,
    view::{FocusedView, ViewOf},
};
use thiserror::Error;

/// A change of one setting at a moment of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    at_secs: f64,
    address: Address,
    value: String,
}

impl Change {
    /// Makes it.
    ///
    /// # Errors
    /// Never where the settings are of this table: it was tried when it was read.
    pub fn make(&self, settings: &mut Settings) -> Result<(), SettingError> {
        settings.set(self.address.info.name, &self.value)
    }

    /// Refuses it where it names a channel that a source of so many does not have.
    fn check(&self, channels: u32) -> Result<(), ChangeError> {
        let mut settings = Settings::default();
        self.make(&mut settings)?;
        let named = match self.address.info.name {
            "channel" => settings.view.channels,
            "pair" => {
                let pair = settings.instruments.pair;
                pair.into_iter().flat_map(|(a, b)| [a, b]).collect()
            }
            "reference" => settings.instruments.reference.into_iter().collect(),
            _ => return Ok(()),
        };
        match named.into_iter().find(|channel| *channel >= channels) {
            Some(beyond) => Err(ChangeError::Channel {
                change: format!("{}={}", self.address, self.value),
                beyond: beyond + 1,
                channels,
            }),
            None => Ok(()),
        }
    }
}

/// Refuses the first change that names a channel which a source of so many does not have.
///
/// # Errors
/// [`ChangeError::Channel`].
#[cfg(not(target_arch = "wasm32"))]
pub fn check(changes: &[Change], channels: u32) -> Result<(), ChangeError> {
    changes.iter().try_for_each(|change| change.check(channels))
}

/// Why a text is no change.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ChangeError {
    /// It has another form.
    #[error("give SECS:NAME=VALUE, like 3:window-size=8192")]
    Form,
    /// The moment is no time.
    #[error("`{0}`: give 0 to 1000000000 seconds")]
    Time(String),
    /// There is no such setting, or it cannot have that value.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// It names a channel that the source does not have.
    #[error("{change}: there is no channel {beyond}, the source has {}", match channels {
        1 => "only channel 1".to_owned(),
        _ => format!("channels 1 to {channels}"),
    })]
    Channel {
        /// The change.
        change: String,
        /// The channel, counted from 1.
        beyond: u32,
        /// How many there are.
        channels: u32,
    },
    /// The setting is settled when the program or a source starts.
    #[error("`{0}` cannot be changed while it runs")]
    Fixed(&'static str),
}

impl FromStr for Change {
    type Err = ChangeError;

    /// `SECS:NAME=VALUE`
    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let parts = text
            .split_once(':')
            .and_then(|(secs, rest)| Some((secs, rest.split_once('=')?)));
        let (secs, (name, value)) = parts.ok_or(ChangeError::Form)?;
        let at_secs = secs
            .parse()
            .ok()
            .filter(|secs: &f64| (0.0..=1e9).contains(secs))
            .ok_or_else(|| ChangeError::Time(secs.to_owned()))?;
        let address: Address = name.parse()?;
        if !address.info.is_live() {
            return Err(ChangeError::Fixed(address.info.name));
        }
        // Tried on a copy: what cannot be set is refused now.
        Settings::default().set(address.info.name, value)?;
        Ok(Self {
            at_secs,
            address,
            value: value.to_owned(),
        })
    }
}

/// The changes still to come, by time.
#[derive(Resource, Clone, Debug, Default)]
struct Changes(Vec<Change>);

/// Adds them to an app.
pub fn add(app: &mut App, mut changes: Vec<Change>) {
    changes.sort_by(|a, b| a.at_secs.total_cmp(&b.at_secs));
    if !changes.is_empty() {
        app.insert_resource(Changes(changes)).add_systems(
            Soundfall,
            make_changes
                .after(SoundfallSystems::Input)
                .before(SoundfallSystems::Sync),
        );
    }
}

/// The entities whose settings an address means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Owner {
    view: Option<Entity>,
    analysis: Option<Entity>,
}

fn make_changes(
    time: Res<Time<Real>>,
    streams: Query<&Stream>,
    focused: Res<FocusedView>,
    mut changes: ResMut<Changes>,
    mut program: ResMut<ProgramSettings>,
    mut views: Query<(Entity, &mut ViewSettings, &mut InstrumentChoice, &ViewOf)>,
    mut analyses: Query<(Entity, &mut AnalysisSettings, &AnalysisOf)>,
) {
    let now = time.elapsed_secs_f64();
    if streams.is_empty() {
        return;
    }
    // Those of one moment: each change is seen on its own, also where a frame takes longer than it is to the next.
    let first = changes.0.first().map(|change| change.at_secs);
    let Some(moment) = first.filter(|moment| *moment <= now) else {
        return;
    };
    let due = changes.0.partition_point(|change| change.at_secs <= moment);
    let due: Vec<Change> = changes.0.drain(..due).collect();
    let numbered = |mut entities: Vec<Entity>, index: usize| {
        entities.sort();
        entities.get(index).copied()
    };
    let owner = |place: Place| {
        let of_view = |view: Option<Entity>| Owner {
            view,
            analysis: view.and_then(|view| Some(views.get(view).ok()?.3.0)),
        };
        match place {
            Place::Of(Scope::Analysis, index) => Owner {
                view: None,
                analysis: numbered(analyses.iter().map(|it| it.0).collect(), index),
            },
            Place::Of(Scope::View | Scope::Instruments, index) => {
                of_view(numbered(views.iter().map(|it| it.0).collect(), index))
            }
            _ => of_view(focused.0),
        }
    };
    let due: Vec<(Owner, Change)> = due
        .into_iter()
        .map(|change| (owner(change.address.place), change))
        .collect();
    for group in due.chunk_by(|a, b| a.0 == b.0) {
        let Owner { view, analysis } = group[0].0;
        let mut view = view.and_then(|entity| views.get_mut(entity).ok());
        let mut analysis = analysis.and_then(|entity| analyses.get_mut(entity).ok());
        let mut settings = Settings {
            program: program.clone(),
            ..Settings::default()
        };
        if let Some((_, view, instruments, _)) = &view {
            settings.view = (**view).clone();
            settings.instruments = (**instruments).clone();
        }
        if let Some((_, analysis, _)) = &analysis {
            settings.analysis = (**analysis).clone();
        }
        let there = |scope| match scope {
            Scope::Analysis => analysis.is_some(),
            Scope::View | Scope::Instruments => view.is_some(),
            Scope::Program => true,
            Scope::Stream => false,
        };
        let stream = analysis.as_ref().and_then(|it| streams.get(it.2.0).ok());
        let channels = stream.map(|stream| stream.history.format().channels);
        let changes = group.iter().map(|(_, change)| change);
        change(
            &mut settings,
            changes.filter(|change| {
                let found = there(change.address.info.scope);
                if !found {
                    warn!("{} = {}: there is none", change.address, change.value);
                }
                let checked = channels.map_or(Ok(()), |channels| change.check(channels));
                if let Err(error) = &checked {
                    warn!("{error}: it stays as it was");
                }
                found && checked.is_ok()
            }),
        );
        if let Some((_, analysis, _)) = &mut analysis {
            analysis.set_if_neq(settings.analysis);
        }
        if let Some((_, view, instruments, _)) = &mut view {
            view.set_if_neq(settings.view);
            instruments.set_if_neq(settings.instruments);
        }
        program.set_if_neq(settings.program);
    }
}

/// Sets what is asked for. What does not go together stays as it was, with a warning.
fn change<'a>(settings: &mut Settings, changes: impl Iterator<Item = &'a Change>) {
    let before = settings.clone();
    for change in changes {
        match change.make(settings) {
            Ok(()) => info!("{} = {}", change.address, change.value),
            Err(error) => warn!("{error}"),
        }
    }
    if let Err(error) = settings.analysis.check() {
        warn!("{error}: the analysis stays as it was");
        settings.analysis = before.analysis;
    }
    if let Err(error) = settings.view.check() {
        warn!("{error}: the view stays as it was");
        settings.view = before.view;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn changes_are_read_strictly() {
        let change: Change = "2.5:window-size=8192".parse().unwrap();
        assert_eq!(change.at_secs, 2.5);
        assert_eq!(
            (change.address.info.name, &*change.value),
            ("window-size", "8192")
        );
        let change: Change = "0:view[1].show=peaks,hold".parse().unwrap();
        assert_eq!(change.address.place, Place::Of(Scope::View, 1));
        for (bad, words) in [
            ("", "SECS:NAME=VALUE"),
            ("3", "SECS:NAME=VALUE"),
            ("3:hop", "SECS:NAME=VALUE"),
            ("x:hop=1", "`x`: give 0 to 1000000000 seconds"),
            ("1e30:hop=1", "`1e30`: give 0 to"),
            ("-1:hop=1", "give 0 to 1000000000 seconds"),
            ("nan:hop=1", "give 0 to 1000000000 seconds"),
            ("1:hop=x", "hop=x: give a whole number, 1 to 1000000 frames"),
            ("1:device=a", "no setting `device`"),
            ("1:rate=48000", "`rate` cannot be changed"),
            ("1:size=64x64", "`size` cannot be changed"),
            ("1:span=0", "span=0: give 0.00005 to 86400 s"),
            ("1:stream[0].span=1", "belongs to something else"),
        ] {
            let error = bad.parse::<Change>().unwrap_err().to_string();
            assert!(error.contains(words), "{bad}: {error}");
        }
    }

    #[test]
    fn what_does_not_go_together_stays_as_it_was() {
        let mut settings = Settings::default();
        let changes: Vec<Change> = ["1:db-min=-20", "1:db-max=-16", "1:hop=64", "1:min-hz=100"]
            .map(|text| text.parse().unwrap())
            .into();
        change(&mut settings, changes.iter());
        assert_eq!(settings.view, ViewSettings::default());
        assert_eq!(
            (settings.analysis.hop_frames, settings.analysis.min_hz),
            (64, 100.0)
        );
    }

    #[test]
    fn channels_that_are_not_there_are_refused() {
        for (text, words) in [
            ("0:channel=1,3", "channel=1,3: there is no channel 3"),
            (
                "0:pair=1,99",
                "no channel 99, the source has channels 1 to 2",
            ),
            ("0:view[0].reference=3", "view[0].reference=3: there is no"),
        ] {
            let change: Change = text.parse().unwrap();
            let error = check(std::slice::from_ref(&change), 2).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            check(&[change], 99).unwrap();
        }
        let fine = ["0:channel=2", "0:pair=2,1", "0:reference=1", "0:hop=64"];
        check(&fine.map(|text| text.parse().unwrap()), 2).unwrap();
    }
}
