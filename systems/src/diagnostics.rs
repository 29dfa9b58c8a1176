//! What a run reports about itself: frame times, uploads, latency. Counting only; printing is the
//! program's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use web_time::Instant;

use bevy_ecs::prelude::*;

use crate::{
    analysis::AnalysisOf,
    stream::{StreamClock, StreamStatus},
    view::{TimeWindow, ViewOf},
    waterfall::FieldState,
};

/// A histogram of milliseconds with a relative error under 2 %, of constant size.
#[derive(Clone, Debug)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max_ms: f64,
}

/// Lowest value told apart, milliseconds.
const LOWEST_MS: f64 = 0.001;
/// Buckets a decade of ten.
const PER_DECADE: f64 = 120.0;
/// Seven decades: a microsecond to ten seconds.
const BUCKETS: usize = 840;

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
            count: 0,
            max_ms: 0.0,
        }
    }
}

impl Histogram {
    /// Adds one value.
    pub fn add(&mut self, ms: f64) {
        let ms = if ms.is_finite() { ms.max(0.0) } else { 0.0 };
        let at = ((ms / LOWEST_MS).max(1.0).log10() * PER_DECADE) as usize;
        self.buckets[at.min(BUCKETS - 1)] += 1;
        self.count += 1;
        self.max_ms = self.max_ms.max(ms);
    }

    /// Adds all values of another one.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        self.count += other.count;
        self.max_ms = self.max_ms.max(other.max_ms);
    }

    /// The value below which a share (0…1) of all values lies; 0 without values.
    #[must_use]
    pub fn percentile(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, n) in self.buckets.iter().enumerate() {
            seen += n;
            if seen >= wanted && *n > 0 {
                let upper = LOWEST_MS * 10_f64.powf((at as f64 + 1.0) / PER_DECADE);
                return upper.min(self.max_ms);
            }
        }
        0.0
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max_ms
    }
}

/// Bytes written to textures, counted where they are written.
#[derive(Resource, Clone, Default)]
pub struct UploadMeter(Arc<AtomicU64>);

impl UploadMeter {
    /// Adds bytes.
    pub fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes since the start.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Figures of the run so far.
#[derive(Resource, Default)]
pub struct RunStats {
    /// Frames of the display.
    pub frames: u64,
    /// Time of the main schedule a frame.
    pub frame_cpu: Histogram,
    /// Newest sample written to the frame that shows it.
    pub latency: Histogram,
    /// Rows of mips handed to the renderer, a row of one channel counting as one.
    pub rows_uploaded: u64,
    /// Bytes of rows and lane buckets that were new.
    pub bytes_of_new_rows: u64,
    started: Option<Instant>,
}

/// First thing in a frame.
pub fn begin_frame(mut stats: ResMut<RunStats>) {
    stats.started = Some(Instant::now());
}

/// Last thing in a frame.
///
/// Latency is the age of the newest sample inside the window that stands at the front edge of a
/// live view, while sound flows: what a row shows is only on screen once the edge has reached it.
pub fn end_frame(
    mut stats: ResMut<RunStats>,
    views: Query<(&ViewOf, &TimeWindow, &FieldState)>,
    analyses: Query<&AnalysisOf>,
    streams: Query<(&StreamStatus, &StreamClock)>,
) {
    for (of, window, state) in &views {
        let stream = analyses.get(of.0).and_then(|of| streams.get(of.0));
        let Ok((status, clock)) = stream else {
            continue;
        };
        if let Some(plan) = &state.plan
            && window.is_live()
            && state.visible
            && clock.flowing()
            && !status.held
            && plan.epoch == status.epoch
        {
            let to_end = plan.row_end(state.mip, 0) as f64 - plan.row_centre(state.mip, 0);
            let newest = state.head_frames + to_end;
            let age_secs = (status.written_frames as f64 - newest) / f64::from(plan.sample_rate);
            stats.latency.add(age_secs * 1000.0);
        }
    }
    stats.frames += 1;
    if let Some(started) = stats.started.take() {
        stats
            .frame_cpu
            .add(started.elapsed().as_secs_f64() * 1000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_close() {
        let mut histogram = Histogram::default();
        for i in 1..=1000 {
            histogram.add(f64::from(i) / 100.0);
        }
        assert!((histogram.percentile(0.5) - 5.0).abs() < 0.1);
        assert!((histogram.percentile(0.99) - 9.9).abs() < 0.2);
        assert!((histogram.max() - 10.0).abs() < 1e-9);
        assert!(Histogram::default().percentile(0.99).abs() < 1e-9);
    }
}
