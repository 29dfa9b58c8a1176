//! Five minutes of `cargo xtask soak`: displays without a window hold no more at the end than after
//! the first minute, while settings change and sources come and go. Never asserts on time.

#![allow(clippy::unwrap_used, reason = "tests")]
#![cfg(target_os = "linux")]

use soundfall_tests::skip::{Reason, skip};
use soundfall_tests::soak::{Curve, Soak, curves, table};
use std::time::Duration;

#[test]
fn what_a_display_holds_does_not_grow() {
    let soak = Soak {
        seconds: 300.0,
        every: Duration::from_secs(2),
        page: None,
    };
    let samples = soak.run(|_| {}).unwrap();
    let curves = curves(&samples);
    let table = table(&curves);
    assert!(curves.iter().any(|curve| curve.display == "view"));
    assert!(!curves.iter().any(Curve::grows), "\n{table}");
    if !curves.iter().any(|curve| curve.display == "live") {
        skip(
            "what_a_display_holds_does_not_grow (live)",
            &Reason::SoundServer,
        );
    }
}
