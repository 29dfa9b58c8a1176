//! Our own colormap for projectors: black night, teal, green-gold, warm white.
//! Never brightens silence: the first entry is as dark as a projector can show.
//!
//! Designed in OKLCh: lightness rises by the same step from entry to entry, hue and chroma pass
//! smoothly through the stations below; where sRGB cannot show the chroma it is lowered, never
//! the lightness.

use super::oklab;

/// Lightness of the first and last entry.
const LIGHTNESS: [f64; 2] = [0.06, 0.975];

/// Place, hue in degrees, chroma.
const STATIONS: [[f64; 3]; 7] = [
    [0.00, 268.0, 0.015],
    [0.18, 262.0, 0.080],
    [0.40, 210.0, 0.098],
    [0.56, 170.0, 0.125],
    [0.72, 128.0, 0.150],
    [0.86, 97.0, 0.135],
    [1.00, 85.0, 0.030],
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
        let linear = oklab::to_linear([lightness, c * cos, c * sin]);
        if let [Some(r), Some(g), Some(b)] = linear.map(oklab::encode) {
            return [r, g, b, 255];
        }
    }
    [0, 0, 0, 255] // unreachable: grey of any lightness is in sRGB
}
