//! Settings by the names of their options, and changes of them while a display runs: what
//! `--change SECS:NAME=VALUE` asks for, for shows and tests. Never touches the source.

use bevy::prelude::*;
use soundfall_plugins::SoundfallSystems;
use soundfall_systems::{
    instruments::InstrumentChoice, source::Source, spectrum::AnalysisSettings, view::View,
};

use crate::values::{self, LEAST_RANGE_DB};

/// Sets one option of analysis, view or instruments; false where there is no option of that name.
///
/// # Errors
/// Words about the value.
pub fn set(
    name: &str,
    value: &str,
    analysis: &mut AnalysisSettings,
    view: &mut View,
    instruments: &mut InstrumentChoice,
) -> Result<bool, String> {
    match name {
        "window-size" => analysis.window_size = parsed(value)?,
        "hop" => analysis.hop_frames = parsed(value)?,
        "window" => analysis.window = parsed(value)?,
        "scale" => analysis.scale = parsed(value)?,
        "min-hz" => analysis.min_hz = values::hertz(value)?,
        "max-hz" => analysis.max_hz = values::hertz(value)?,
        "db-min" => view.db_min = values::dbfs(value)?,
        "db-max" => view.db_max = values::dbfs(value)?,
        "colormap" => view.colormap = parsed(value)?,
        "span" => view.span_secs = values::span_secs(value)?,
        "channel" => view.channels = values::channels(value)?.0,
        "panel" => view.panel = switch(value)?,
        "overlay" => view.overlay = switch(value)?,
        "show" => instruments.shown = parsed(value)?,
        "a4" => instruments.a4_hz = values::a4_hz(value)?,
        "pair" => {
            let (left, right) = values::pair(value)?;
            instruments.pair = Some((left - 1, right - 1));
        }
        "reference" => instruments.reference = Some(values::channel(value)? - 1),
        _ => return Ok(false),
    }
    Ok(true)
}

fn parsed<T: std::str::FromStr<Err: ToString>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

/// A switch as a link gives it.
///
/// # Errors
/// Words about the value.
pub fn switch(value: &str) -> Result<bool, String> {
    match value {
        "" | "1" | "true" | "on" => Ok(true),
        "0" | "false" | "off" => Ok(false),
        _ => Err("give 1 or 0".to_owned()),
    }
}

/// A change of one setting at a moment of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    at_secs: f64,
    name: String,
    value: String,
}

impl std::str::FromStr for Change {
    type Err = String;

    /// `SECS:NAME=VALUE`
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .split_once(':')
            .and_then(|(secs, rest)| Some((secs, rest.split_once('=')?)));
        let Some((secs, (name, value))) = parts else {
            return Err("give SECS:NAME=VALUE, like 3:window-size=8192".to_owned());
        };
        // Tried on a copy: what cannot be set is refused now.
        let known = set(
            name,
            value,
            &mut AnalysisSettings::default(),
            &mut View::default(),
            &mut InstrumentChoice::default(),
        )?;
        if !known {
            return Err(format!("`{name}` cannot be changed while it runs"));
        }
        Ok(Self {
            at_secs: values::seconds(secs)?,
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// The changes still to come.
#[derive(Resource, Clone, Debug, Default)]
pub struct Changes(pub Vec<Change>);

/// Adds them to an app.
pub fn add(app: &mut App, mut changes: Vec<Change>) {
    changes.sort_by(|a, b| a.at_secs.total_cmp(&b.at_secs));
    if !changes.is_empty() {
        app.insert_resource(Changes(changes))
            .add_systems(Update, make_changes.after(SoundfallSystems::Input).before(SoundfallSystems::Sync));
    }
}

fn make_changes(
    time: Res<Time<Real>>,
    source: Option<Res<Source>>,
    mut changes: ResMut<Changes>,
    mut analysis: ResMut<AnalysisSettings>,
    mut view: ResMut<View>,
    mut instruments: ResMut<InstrumentChoice>,
) {
    let now = time.elapsed_secs_f64();
    let Some(source) = source else { return };
    if changes.0.iter().all(|change| change.at_secs > now) {
        return;
    }
    let (due, later) = std::mem::take(&mut changes.0)
        .into_iter()
        .partition(|change| change.at_secs <= now);
    changes.0 = later;
    let due: Vec<Change> = due;
    let range = (view.db_min, view.db_max);
    for change in due {
        // They were tried when they were read.
        if set(
            &change.name,
            &change.value,
            &mut analysis,
            &mut view,
            &mut instruments,
        )
        .is_ok()
        {
            info!("{} = {}", change.name, change.value);
        }
    }
    if view.db_max < view.db_min + LEAST_RANGE_DB {
        warn!("a range of less than {LEAST_RANGE_DB} dB is not shown: it stays as it was");
        (view.db_min, view.db_max) = range;
    }
    let there = source.ring.format().channels;
    if view.channels.iter().any(|channel| *channel >= there) {
        view.channels.retain(|channel| *channel < there);
        if view.channels.is_empty() {
            view.channels.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_strictly() {
        let change: Change = "2.5:window-size=8192".parse().unwrap_or(Change {
            at_secs: 0.0,
            name: String::new(),
            value: String::new(),
        });
        assert_eq!(change.at_secs, 2.5);
        assert_eq!((&*change.name, &*change.value), ("window-size", "8192"));
        for bad in [
            "",
            "3",
            "3:hop",
            "x:hop=1",
            "-1:hop=1",
            "1:hop=x",
            "1:device=a",
            "1:span=0",
        ] {
            assert!(bad.parse::<Change>().is_err(), "{bad}");
        }
    }
}
