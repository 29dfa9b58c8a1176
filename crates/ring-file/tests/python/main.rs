//! The Python reader and writer of `examples/python` against ours, in both directions. Never
//! asserts on time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod reader;
mod writer;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use soundfall_ring::RingFormat;
use soundfall_ring_file::{CreateOptions, FileRingWriter, create};
use soundfall_test_support::python;
use soundfall_test_support::skip::skip;

const CHANNELS: u32 = 2;
const BLOCK: u32 = 480;

/// What the writer's signal `count` is, too.
fn sample(frame: u64, channel: u32) -> f32 {
    ((frame * u64::from(CHANNELS) + u64::from(channel)) % (1 << 24)) as f32
}

/// Whether there is a Python; leaves the test out where there is none.
fn python_is_here(test: &str) -> bool {
    python::interpreter()
        .map_err(|reason| skip(test, reason))
        .is_ok()
}

/// `python examples/python/SCRIPT`.
fn script(name: &str) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/python")
        .join(name);
    let mut command = Command::new(python::interpreter().unwrap());
    command.args(["-B", "-I"]).arg(path).stdin(Stdio::null());
    command
}

fn writer(path: &Path, capacity_frames: u64) -> FileRingWriter {
    create(&CreateOptions {
        path: path.to_owned(),
        format: RingFormat::new(48_000, CHANNELS, capacity_frames, BLOCK).unwrap(),
        label: "from Rust".to_owned(),
    })
    .unwrap()
}

fn write_block(writer: &mut FileRingWriter) {
    let first = writer.written_frames();
    let block: Vec<f32> = (first..first + u64::from(BLOCK))
        .flat_map(|frame| (0..CHANNELS).map(move |channel| sample(frame, channel)))
        .collect();
    writer.write_block(&block).unwrap();
    writer.heartbeat_now();
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
