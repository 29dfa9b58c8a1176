//! Colormaps as tables of 256 sRGB colours. Never maps levels: range and gamma belong to whoever
//! draws.

mod aurora;
mod knots;
pub mod oklab;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A colour scale from "nothing" (0) to "everything" (255).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Colormap {
    /// Violet, teal, yellow; even in lightness.
    #[default]
    Viridis,
    /// Violet, magenta, yellow.
    Plasma,
    /// Black, red, pale yellow.
    Inferno,
    /// Black, magenta, pale pink.
    Magma,
    /// Blue to yellow, alike for colour-blind eyes.
    Cividis,
    /// A better rainbow; not monotone in lightness.
    Turbo,
    /// Black to white.
    Grey,
    /// Ours, for projectors: black night, teal, green-gold, warm white; even in lightness.
    Aurora,
}

/// No colormap of that name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "unknown colormap `{name}`: use viridis, plasma, inferno, magma, cividis, turbo, grey or aurora"
)]
#[non_exhaustive]
pub struct UnknownColormap {
    /// What was asked for.
    pub name: String,
}

impl Colormap {
    /// Every colormap, in the order a menu shows them.
    pub const ALL: [Self; 8] = [
        Self::Viridis,
        Self::Plasma,
        Self::Inferno,
        Self::Magma,
        Self::Cividis,
        Self::Turbo,
        Self::Grey,
        Self::Aurora,
    ];

    /// The 256 colours, sRGB with alpha 255. Computed afresh: keep it.
    #[must_use]
    pub fn table(self) -> [[u8; 4]; 256] {
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Plasma => colorous::PLASMA,
            Self::Inferno => colorous::INFERNO,
            Self::Magma => colorous::MAGMA,
            Self::Cividis => return knots::table(&knots::CIVIDIS),
            Self::Turbo => return knots::table(&knots::TURBO),
            Self::Grey => return std::array::from_fn(|i| [i as u8, i as u8, i as u8, 255]),
            Self::Aurora => return aurora::table(),
        };
        std::array::from_fn(|i| {
            let color = gradient.eval_rational(i, 256);
            [color.r, color.g, color.b, 255]
        })
    }
}

impl fmt::Display for Colormap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viridis => "viridis",
            Self::Plasma => "plasma",
            Self::Inferno => "inferno",
            Self::Magma => "magma",
            Self::Cividis => "cividis",
            Self::Turbo => "turbo",
            Self::Grey => "grey",
            Self::Aurora => "aurora",
        })
    }
}

impl FromStr for Colormap {
    type Err = UnknownColormap;

    fn from_str(text: &str) -> Result<Self, UnknownColormap> {
        Self::ALL
            .into_iter()
            .find(|map| map.to_string() == text)
            .ok_or_else(|| UnknownColormap {
                name: text.to_owned(),
            })
    }
}
