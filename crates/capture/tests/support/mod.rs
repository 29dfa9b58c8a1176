//! What the tests with a private PulseAudio server share. Never touches the user's own server.
//!
//! The environment of a process cannot be changed safely, so a test runs itself again with the variables that lead to
//! the private server.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::process::Command;
use std::thread;
use std::time::Duration;

use soundfall_test_support::pulse::{NullSink, PulseServer};
use soundfall_test_support::skip::skip;

/// Runs one of the `inner_…` tests of this file in another process.
pub fn run_inner(name: &str, envs: Vec<(&'static str, std::ffi::OsString)>) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .envs(envs)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Waits for something that must come; gives up rather than hang the test run.
pub fn wait_for(what: &str, done: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}

/// A server for `test`, or `None` with a loud word where there is no PulseAudio.
pub fn server(test: &str, sinks: &[NullSink]) -> Option<PulseServer> {
    PulseServer::start(sinks)
        .map_err(|reason| skip(test, &reason))
        .ok()
}
