//! In a window, on a private display, and with neither display nor sound device.
//!
//! Only whether it runs and says what it should; what it looks like is the matter of the
//! picture tests.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_tests::outcome::number;
use soundfall_tests::picture::Picture;
use soundfall_tests::program::Program;
use soundfall_tests::skip::skip;
use soundfall_tests::xvfb::Xvfb;

#[test]
fn a_window_opens_draws_and_closes() {
    let screen = match Xvfb::start(640, 400) {
        Ok(screen) => screen,
        Err(reason) => return skip("a_window_opens_draws_and_closes", &reason),
    };
    let program = Program::new([
        "live",
        "--signal",
        "chord",
        "--channels",
        "2",
        "--stats",
        "-",
        "-v",
    ]);
    let mut running = program.env("DISPLAY", screen.display()).start();
    running.wait_for("columns were analysed", |program| {
        let said = program.said();
        (1..10).any(|digit| said.contains(&format!("columns {digit}")))
    });
    running.interrupt();
    let outcome = running.wait().expect_success();
    let stats = outcome.json();
    assert!(number(&stats, "frames") > 0.0, "{stats:#}");
    assert!(number(&stats, "columns_analysed") > 0.0, "{stats:#}");
    assert_eq!(number(&stats, "lost_frames"), 0.0, "{stats:#}");
}

#[test]
fn without_display_and_device_it_plays_the_demo_and_leaves_a_picture() {
    // An empty ALSA configuration: no device, whatever the machine has.
    let program = Program::new([] as [&str; 0]).env("ALSA_CONFIG_PATH", "/dev/null");
    let outcome = program.run().expect_success();
    assert!(
        outcome.stderr.contains("demo"),
        "says that it plays the demo:\n{}",
        outcome.stderr
    );
    let said = format!("{} {}", outcome.stdout, outcome.stderr);
    let picture = said
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/' && c != '_'))
        .find(|word| word.ends_with(".png"))
        .unwrap_or_else(|| panic!("says where the picture is:\n{said}"));
    let picture = Picture::read(&outcome.home.path(picture));
    assert!(
        picture.colours() > 50,
        "a landscape, not {} colours",
        picture.colours()
    );
}
