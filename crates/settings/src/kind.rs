//! What the value of a setting is: a number in a range with a unit, a name of a list, channels.
//! From it come the sentence that refuses, and the control that a panel draws.

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    None,
    /// Audio frames.
    Frames,
    /// Hertz.
    Hz,
    /// Seconds.
    Secs,
    /// Level, 0 is a full-scale sine.
    Dbfs,
    /// Decibels a second.
    DbPerSec,
}

impl Unit {
    /// As it stands behind a number; empty for a plain one.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Frames => "frames",
            Self::Hz => "Hz",
            Self::Secs => "s",
            Self::Dbfs => "dBFS",
            Self::DbPerSec => "dB/s",
        }
    }

    /// The unit of a difference: levels differ by decibels.
    #[must_use]
    pub const fn of_difference(self) -> &'static str {
        match self {
            Self::Dbfs => "dB",
            other => other.symbol(),
        }
    }

    /// With a space before it, where there is one.
    #[must_use]
    pub fn suffix(self) -> String {
        match self.symbol() {
            "" => String::new(),
            symbol => format!(" {symbol}"),
        }
    }
}

/// The control that sets a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    /// A field to drag; so much a pixel.
    Drag(f64),
    /// A slider, all values alike.
    Slider,
    /// A slider on a logarithmic scale.
    LogSlider,
    /// A menu of usual values.
    Menu(&'static [u32]),
}

/// A number with unit and range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Least value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Unit.
    pub unit: Unit,
    /// Only whole numbers.
    pub whole: bool,
    /// Digits behind the point that a control shows.
    pub decimals: usize,
    /// How it is set by hand.
    pub control: Control,
}

impl Number {
    /// From `min` to `max`, both included; any number, in a field to drag.
    #[must_use]
    pub const fn new(min: f64, max: f64, unit: Unit) -> Self {
        Self {
            min,
            max,
            unit,
            whole: false,
            decimals: 2,
            control: Control::Drag(0.1),
        }
    }

    /// Whole numbers only.
    #[must_use]
    pub const fn whole(mut self) -> Self {
        self.whole = true;
        self.decimals = 0;
        self
    }

    /// Shown with so many digits behind the point, and set like this.
    #[must_use]
    pub const fn shown(mut self, decimals: usize, control: Control) -> Self {
        self.decimals = decimals;
        self.control = control;
        self
    }

    /// Whether it is a finite number in the range.
    #[must_use]
    pub fn holds(&self, number: f64) -> bool {
        (self.min..=self.max).contains(&number) && (!self.whole || number.fract() == 0.0)
    }

    /// `0.00005 to 86400 s`
    #[must_use]
    pub fn range(&self) -> String {
        format!("{} to {}{}", self.min, self.max, self.unit.suffix())
    }
}

/// A list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// As they are written, with a word in capitals where a number belongs: `kaiser:BETA`.
    pub names: &'static [&'static str],
    /// Texts that work as they stand: `kaiser:8.6`.
    pub offered: &'static [&'static str],
    /// What a menu calls them.
    pub titles: &'static [&'static str],
    /// What each of them is.
    pub help: &'static [&'static str],
}

impl Names {
    /// `linear, log, mel, bark, erb`
    #[must_use]
    pub fn list(&self) -> String {
        self.names.join(", ")
    }
}

/// What stands where an optional setting has no value of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unset {
    /// The text that says so: `auto`, `off`.
    pub word: &'static str,
    /// What happens then.
    pub meaning: &'static str,
    /// A value for a control to begin with, as text.
    pub start: &'static str,
    /// What a control that switches the value on is called.
    pub switch: &'static str,
}

/// What the value of a setting is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number.
    Number(Number),
    /// On or off.
    Flag,
    /// One of these.
    OneOf(Names),
    /// Some of these, with commas between them; `all`, `none`.
    SomeOf(Names),
    /// A list of channels, at most so many: `1,3-5`.
    Channels(usize),
    /// One channel, counted from 1.
    Channel,
    /// Two different channels, counted from 1: `1,2`.
    Pair,
    /// Width and height in pixels, each from the first to the second number.
    Size(u32, u32),
    /// One of the others, or nothing.
    Optional(Unset, &'static Kind),
}

impl Kind {
    /// The sentence that says what may be given.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Number(number) if number.whole => {
                format!("give a whole number, {}", number.range())
            }
            Self::Number(number) => format!("give {}", number.range()),
            Self::Flag => "give on or off".to_owned(),
            Self::OneOf(names) => format!("give one of {}", names.list()),
            Self::SomeOf(names) => format!("give some of {}, or all or none", names.list()),
            Self::Channels(most) => {
                format!("give channels from 1 on, like 1,3-5, at most {most}")
            }
            Self::Channel => "give a channel from 1 on".to_owned(),
            Self::Pair => "give two channels from 1 on, like 1,2".to_owned(),
            Self::Size(min, max) => {
                format!("give WIDTHxHEIGHT in pixels, each {min} to {max}")
            }
            Self::Optional(unset, kind) => format!("{}, or {}", kind.expected(), unset.word),
        }
    }

    /// What stands for a value in a usage line: `HZ`, `NAME`.
    #[must_use]
    pub fn value_name(&self) -> &'static str {
        match self {
            Self::Number(number) => match number.unit {
                Unit::None if number.whole => "N",
                Unit::None => "X",
                Unit::Frames => "FRAMES",
                Unit::Hz => "HZ",
                Unit::Secs => "SECS",
                Unit::Dbfs => "DBFS",
                Unit::DbPerSec => "DB/S",
            },
            Self::Flag => "on|off",
            Self::OneOf(_) => "NAME",
            Self::SomeOf(_) | Self::Channels(_) => "LIST",
            Self::Channel => "N",
            Self::Pair => "A,B",
            Self::Size(..) => "WxH",
            Self::Optional(_, kind) => kind.value_name(),
        }
    }

    /// What may be given, in few words: `0.00005 to 86400 s`, the names of a list.
    #[must_use]
    pub fn range(&self) -> String {
        match self {
            Self::Number(number) => number.range(),
            Self::Flag => "on, off".to_owned(),
            Self::OneOf(names) => names.list(),
            Self::SomeOf(names) => format!("{}; all, none", names.list()),
            Self::Channels(most) => format!("like 1,3-5; all (up to {most}) where none are given"),
            Self::Channel => "from 1 on".to_owned(),
            Self::Pair => "like 1,2".to_owned(),
            Self::Size(min, max) => format!("each {min} to {max} pixels"),
            Self::Optional(unset, kind) => {
                format!("{}; {}: {}", kind.range(), unset.word, unset.meaning)
            }
        }
    }

    /// The kind without the choice of giving nothing.
    #[must_use]
    pub const fn inner(&self) -> &Self {
        match self {
            Self::Optional(_, kind) => kind,
            _ => self,
        }
    }

    /// The number that it is, given or not.
    #[must_use]
    pub const fn number(&self) -> Option<&Number> {
        match self.inner() {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}
