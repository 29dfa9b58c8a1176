//! Every example runs, off-screen, and two of them draw what they are expected to.
//!
//! `cargo test -p soundfall-plugins` builds the examples beside this test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use soundfall_tests::picture::{Picture, Tolerance, expect_picture};

/// One renderer at a time: two would only slow each other down.
static TURN: Mutex<()> = Mutex::new(());

/// An example of this package, where cargo puts it.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    // Tests run from target/debug/deps.
    let path = test
        .parent()
        .and_then(|deps| deps.parent())
        .map(|profile| profile.join("examples").join(file))
        .expect("a folder of the build");
    assert!(
        path.is_file(),
        "no example {}: build it first (cargo build -p soundfall-plugins --examples)",
        path.display()
    );
    path
}

/// The picture of an example after so many seconds.
fn run(name: &str, seconds: f64) -> Picture {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("picture.png");
    let output = Command::new(example(name))
        .arg("--picture")
        .arg(&png)
        .args(["--seconds", &seconds.to_string()])
        .output()
        .expect("the example starts");
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let picture = Picture::read(&png);
    assert_eq!((picture.width, picture.height), (480, 270));
    picture
}

/// Share of the picture that a colour covers, 0 to 1.
fn share(picture: &Picture, is_it: impl Fn([u8; 4]) -> bool) -> f64 {
    let pixels = (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (x, y)));
    let count = pixels.filter(|(x, y)| is_it(picture.get(*x, *y))).count();
    count as f64 / (picture.width * picture.height) as f64
}

#[test]
fn a_waterfall() {
    let picture = run("waterfall", 0.0);
    expect_picture("example-waterfall", &picture, &Tolerance::default());
}

#[test]
fn two_views_in_a_hosts_scene() {
    let picture = run("two_views", 0.0);
    expect_picture("example-two-views", &picture, &Tolerance::default());
}

/// Colours of viridis that no other thing of that scene has: blue-green and violet.
fn is_viridis([r, g, b, _]: [u8; 4]) -> bool {
    (b > r.saturating_add(15)) || (g > r.saturating_add(20))
}

#[test]
fn on_an_object() {
    let seen = share(&run("on_an_object", 0.5), is_viridis);
    assert!((0.03..0.5).contains(&seen), "the surface covers {seen}");
}

#[test]
fn a_custom_source() {
    let seen = share(&run("custom_source", 0.5), is_viridis);
    assert!(seen > 0.1, "the surfaces cover {seen}");
}

#[test]
fn a_custom_style() {
    let picture = run("custom_style", 0.0);
    let blue = share(&picture, |[r, _, b, _]| b > r.saturating_add(15));
    let paper = share(&picture, |[r, g, _, _]| r > 180 && g > 180);
    assert!(blue > 0.02, "ink covers {blue}");
    assert!(paper > 0.1, "paper covers {paper}");
}
