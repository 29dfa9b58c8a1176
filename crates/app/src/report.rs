//! The figures of the display, read from the world.

#[cfg(not(target_arch = "wasm32"))]
use std::path::PathBuf;

use bevy::{
    asset::Asset,
    prelude::{Assets, Image, Mesh, World},
    render::renderer::RenderAdapterInfo,
};
use soundfall_systems::{
    analysis::{AnalysisProgress, Quality, Reanalysis},
    diagnostics::{Histogram, RunStats, UploadMeter},
    stream::{SourceCounts, StreamStatus},
};

use crate::figures::{Pair, QualityFigures, ReanalysisFigures, Spread, Stats, round};

/// What a display did.
#[derive(Debug, Default)]
pub struct DisplayReport {
    /// Frames of the display.
    pub frames: u64,
    /// Time of the main schedule.
    pub frame_cpu_ms: Spread,
    /// Columns due, analysed, dropped.
    pub columns: [u64; 3],
    /// Rows handed to the renderer.
    pub rows_uploaded: u64,
    /// Bytes written to textures.
    pub bytes_uploaded: u64,
    /// Bytes of rows and lane entries that were new.
    pub bytes_of_new_rows: u64,
    /// Frames lost before the ring.
    pub lost_frames: u64,
    /// Times the reader was lapped.
    pub laps: u64,
    /// Gaps the ring records.
    pub gaps: u64,
    /// What happened to the ring.
    pub ring: SourceCounts,
    /// Newest sample to screen: p50, p99, milliseconds.
    pub latency_ms: [f64; 2],
    /// Steps of reduced quality taken.
    pub quality_steps: u64,
    /// What the quality was.
    pub quality: QualityFigures,
    /// Time of an analysis job.
    pub job_ms: Spread,
    /// Microseconds of an analysed column.
    pub us_per_column: f64,
    /// Changes of the analysis.
    pub reanalysis: ReanalysisFigures,
    /// Panics caught in jobs of the analysis.
    pub panics: u64,
    /// Times that the graphics device was lost.
    pub graphics_losses: u64,
    /// Entities of the world now.
    pub entities: u64,
    /// Pictures and meshes of the world now.
    pub assets: u64,
    /// Analysis jobs under way now.
    pub tasks: u64,
    /// Graphics adapter.
    pub adapter: Option<String>,
    #[cfg(not(target_arch = "wasm32"))]
    /// The picture at the end, or why there is none; nothing where none was asked for.
    pub picture: Option<anyhow::Result<PathBuf>>,
    #[cfg(not(target_arch = "wasm32"))]
    /// Why the first of the pictures on the way that was not saved was not.
    pub missing_picture: Option<anyhow::Error>,
}

/// Assets of a kind that the world holds.
fn count<A: Asset>(world: &World) -> u64 {
    world
        .get_resource::<Assets<A>>()
        .map_or(0, |assets| assets.len() as u64)
}

impl DisplayReport {
    /// The figures now, over all streams and analyses.
    #[must_use]
    pub fn of(world: &mut World) -> Self {
        let mut report = Self {
            adapter: world
                .get_resource::<RenderAdapterInfo>()
                .map(|info| info.0.name.clone()),
            entities: u64::from(world.entities().count_spawned()),
            assets: count::<Image>(world) + count::<Mesh>(world),
            ..Self::default()
        };
        if let Some(stats) = world.get_resource::<RunStats>() {
            report.frames = stats.frames;
            report.frame_cpu_ms = Spread::from(&stats.frame_cpu);
            report.rows_uploaded = stats.rows_uploaded;
            report.bytes_of_new_rows = stats.bytes_of_new_rows;
            report.graphics_losses = stats.graphics_losses;
            report.latency_ms = [
                stats.latency.percentile(0.5),
                stats.latency.percentile(0.99),
            ];
        }
        let mut progress = AnalysisProgress::default();
        for one in world.query::<&AnalysisProgress>().iter(world) {
            progress.add(one);
        }
        // Read at the end of a run: what is still under way then is never shown.
        report.columns = [
            progress.columns_due,
            progress.columns_analysed,
            progress.columns_due - progress.columns_analysed,
        ];
        report.laps = progress.laps;
        report.quality.columns_left_out = progress.columns_left_out;
        report.job_ms = Spread::from(&progress.job_ms);
        let columns = progress.columns_analysed.max(1) as f64;
        report.us_per_column = round(progress.analysed_us / columns, 2);
        report.panics = progress.panics;
        report.tasks = progress.in_flight as u64;
        let mut qualities = world.query::<&Quality>();
        report.quality_steps = qualities
            .iter(world)
            .map(|quality| quality.steps_down)
            .sum();
        if let Some(now) = qualities.iter(world).max_by_key(|quality| quality.step()) {
            report.quality.now = now.name();
        }
        let lowest = qualities
            .iter(world)
            .max_by_key(|quality| quality.lowest_step());
        if let Some(lowest) = lowest {
            report.quality.lowest = lowest.lowest_name();
        }
        let (mut first_ms, mut finished_ms) = (Histogram::default(), Histogram::default());
        for one in world.query::<&Reanalysis>().iter(world) {
            report.reanalysis.count += one.count;
            first_ms.merge(&one.first_ms);
            finished_ms.merge(&one.whole_ms);
        }
        report.reanalysis.first_ms = Spread::from(&first_ms);
        report.reanalysis.finished_ms = Spread::from(&finished_ms);
        if let Some(meter) = world.get_resource::<UploadMeter>() {
            report.bytes_uploaded = meter.bytes();
        }
        for status in world.query::<&StreamStatus>().iter(world) {
            report.lost_frames = report.lost_frames.saturating_add(status.lost_frames);
            report.gaps = report.gaps.saturating_add(status.gap_total);
            report.ring.changes += status.counts.changes;
            report.ring.faults += status.counts.faults;
        }
        report
    }

    /// Puts the display's figures in their places.
    pub fn write_to(&self, stats: &mut Stats) {
        stats.frames = self.frames;
        stats.frame_cpu_ms = self.frame_cpu_ms;
        [
            stats.columns_due,
            stats.columns_analysed,
            stats.columns_dropped,
        ] = self.columns;
        stats.rows_uploaded = self.rows_uploaded;
        stats.bytes_uploaded = self.bytes_uploaded;
        stats.bytes_of_new_rows = self.bytes_of_new_rows;
        stats.lost_frames = self.lost_frames;
        stats.laps = self.laps;
        stats.gaps = self.gaps;
        stats.ring_changes = self.ring.changes;
        stats.ring_faults = self.ring.faults;
        stats.quality_steps = self.quality_steps;
        stats.quality = self.quality;
        stats.job_ms = self.job_ms;
        stats.us_per_column = self.us_per_column;
        stats.reanalysis = self.reanalysis;
        stats.panics = self.panics;
        stats.graphics_losses = self.graphics_losses;
        let [p50, p99] = self.latency_ms.map(|ms| round(ms, 1));
        stats.latency_ms = Pair { p50, p99 };
        stats.adapter.clone_from(&self.adapter);
    }

    #[cfg(not(target_arch = "wasm32"))]
    /// One line for the terminal.
    #[must_use]
    pub fn line(&self, seconds: f64) -> String {
        format!(
            "{seconds:6.1} s  {} frames  main {:.2}/{:.2} ms  columns {}/{}  quality {}  lost {}  laps {}  latency {:.0} ms  entities {}  assets {}  tasks {}",
            self.frames,
            self.frame_cpu_ms.p50,
            self.frame_cpu_ms.p99,
            self.columns[1],
            self.columns[0],
            self.quality.now,
            self.lost_frames,
            self.laps,
            self.latency_ms[0],
            self.entities,
            self.assets,
            self.tasks,
        )
    }
}
