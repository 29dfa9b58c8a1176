//! Colormaps as tables of 256 sRGB colours. Never maps levels: range and gamma belong to whoever
//! draws.

mod aurora;
mod knots;
pub mod oklab;

use crate::named::named_enum;

/// 256 colours, sRGB with alpha 255, from "nothing" to "everything".
pub type ColorTable = [[u8; 4]; 256];

named_enum! {
    /// A colour scale from "nothing" (0) to "everything" (255).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Colormap = "colormap",
    fn maker -> fn() -> ColorTable {
        default Viridis;
        /// Violet, teal, yellow; even in lightness.
        Viridis = "viridis" => || published(colorous::VIRIDIS),
        /// Violet, magenta, yellow.
        Plasma = "plasma" => || published(colorous::PLASMA),
        /// Black, red, pale yellow.
        Inferno = "inferno" => || published(colorous::INFERNO),
        /// Black, magenta, pale pink.
        Magma = "magma" => || published(colorous::MAGMA),
        /// Blue to yellow, alike for colour-blind eyes.
        Cividis = "cividis" => || knots::table(&knots::CIVIDIS),
        /// A better rainbow; not monotone in lightness.
        Turbo = "turbo" => || knots::table(&knots::TURBO),
        /// Black to white through all hues; even in lightness, so that it prints well without colours.
        Cubehelix = "cubehelix" => || published(colorous::CUBEHELIX),
        /// Black to white.
        Grey = "grey" => || std::array::from_fn(|i| [i as u8, i as u8, i as u8, 255]),
        /// Ours, for projectors: black night, teal, green-gold, warm white; even in lightness.
        Aurora = "aurora" => aurora::table,
    }
}

impl Colormap {
    /// The 256 colours, sRGB with alpha 255. Computed afresh: keep it.
    #[must_use]
    pub fn table(self) -> ColorTable {
        (self.maker())()
    }
}

/// A colormap as its authors publish it.
fn published(gradient: colorous::Gradient) -> ColorTable {
    std::array::from_fn(|i| {
        let color = gradient.eval_rational(i, 256);
        [color.r, color.g, color.b, 255]
    })
}
