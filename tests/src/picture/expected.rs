//! Expected pictures: files of the repository that a picture is compared with.
//!
//! Never replaces one unless asked to by `SOUNDFALL_BLESS=1`.

use super::compare::TILE;
use super::{Picture, Tolerance};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Folder of the expected pictures.
pub fn expected_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("expected")
}

/// Fails the test unless `actual` is the expected picture `NAME.png`; then
/// `NAME.actual.png` and `NAME.diff.png` lie beside it. With `SOUNDFALL_BLESS=1` the
/// actual picture becomes the expected one.
#[track_caller]
pub fn expect_picture(name: &str, actual: &Picture, tolerance: &Tolerance) {
    let bless = env::var_os("SOUNDFALL_BLESS").is_some_and(|value| value == "1");
    if let Err(text) = check(&expected_folder(), name, actual, tolerance, bless) {
        panic!("{text}");
    }
}

fn check(
    folder: &Path,
    name: &str,
    actual: &Picture,
    tolerance: &Tolerance,
    bless: bool,
) -> Result<(), String> {
    let file = |end: &str| folder.join(format!("{name}{end}.png"));
    let (expected, shown, differing) = (file(""), file(".actual"), file(".diff"));
    let _ = fs::create_dir_all(folder);
    let _ = (fs::remove_file(&shown), fs::remove_file(&differing));
    if bless {
        actual.write(&expected);
        return Ok(());
    }
    if !expected.is_file() {
        actual.write(&shown);
        return Err(format!(
            "no expected picture {}; look at {}, then run again with SOUNDFALL_BLESS=1",
            expected.display(),
            shown.display()
        ));
    }
    let comparison = Picture::read(&expected).compare(actual, tolerance);
    if comparison.is_same() {
        return Ok(());
    }
    actual.write(&shown);
    comparison.difference.write(&differing);
    Err(format!(
        "the picture {name} is not the expected one (same size: {}, unequal pixels {:.3} %, at most {} of them in a square of {TILE} pixels at x {} y {}, mean difference {:.2}): look at {} and {}",
        comparison.same_size,
        comparison.share * 100.0,
        comparison.in_a_tile.0,
        comparison.in_a_tile.1[0],
        comparison.in_a_tile.1[1],
        comparison.mean,
        shown.display(),
        differing.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;
    use crate::place::Place;

    #[test]
    fn blessing_makes_the_expected_and_a_failure_shows_both() {
        let place = Place::new();
        let check = |picture: &Picture, bless| {
            check(place.folder(), "a", picture, &Tolerance::default(), bless)
        };
        assert!(check(&line(3), false).is_err_and(|text| text.contains("SOUNDFALL_BLESS=1")));
        check(&line(3), true).unwrap();
        check(&line(3), false).unwrap();
        assert!(check(&line(9), false).is_err_and(|text| text.contains("a.diff.png")));
        assert_eq!(place.names(), ["a.actual.png", "a.diff.png", "a.png"]);
        check(&line(3), false).unwrap();
        assert_eq!(place.names(), ["a.png"]);
    }
}
