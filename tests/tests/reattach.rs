//! A writer that is started again makes a new ring at the same path: a viewer shows that one by
//! itself.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;

fn capture(ring: &std::path::Path, signal: &str, seconds: &str) -> Program {
    Program::new(["capture", "--signal", signal, "--history", "60"])
        .args(["--seconds", seconds, "--ring"])
        .arg(ring)
}

#[test]
fn a_viewer_goes_over_to_the_new_ring() {
    let place = Place::new();
    let ring = place.path("ring");
    capture(&ring, "chord", "2").run().expect_success();
    let mut view = Program::new(["view", "--headless", "--stats", "-", "--ring"])
        .arg(&ring)
        .start();
    let maps = format!("/proc/{}/maps", view.id());
    view.wait_until("the first ring was open", || {
        let open = std::fs::read_to_string(&maps);
        !cfg!(target_os = "linux")
            || open.is_ok_and(|maps| maps.contains(&ring.display().to_string()))
    });
    let first = soundfall_ring_file::open(&ring, false)
        .unwrap()
        .ring
        .epoch();
    capture(&ring, "white", "10").run().expect_success();
    let second = soundfall_ring_file::open(&ring, false)
        .unwrap()
        .ring
        .epoch();
    assert_ne!(first, second);
    view.wait_until_said("another ring");
    view.interrupt();
    let outcome = view.wait().expect_success();
    let stats = outcome.json();
    // Two seconds of the first ring and at least some of the ten of the second, two channels.
    let due = number(&stats, "columns_due");
    assert!(due > 600.0, "{stats:#}");
    assert_eq!(number(&stats, "laps"), 0.0, "{stats:#}");
}
