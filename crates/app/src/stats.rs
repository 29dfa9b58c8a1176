//! The `--stats` object: what a run did, as JSON.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::show::DisplayReport;

/// Values at p50, p99 and the largest one.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    p50: f64,
    p99: f64,
    max: f64,
}

/// Values at p50 and p99.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Pair {
    p50: f64,
    p99: f64,
}

/// Resident memory in MB, the ring aside.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Memory {
    start: f64,
    end: f64,
    max: f64,
}

/// The figures of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Frames of the display.
    pub frames: u64,
    /// Time of the main schedule.
    pub frame_cpu_ms: Spread,
    /// Columns analysed.
    pub columns_analysed: u64,
    /// Columns that became due.
    pub columns_due: u64,
    /// Columns dropped.
    pub columns_dropped: u64,
    /// Rows handed to the renderer.
    pub rows_uploaded: u64,
    /// Bytes written to textures.
    pub bytes_uploaded: u64,
    /// Bytes that were new.
    pub bytes_of_new_rows: u64,
    /// Frames lost before the ring.
    pub lost_frames: u64,
    /// Times the reader was lapped.
    pub laps: u64,
    /// Gaps recorded.
    pub gaps: u64,
    /// Steps of reduced quality taken.
    pub quality_steps: u64,
    /// Newest sample to the frame that shows it.
    pub latency_ms: Pair,
    /// Resident memory, the ring aside.
    pub rss_mb: Memory,
    /// Graphics adapter.
    pub adapter: Option<String>,
    /// Channels of the ring.
    pub channels: u32,
    /// Hz.
    pub rate: u32,
    /// Frames written to the ring, where this process writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames_written: Option<u64>,
}

impl Stats {
    /// Takes the display's figures over.
    pub fn add_display(&mut self, report: &DisplayReport) {
        let [p50, p99, max] = report.frame_cpu_ms.map(|ms| round(ms, 3));
        self.frames = report.frames;
        self.frame_cpu_ms = Spread { p50, p99, max };
        [
            self.columns_due,
            self.columns_analysed,
            self.columns_dropped,
        ] = report.columns;
        self.rows_uploaded = report.rows_uploaded;
        self.bytes_uploaded = report.bytes_uploaded;
        self.bytes_of_new_rows = report.bytes_of_new_rows;
        self.lost_frames = report.lost_frames;
        self.laps = report.laps;
        self.gaps = report.gaps;
        let [p50, p99] = report.latency_ms.map(|ms| round(ms, 1));
        self.latency_ms = Pair { p50, p99 };
        self.adapter.clone_from(&report.adapter);
    }

    /// Takes memory over: what it was at the start, is now, and was at most when looked at.
    pub fn add_memory(&mut self, start_mb: f64) {
        let end = own_memory_mb();
        let max = f64::from_bits(MOST.load(Ordering::Relaxed));
        self.rss_mb = Memory {
            start: start_mb,
            end,
            max,
        };
    }
}

/// The most memory seen so far, bits of an f64 (positive floats order as their bits do).
static MOST: AtomicU64 = AtomicU64::new(0);

/// Where `--stats` goes.
#[derive(Clone, Debug)]
pub enum StatsTo {
    /// `-`
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for StatsTo {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdout
        } else {
            Self::File(path.to_owned())
        }
    }
}

impl StatsTo {
    /// Writes the object.
    pub fn write(&self, stats: &Stats) -> Result<()> {
        let text = serde_json::to_string_pretty(stats)?;
        match self {
            Self::Stdout => crate::commands::print(&text),
            Self::File(path) => std::fs::write(path, text + "\n")
                .with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// A line of `/proc/self/status` in MB; 0 where there is no such file.
fn status_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    round(kib.unwrap_or(0.0) / 1024.0, 1)
}

/// Resident memory of our own, the ring's shared pages aside. Remembers the most seen.
pub fn own_memory_mb() -> f64 {
    let own = status_mb("RssAnon:");
    MOST.fetch_max(own.to_bits(), Ordering::Relaxed);
    own
}
