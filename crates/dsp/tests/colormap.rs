//! Colour tables: known colours, and our own map's promise of even lightness.
#![allow(clippy::unwrap_used, reason = "tests")]

use soundfall_dsp::colormap::{Colormap, oklab};

fn lab([r, g, b, _]: [u8; 4]) -> [f64; 3] {
    oklab::from_linear([r, g, b].map(oklab::decode))
}

#[test]
fn the_ends_are_the_published_colours() {
    for (map, first, last) in [
        (Colormap::Viridis, [68, 1, 84], [253, 231, 37]),
        (Colormap::Plasma, [13, 8, 135], [240, 249, 33]),
        (Colormap::Inferno, [0, 0, 4], [252, 255, 164]),
        (Colormap::Magma, [0, 0, 4], [252, 253, 191]),
        (Colormap::Cividis, [0, 34, 78], [254, 232, 56]),
        (Colormap::Turbo, [48, 18, 59], [122, 4, 3]),
        (Colormap::Cubehelix, [0, 0, 0], [255, 255, 255]),
        (Colormap::Grey, [0, 0, 0], [255, 255, 255]),
    ] {
        let table = map.table();
        for (ours, theirs) in [(table[0], first), (table[255], last)] {
            for channel in 0..3 {
                let off = ours[channel].abs_diff(theirs[channel]);
                assert!(off <= 2, "{map}: {ours:?} for {theirs:?}");
            }
        }
    }
}

#[test]
fn every_map_but_turbo_rises_in_lightness() {
    for map in Colormap::ALL
        .into_iter()
        .filter(|&map| map != Colormap::Turbo)
    {
        let table = map.table();
        assert!(table.iter().all(|color| color[3] == 255));
        for (i, pair) in table.windows(2).enumerate() {
            let (a, b) = (lab(pair[0])[0], lab(pair[1])[0]);
            // Bytes are coarse in the dark.
            assert!(b > a - 0.004, "{map} at {i}: {a} {b}");
        }
    }
}

#[test]
fn aurora_rises_strictly_and_evenly_from_black_to_warm_white() {
    let table = Colormap::Aurora.table();
    let labs = table.map(lab);
    for (i, pair) in labs.windows(2).enumerate() {
        assert!(
            pair[1][0] > pair[0][0],
            "lightness falls at {i}: {:?} {:?}",
            table[i],
            table[i + 1]
        );
        let step: f64 = (0..3)
            .map(|k| (pair[1][k] - pair[0][k]).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!(step < 0.02, "a jump at {i}: {step}");
    }
    for (i, lab) in labs.iter().enumerate() {
        let even = labs[0][0] + (labs[255][0] - labs[0][0]) * i as f64 / 255.0;
        assert!(
            (lab[0] - even).abs() < 0.012,
            "uneven at {i}: {} for {even}",
            lab[0]
        );
    }
    let [r, g, b, _] = table[0];
    assert!(
        r <= 3 && g <= 4 && b <= 10,
        "silence is black: {:?}",
        table[0]
    );
    let [r, g, b, _] = table[255];
    assert!(
        r >= 250 && g > b && b > 215,
        "the top is warm white: {:?}",
        table[255]
    );
    let [r, g, b, _] = table[115];
    assert!(
        g > r && b > r && g.abs_diff(b) < 60,
        "teal below the middle: {:?}",
        table[115]
    );
    let [r, g, b, _] = table[195];
    assert!(
        g > r && r > b,
        "green-gold above the middle: {:?}",
        table[195]
    );
}

#[test]
fn oklab_goes_both_ways() {
    for color in [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [12, 200, 99],
    ] {
        let linear = oklab::to_linear(oklab::from_linear(color.map(oklab::decode)));
        assert_eq!(linear.map(|x| oklab::encode(x).unwrap()), color);
    }
    // White is lightness 1 without colour.
    let [l, a, b] = oklab::from_linear([1.0; 3]);
    assert!((l - 1.0).abs() < 1e-6 && a.abs() < 1e-6 && b.abs() < 1e-6);
    assert_eq!(oklab::encode(1.1), None);
    assert_eq!(oklab::encode(f64::NAN), None);
}

#[test]
fn names_are_read_back() {
    for map in Colormap::ALL {
        assert_eq!(map.to_string().parse(), Ok(map));
    }
    assert!(
        "jet"
            .parse::<Colormap>()
            .unwrap_err()
            .to_string()
            .contains("aurora")
    );
}
