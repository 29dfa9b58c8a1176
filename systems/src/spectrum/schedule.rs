//! Which rows to analyse next: the live edge first, then back through the visible history.
//!
//! At most a fixed number of jobs is in flight and each one is small, so that the pool stays free
//! for the renderer's own work and a change of mind costs little.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_ring::RingFormat;

use super::job::{JobOutput, JobRows, Workshop};
use super::plan::SpectrumPlan;
use super::progress::SpectrumProgress;
use crate::{
    analyst::{Pending, SharedAnalyst},
    source::{Feed, Source},
    view::View,
};

/// Columns of all channels in one job: about 2 ms of one core.
const COLUMNS_PER_JOB: u64 = 384;
/// The same when more waits than the jobs of a frame can take: under 5 ms, and fewer visits. What
/// a slow display asks for once a frame must still keep up with the sound.
const COLUMNS_WHEN_BEHIND: u64 = 960;
/// Frames of a channel one job reads at most, a single row aside.
const FRAMES_PER_JOB: u64 = 1 << 19;
/// Jobs in flight at most.
const MAX_IN_FLIGHT: usize = 6;

/// A job under way.
#[derive(Component)]
pub struct SpectrumJob {
    /// Generation of the plan.
    pub generation: u64,
    /// Rows asked for.
    pub rows: Range<u64>,
    /// Columns of all channels.
    pub columns: u64,
    pub(super) output: Pending<JobOutput>,
}

/// Where the scheduling of the current generation stands: rows in `back..front` are scheduled.
#[derive(Resource, Default)]
pub struct Frontier {
    /// Generation of the plan.
    pub generation: u64,
    /// The row where this generation began: forward from here it is live, backward history.
    pub origin: u64,
    /// The oldest row worth having now.
    pub wanted_from: u64,
    /// Rows lost to a lap before they could be scheduled.
    pub(super) skipped: Vec<Range<u64>>,
    front: u64,
    back: u64,
}

impl Frontier {
    fn begin(generation: u64, origin: u64) -> Self {
        Self {
            generation,
            origin,
            wanted_from: 0,
            skipped: Vec::new(),
            front: origin,
            back: origin,
        }
    }
}

/// The workshop shared by the jobs and the stage that gives buffers back.
#[derive(Resource, Clone, Default)]
pub struct SharedWorkshop(pub Arc<Workshop>);

/// The oldest row worth having: readable, and within the span shown.
fn oldest_wanted(
    plan: &SpectrumPlan,
    feed: &Feed,
    format: &RingFormat,
    view: &View,
    front: u64,
) -> u64 {
    let visible = plan.rows_in(view.span_secs).ceil() as u64 + 4;
    plan.first_row_from(feed.oldest_frame + feed.margin_frames(format))
        .max(front.saturating_sub(visible))
}

/// Schedules jobs as long as there is room. Phase `Schedule`, after the plan.
pub fn schedule_jobs(
    mut commands: Commands,
    source: Option<Res<Source>>,
    feed: Res<Feed>,
    view: Res<View>,
    plan: Option<Res<SpectrumPlan>>,
    jobs: Query<(), With<SpectrumJob>>,
    workshop: Res<SharedWorkshop>,
    analyst: Res<SharedAnalyst>,
    mut frontier: ResMut<Frontier>,
    mut progress: ResMut<SpectrumProgress>,
) {
    let (Some(source), Some(plan)) = (source, plan) else {
        return;
    };
    let complete = plan.rows_complete_at(feed.written_frames);
    if frontier.generation != plan.generation {
        *frontier = Frontier::begin(plan.generation, complete);
    }
    // A reader this far behind lost what was overwritten: say so, and go on at what is left.
    let readable = plan.first_row_from(feed.oldest_frame);
    if frontier.front < readable && readable <= complete {
        let lost_rows = readable - frontier.front;
        let columns = lost_rows * plan.columns_per_row() * plan.channels.len() as u64;
        progress.columns_due += columns;
        progress.columns_dropped += columns;
        progress.lapped(
            plan.row_start(frontier.front),
            lost_rows * plan.row_frames(),
        );
        let lost = frontier.front..readable;
        frontier.skipped.push(lost);
        frontier.front = readable;
    }
    let mut in_flight = jobs.iter().count();
    let columns_per_row = plan.columns_per_row() * plan.channels.len().max(1) as u64;
    let behind = complete.saturating_sub(frontier.front) * columns_per_row
        > COLUMNS_PER_JOB * MAX_IN_FLIGHT as u64;
    let columns_per_job = if behind {
        COLUMNS_WHEN_BEHIND
    } else {
        COLUMNS_PER_JOB
    };
    let rows_per_job = (columns_per_job / columns_per_row)
        .min(FRAMES_PER_JOB / plan.row_frames())
        .max(1);
    let oldest = oldest_wanted(&plan, &feed, source.ring.format(), &view, frontier.front);
    // History scrolls out while it is being fetched: what is wanted only moves forward.
    frontier.wanted_from = oldest;
    while in_flight < MAX_IN_FLIGHT {
        let rows = if frontier.front < complete {
            let start = frontier.front;
            frontier.front = complete.min(start + rows_per_job);
            start..frontier.front
        } else if frontier.back > oldest {
            let end = frontier.back;
            frontier.back = oldest.max(end.saturating_sub(rows_per_job));
            frontier.back..end
        } else {
            break;
        };
        let job = JobRows {
            plan: plan.clone(),
            rows: rows.clone(),
            gaps: feed.gaps.clone(),
        };
        let columns = job.columns();
        progress.columns_due += columns;
        commands.spawn(SpectrumJob {
            generation: plan.generation,
            rows,
            columns,
            output: analyst.0.rows(&source.ring, &workshop.0, job),
        });
        in_flight += 1;
    }
    progress.in_flight = in_flight;
    let waiting = complete.saturating_sub(frontier.front) * columns_per_row;
    progress.backlog =
        waiting + progress.columns_due - progress.columns_analysed - progress.columns_dropped;
}
