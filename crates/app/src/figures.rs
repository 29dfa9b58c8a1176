//! The figures of a run as JSON: names and units of the fields.

use serde::Serialize;
use soundfall_systems::diagnostics::Histogram;

/// Values at p50, p99 and the largest one.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    /// Half of all values are below.
    pub p50: f64,
    /// 99 of 100 values are below.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

impl From<&Histogram> for Spread {
    fn from(histogram: &Histogram) -> Self {
        Self {
            p50: round(histogram.percentile(0.5), 3),
            p99: round(histogram.percentile(0.99), 3),
            max: round(histogram.max(), 3),
        }
    }
}

/// Values at p50 and p99.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Pair {
    /// Half of all values are below.
    pub p50: f64,
    /// 99 of 100 values are below.
    pub p99: f64,
}

/// Resident memory in MB, the ring aside.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Memory {
    /// At the start.
    pub start: f64,
    /// Now.
    pub end: f64,
    /// At most, when looked at.
    pub max: f64,
}

/// How much of the analysis was done, by the names of the steps.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct QualityFigures {
    /// At the end.
    pub now: &'static str,
    /// At the worst.
    pub lowest: &'static str,
    /// Columns of live sound left out, those made good later included.
    pub columns_left_out: u64,
}

/// Changes of the analysis while it ran.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ReanalysisFigures {
    /// How many.
    pub count: u64,
    /// From a change to its first picture of all that is visible.
    pub first_ms: Spread,
    /// From a change to the finished picture of all that is visible.
    pub finished_ms: Spread,
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
    /// Overruns that the device itself reported.
    pub xruns: u64,
    /// Times the reader was lapped.
    pub laps: u64,
    /// Gaps recorded.
    pub gaps: u64,
    /// Times another ring took the place of the one that was shown.
    pub ring_changes: u64,
    /// Times something went wrong with the ring that was shown: deleted, cut off, its writer gone or
    /// its clock set.
    pub ring_faults: u64,
    /// Steps of reduced quality taken, down.
    pub quality_steps: u64,
    /// What the quality was.
    pub quality: QualityFigures,
    /// Time of an analysis job where it ran.
    pub job_ms: Spread,
    /// Time of an analysed column of one channel where it was analysed, reading and axis included.
    pub us_per_column: f64,
    /// Changes that made the visible history be analysed again.
    pub reanalysis: ReanalysisFigures,
    /// Newest sample to the frame that shows it.
    pub latency_ms: Pair,
    /// Resident memory, the ring aside.
    pub rss_mb: Memory,
    /// Panics caught in jobs of the analysis; their columns are among the dropped ones.
    pub panics: u64,
    /// Times that the graphics device was lost and the picture made again.
    pub graphics_losses: u64,
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

#[cfg(not(target_arch = "wasm32"))]
impl Stats {
    /// The figures of all captures of a run. They are its own: what a display reads of a ring is of the last one only.
    pub fn take_capture(&mut self, captured: &soundfall_capture::CaptureStats) {
        self.lost_frames = captured.lost_frames;
        self.gaps = captured.gaps;
        self.xruns = captured.xruns;
        self.ring_changes = captured.ring_renewals;
        self.ring_faults = captured.ring_losses;
        self.panics += captured.panics;
        self.frames_written = Some(captured.frames);
    }
}

/// A value rounded to `digits` decimal places.
pub fn round(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}
