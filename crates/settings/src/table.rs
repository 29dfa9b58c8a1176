//! The table: what is known about each setting, and how it is read and set.

use std::fmt;
use std::str::FromStr;

use soundfall_dsp::named::UnknownName;

use crate::error::SettingError;
use crate::kind::Kind;

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The program: there is one.
    Program,
    /// A stream: what is heard.
    Stream,
    /// An analysis of a stream.
    Analysis,
    /// A view of an analysis.
    View,
    /// The instruments of a view.
    Instruments,
}

impl Scope {
    /// All of them, from the outermost on.
    pub const ALL: [Self; 5] = [
        Self::Program,
        Self::Stream,
        Self::Analysis,
        Self::View,
        Self::Instruments,
    ];

    const NAMES: [&'static str; 5] = ["program", "stream", "analysis", "view", "instruments"];

    /// Its name in an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What it takes to show a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing that could be noticed.
    Nothing,
    /// The picture is drawn anew from what is there.
    Redraw,
    /// Rows are analysed anew; the old picture stays until they are there.
    Rows,
    /// It is settled when the program, or a source, starts.
    Start,
}

impl Cost {
    /// In words, for the reference page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Redraw => "redraw",
            Self::Rows => "rows",
            Self::Start => "at the start only",
        }
    }
}

/// What is known about a setting, whatever it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Its name on the command line, in links and files; unique among all settings.
    pub name: &'static str,
    /// What it belongs to.
    pub scope: Scope,
    /// What the panel calls it. Empty: it shares the row of the one before. None: no row of its own.
    pub label: Option<&'static str>,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// Its values.
    pub kind: Kind,
    /// What a change costs.
    pub cost: Cost,
    /// Its value in a struct of defaults, as text.
    pub(crate) default: fn() -> String,
}

impl Info {
    /// The default as text.
    #[must_use]
    pub fn default_text(&self) -> String {
        (self.default)()
    }

    /// The default, unless it only stands for a choice that is made where more is known (the
    /// channels of a source).
    #[must_use]
    pub fn fixed_default(&self) -> Option<String> {
        match self.kind {
            Kind::Optional(..) | Kind::Channels(_) => None,
            _ => Some(self.default_text()),
        }
    }

    /// Whether it can be changed while the program runs.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.cost != Cost::Start
    }

    /// Help and range in one line, without a full stop: `Window length, 64 to 32768 frames`.
    #[must_use]
    pub fn help_with_range(&self) -> String {
        let help = self.help.strip_suffix('.').unwrap_or(self.help);
        match self.kind.inner() {
            Kind::Flag => help.to_owned(),
            Kind::OneOf(_) | Kind::SomeOf(_) => format!("{help}: {}", self.kind.range()),
            _ => format!("{help}, {}", self.kind.range()),
        }
    }
}

/// A setting of `S`.
pub struct Setting<S> {
    /// What is known about it.
    pub info: Info,
    pub(crate) get: fn(&S) -> String,
    pub(crate) set: fn(&mut S, &str) -> Result<(), SettingError>,
}

impl<S> Setting<S> {
    /// Its value as a text that [`Setting::set`] takes.
    pub fn get(&self, settings: &S) -> String {
        (self.get)(settings)
    }

    /// Sets it; on an error everything stays as it was.
    ///
    /// # Errors
    /// [`SettingError::Value`].
    pub fn set(&self, settings: &mut S, text: &str) -> Result<(), SettingError> {
        (self.set)(settings, text)
    }
}

impl<S> fmt::Debug for Setting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

/// One number must be so far above another one.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The setting below.
    pub lower: &'static str,
    /// The setting above.
    pub upper: &'static str,
    /// The least distance, in their unit.
    pub distance: f64,
}

/// A struct of settings with its table.
pub trait SettingsTable: Clone + Default + 'static {
    /// What they belong to.
    const SCOPE: Scope;
    /// Each of them, in the order of panel and help.
    const TABLE: &'static [Setting<Self>];
    /// Which numbers must be above which.
    const RULES: &'static [Rule];

    /// Whether they go together, beyond the rules.
    ///
    /// # Errors
    /// Those that do not.
    fn check_together(&self) -> Result<(), SettingError>;

    /// The setting of that name.
    #[must_use]
    fn setting(name: &str) -> Option<&'static Setting<Self>> {
        Self::TABLE.iter().find(|setting| setting.info.name == name)
    }

    /// Least and largest value of a number, as the others leave it room.
    #[must_use]
    fn limits(&self, setting: &Setting<Self>) -> Option<(f64, f64)> {
        let number = setting.info.kind.number()?;
        let value = |name| Self::setting(name)?.get(self).parse::<f64>().ok();
        let (mut min, mut max) = (number.min, number.max);
        for rule in Self::RULES {
            if rule.upper == setting.info.name {
                min = value(rule.lower).map_or(min, |lower| min.max(lower + rule.distance));
            }
            if rule.lower == setting.info.name {
                max = value(rule.upper).map_or(max, |upper| max.min(upper - rule.distance));
            }
        }
        Some((min, max.max(min)))
    }
}

/// Any struct of settings, by the names of its settings.
pub trait AnySettings {
    /// The value of a setting as text.
    ///
    /// # Errors
    /// [`SettingError::Unknown`].
    fn get(&self, name: &str) -> Result<String, SettingError>;

    /// Sets a setting; on an error everything stays as it was.
    ///
    /// # Errors
    /// [`SettingError::Unknown`], [`SettingError::Value`].
    fn set(&mut self, name: &str, text: &str) -> Result<(), SettingError>;

    /// Whether the settings go together.
    ///
    /// # Errors
    /// Those that do not.
    fn check(&self) -> Result<(), SettingError>;
}

impl<S: SettingsTable> AnySettings for S {
    fn get(&self, name: &str) -> Result<String, SettingError> {
        Ok(known::<S>(name)?.get(self))
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        known::<S>(name)?.set(self, text)
    }

    fn check(&self) -> Result<(), SettingError> {
        for rule in S::RULES {
            let (lower, upper) = (known::<S>(rule.lower)?, known::<S>(rule.upper)?);
            let (lower_value, upper_value) = (lower.get(self), upper.get(self));
            let (below, above): (Result<f64, _>, Result<f64, _>) =
                (lower_value.parse(), upper_value.parse());
            let far = matches!((below, above), (Ok(b), Ok(a)) if a >= b + rule.distance);
            if !far {
                let unit = lower
                    .info
                    .kind
                    .number()
                    .map_or("", |number| number.unit.of_difference());
                return Err(SettingError::Order {
                    lower: rule.lower,
                    lower_value,
                    upper: rule.upper,
                    upper_value,
                    distance: format!("{} {unit}", rule.distance).trim_end().to_owned(),
                });
            }
        }
        self.check_together()
    }
}

fn known<S: SettingsTable>(name: &str) -> Result<&'static Setting<S>, SettingError> {
    S::setting(name).ok_or_else(|| SettingError::Unknown {
        name: name.to_owned(),
    })
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or_else(|| UnknownName::new("scope", text, &Self::NAMES))
    }
}
