//! Our own colormap for projectors: black night, teal, green-gold, warm white.
//! Never brightens silence: the first entry is as dark as a projector can show.
//!
//! Designed in OKLCh: lightness rises by the same step from entry to entry, hue and chroma pass
//! smoothly through the stations below; where sRGB cannot show the chroma it is lowered, never
//! the lightness.

use super::oklab;

/// Lightness of the first and last entry.
const LIGHTNESS: [f64; 2] = [0.10, 0.975];

/// Place, hue in degrees, chroma.
const STATIONS: [[f64; 3]; 9] = [
    [0.00, 270.0, 0.015],
    [0.16, 266.0, 0.092],
    [0.32, 245.0, 0.085],
    [0.46, 202.0, 0.082],
    [0.58, 170.0, 0.105],
    [0.70, 140.0, 0.132],
    [0.80, 112.0, 0.150],
    [0.90, 92.0, 0.122],
    [1.00, 85.0, 0.025],
];

/// The 256 colours.
pub(super) fn table() -> [[u8; 4]; 256] {
    std::array::from_fn(|i| {
        let t = i as f64 / 255.0;
        let lightness = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * t;
        let [hue, chroma] = station(t);
        shown(lightness, hue, chroma)
    })
}

/// Hue and chroma at `t`: a cubic through the stations with the slopes of their neighbours.
fn station(t: f64) -> [f64; 2] {
    let last = STATIONS.len() - 1;
    let i = STATIONS
        .iter()
        .rposition(|s| s[0] <= t)
        .unwrap_or(0)
        .min(last - 1);
    let (from, to) = (STATIONS[i], STATIONS[i + 1]);
    let (before, after) = (STATIONS[i.saturating_sub(1)], STATIONS[(i + 2).min(last)]);
    let width = to[0] - from[0];
    let u = (t - from[0]) / width;
    let (u2, u3) = (u * u, u * u * u);
    std::array::from_fn(|k| {
        let k = k + 1;
        let leaving = (to[k] - before[k]) / (to[0] - before[0]) * width;
        let arriving = (after[k] - from[k]) / (after[0] - from[0]) * width;
        (2.0 * u3 - 3.0 * u2 + 1.0) * from[k]
            + (u3 - 2.0 * u2 + u) * leaving
            + (3.0 * u2 - 2.0 * u3) * to[k]
            + (u3 - u2) * arriving
    })
}

/// The sRGB colour of that lightness and hue with as much of the chroma as sRGB holds.
fn shown(lightness: f64, hue: f64, chroma: f64) -> [u8; 4] {
    let (sin, cos) = hue.to_radians().sin_cos();
    for step in (0..=64).rev() {
        let c = chroma.max(0.0) * f64::from(step) / 64.0;
        let target = [lightness, c * cos, c * sin];
        if let [Some(r), Some(g), Some(b)] = oklab::to_linear(target).map(oklab::encode) {
            return nearest(target, [r, g, b]);
        }
    }
    [0, 0, 0, 255] // unreachable: grey of any lightness is in sRGB
}

/// Of the byte colours around `rounded` the one nearest to `target`, lightness before colour:
/// in the dark a byte is a coarse step, and three of them together are finer than each alone.
fn nearest(target: [f64; 3], rounded: [u8; 3]) -> [u8; 4] {
    let mut best = rounded;
    let mut least = f64::INFINITY;
    for code in 0..27u8 {
        let steps = [code % 3, code / 3 % 3, code / 9];
        let color: [u8; 3] =
            std::array::from_fn(|k| rounded[k].saturating_add(steps[k]).saturating_sub(1));
        let lab = oklab::from_linear(color.map(oklab::decode));
        let off: [f64; 3] = std::array::from_fn(|k| (lab[k] - target[k]).powi(2));
        let distance = 16.0 * off[0] + off[1] + off[2];
        if distance < least {
            (best, least) = (color, distance);
        }
    }
    [best[0], best[1], best[2], 255]
}
