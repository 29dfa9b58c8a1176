//! The scenes of `cargo xtask stress` with little sound: nothing is lost that is not said, and the quality
//! is full again once nothing is taken away any more. Judges no times.
#![allow(missing_docs, reason = "tests")]

use soundfall_tests::place::Place;
use soundfall_tests::stress::{SCENES, Shape};

#[test]
fn nothing_is_lost_without_a_word() {
    let place = Place::new();
    let little = Shape {
        channels: 2,
        rate: 48_000,
    };
    for scene in SCENES {
        let result = scene.play(little, 4.0, place.folder());
        assert!(result.frames > 0.0, "{}", scene.name);
        assert!(result.columns[1] > 0.0, "{}", scene.name);
        assert_eq!(result.faults, [""; 0], "{}", scene.name);
    }
}
