//! Which instruments are wanted: a small set with names. Never knows what they measure.

use std::fmt;
use std::str::FromStr;

use crate::named::{UnknownName, named_enum};

named_enum! {
    /// One of the instruments.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Instrument = "instrument",
    /// What a menu calls it.
    #[must_use]
    pub fn title -> &'static str {
        /// Tones and their tracks.
        Peaks = "peaks" => "Peaks",
        /// Exponential average of the spectrum.
        Average = "average" => "Average",
        /// Held maxima of the spectrum.
        Hold = "hold" => "Max hold",
        /// Peak and RMS of every channel.
        Meters = "meters" => "Meters",
        /// Loudness and true peak of the programme.
        Loudness = "loudness" => "Loudness",
        /// Phase correlation, balance and goniometer of a pair.
        Stereo = "stereo" => "Stereo",
        /// Coherence of every channel to a reference.
        Coherence = "coherence" => "Coherence",
    }
}

impl Instrument {
    /// What a menu calls each of them, in the order of `ALL`.
    pub const TITLES: [&'static str; Self::NAMES.len()] = {
        let mut titles = [""; Self::NAMES.len()];
        let mut i = 0;
        while i < titles.len() {
            titles[i] = Self::ALL[i].title();
            i += 1;
        }
        titles
    };
}

/// Some of the instruments.
///
/// ```
/// use soundfall_dsp::instruments::{Instrument, InstrumentSet};
/// let set: InstrumentSet = "peaks, meters".parse().unwrap();
/// assert!(set.has(Instrument::Peaks) && !set.has(Instrument::Hold));
/// assert_eq!(set.to_string(), "peaks,meters");
/// assert_eq!("all".parse(), Ok(InstrumentSet::ALL));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "u32", into = "u32"))]
pub struct InstrumentSet(u32);

impl InstrumentSet {
    /// The names understood: those of the instruments, `all` and `none`.
    pub const NAMES: [&'static str; Instrument::NAMES.len() + 2] = {
        let mut names = ["all"; Instrument::NAMES.len() + 2];
        let mut i = 0;
        while i < Instrument::NAMES.len() {
            names[i] = Instrument::NAMES[i];
            i += 1;
        }
        names[i + 1] = "none";
        names
    };

    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << Instrument::ALL.len()) - 1);

    /// Whether it is among them.
    #[must_use]
    pub fn has(self, one: Instrument) -> bool {
        self.0 & (1 << one as u32) != 0
    }

    /// Whether one of these is among them.
    #[must_use]
    pub fn has_any(self, some: &[Instrument]) -> bool {
        some.iter().any(|one| self.has(*one))
    }

    /// Takes one in, or out.
    pub fn set(&mut self, one: Instrument, wanted: bool) {
        let bit = 1 << one as u32;
        self.0 = if wanted { self.0 | bit } else { self.0 & !bit };
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, one: Instrument) -> Self {
        self.set(one, true);
        self
    }

    /// None at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// A bit for each, in the order of [`Instrument::ALL`].
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// From such bits; others are ignored.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl From<u32> for InstrumentSet {
    fn from(bits: u32) -> Self {
        Self::from_bits(bits)
    }
}

impl From<InstrumentSet> for u32 {
    fn from(set: InstrumentSet) -> Self {
        set.bits()
    }
}

impl fmt::Display for InstrumentSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let mut comma = "";
        for one in Instrument::ALL.into_iter().filter(|one| self.has(*one)) {
            write!(f, "{comma}{}", one.name())?;
            comma = ",";
        }
        Ok(())
    }
}

impl FromStr for InstrumentSet {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let mut set = Self::NONE;
        for name in text.split(',').map(str::trim) {
            match name {
                "all" => set = Self::ALL,
                "none" | "" => {}
                _ => {
                    let one = name.parse().map_err(|unknown| UnknownName {
                        known: &Self::NAMES,
                        ..unknown
                    })?;
                    set = set.with(one);
                }
            }
        }
        Ok(set)
    }
}
