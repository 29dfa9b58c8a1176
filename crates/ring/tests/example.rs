//! The example runs, and measures what it wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![cfg(not(loom))]

use std::process::Command;

#[test]
fn a_sine_of_half_scale_has_its_level() {
    let test = std::env::current_exe().expect("the path of this test");
    let name = format!("examples/ring{}", std::env::consts::EXE_SUFFIX);
    let path = test.parent().and_then(|deps| deps.parent()).unwrap();
    let path = path.join(name);
    assert!(
        path.is_file(),
        "no example {}: build it first (cargo build -p soundfall-ring --examples)",
        path.display()
    );
    let output = Command::new(path).output().expect("the example starts");
    assert!(output.status.success());
    // 20 log10(0.5 / √2).
    let words = String::from_utf8_lossy(&output.stdout);
    assert_eq!(words.trim(), "-9.03 dBFS RMS over 24000 frames");
}
