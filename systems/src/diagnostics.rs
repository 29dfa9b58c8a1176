//! What a run reports about itself: frame times, uploads, latency. Counting only; printing is the
//! program's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use web_time::Instant;

use bevy_ecs::prelude::*;

pub use crate::histogram::Histogram;

use crate::{
    analysis::AnalysisOf,
    stream::{StreamClock, StreamStatus},
    view::{TimeWindow, ViewOf},
    waterfall::FieldState,
};

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
    /// Times that the graphics device was lost and the picture made again.
    pub graphics_losses: u64,
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
