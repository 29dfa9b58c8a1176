//! Frequency scales: Hz ↔ scale units, each with an exact inverse.
//! Never draws, never labels: an axis' ticks are made where they are drawn.

mod axis;
mod bin_map;

pub use axis::{AxisError, FrequencyAxis};
pub use bin_map::BinMap;

use crate::named::named_enum;

named_enum! {
    /// How frequency is laid out along an axis.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub enum Scale = "frequency scale" {
        default Linear;
        /// Hertz.
        Linear = "linear",
        /// Octaves: log₂ f. Needs frequencies above 0.
        Log = "log",
        /// Mel: 2595·log₁₀(1 + f/700) (O'Shaughnessy, *Speech Communication*, 1987).
        Mel = "mel",
        /// Bark: 26.81·f/(1960 + f) − 0.53, with the corrections at both ends
        /// (Traunmüller, *J. Acoust. Soc. Am.* 88, 1990).
        Bark = "bark",
        /// ERB number: 21.4·log₁₀(1 + 0.00437·f) (Glasberg & Moore, *Hearing Research* 47, 1990).
        Erb = "erb",
    }
}

impl Scale {
    /// Scale units of a frequency in Hz (above 0 for [`Scale::Log`]).
    #[must_use]
    pub fn from_hz(self, hz: f64) -> f64 {
        match self {
            Self::Linear => hz,
            Self::Log => hz.log2(),
            Self::Mel => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Bark => {
                let z = 26.81 * hz / (1960.0 + hz) - 0.53;
                if z < 2.0 {
                    z + 0.15 * (2.0 - z)
                } else if z > 20.1 {
                    z + 0.22 * (z - 20.1)
                } else {
                    z
                }
            }
            Self::Erb => 21.4 * (1.0 + 0.00437 * hz).log10(),
        }
    }

    /// Frequency in Hz of a place in scale units: the inverse of [`Scale::from_hz`].
    #[must_use]
    pub fn to_hz(self, units: f64) -> f64 {
        match self {
            Self::Linear => units,
            Self::Log => units.exp2(),
            Self::Mel => 700.0 * (10f64.powf(units / 2595.0) - 1.0),
            Self::Bark => {
                let z = if units < 2.0 {
                    (units - 0.3) / 0.85
                } else if units > 20.1 {
                    (units + 0.22 * 20.1) / 1.22
                } else {
                    units
                };
                1960.0 * (z + 0.53) / (26.28 - z)
            }
            Self::Erb => (10f64.powf(units / 21.4) - 1.0) / 0.00437,
        }
    }
}
