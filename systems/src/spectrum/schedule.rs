//! Starts jobs: what to do next is the frontier's choice.
//!
//! At most a fixed number of jobs is in flight and each one is small, so that the pool stays free
//! for the renderer's own work and a change of mind costs little.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::LEVEL_BYTES;

use super::frontier::{Frontier, Out};
use super::job::{JobKind, JobRows, SpectrumJob, Workshop};
use super::pace::{LIVE_US, MOST_US};
use super::plan::SpectrumPlan;
use super::progress::SpectrumProgress;
use super::quality::{Effort, Quality};
use crate::{
    analyst::SharedAnalyst,
    source::{Feed, Source},
    view::View,
};

/// Frames of a channel one job reads at most, a single column aside.
const FRAMES_PER_JOB: u64 = 1 << 19;

/// Jobs that only new sound may have under way.
const ROOM_FOR_LIVE: usize = 2;

/// The workshop shared by the jobs and the stage that gives buffers back.
#[derive(Resource, Clone, Default)]
pub struct SharedWorkshop(pub Arc<Workshop>);

/// Columns of a job that takes about `us` microseconds and brings at most so many bytes.
fn columns_per_job(
    plan: &SpectrumPlan,
    frontier: &Frontier,
    effort: Effort,
    us: f64,
    most_bytes: u64,
) -> u64 {
    let stft = &plan.shape(effort.halvings).stft;
    let channels = plan.channels.len().max(1) as u64;
    let in_time = frontier.pace.columns_in_us(stft.fft_size, us) / channels * effort.every;
    // A column is a row on the finest level and less than one on all others, but for the ends.
    let row_bytes = channels * (plan.axis.columns() * LEVEL_BYTES) as u64;
    let ends = 2 * u64::from(plan.levels.end - plan.levels.start);
    let in_bytes = (most_bytes / row_bytes).saturating_sub(ends) / 2;
    let columns = in_time
        .min(in_bytes)
        .min(FRAMES_PER_JOB / plan.hop_frames());
    (columns / effort.every).max(1) * effort.every
}

/// Schedules jobs as long as there is room. Phase `Schedule`, after the plan.
pub fn schedule_jobs(
    mut commands: Commands,
    source: Option<Res<Source>>,
    feed: Res<Feed>,
    view: Res<View>,
    plan: Option<Res<SpectrumPlan>>,
    jobs: Query<&SpectrumJob>,
    workshop: Res<SharedWorkshop>,
    analyst: Res<SharedAnalyst>,
    quality: Res<Quality>,
    mut frontier: ResMut<Frontier>,
    mut progress: ResMut<SpectrumProgress>,
) {
    let (Some(source), Some(plan)) = (source, plan) else {
        return;
    };
    if plan.epoch != feed.epoch {
        // The ring is another one, and its plan was refused: nothing of it can be asked for.
        return;
    }
    let channels = plan.channels.len() as u64;
    let complete = plan.columns_complete_at(feed.written_frames);
    let margin = feed.margin_frames(source.ring.format());
    let history_from = plan.first_column_from(feed.oldest_frame + margin);
    if frontier.generation != plan.generation {
        frontier.begin(&plan, complete, history_from.min(complete), view.span_secs);
    } else {
        frontier.look(&plan, history_from, view.span_secs);
    }
    // A reader this far behind lost what was overwritten: say so, and go on at what is left.
    let readable = plan.first_column_from(feed.oldest_frame);
    if frontier.front() < readable && readable <= complete {
        let lost = frontier.leap(readable);
        let columns = lost.end - lost.start;
        progress.columns_due += columns * channels;
        progress.columns_dropped += columns * channels;
        progress.lapped(plan.column_start(lost.start), columns * plan.hop_frames());
    }
    let mut in_flight = jobs.iter().count();
    let room = analyst.0.room();
    // What will not grow any more is done in full.
    let at_rest = feed.held || feed.ended;
    let effort = if at_rest {
        Effort::FULL
    } else {
        quality.effort()
    };
    let waiting = |frontier: &Frontier| complete.saturating_sub(frontier.front()) * channels;
    let in_a_frame = frontier
        .pace
        .columns_in_us(plan.stft().fft_size, LIVE_US * room as f64);
    let us = if waiting(&frontier) > in_a_frame {
        MOST_US
    } else {
        LIVE_US
    };
    // Worked out once: none of it changes within a frame.
    let bytes = analyst.0.most_bytes();
    let live = columns_per_job(&plan, &frontier, effort, us, bytes);
    let history = columns_per_job(&plan, &frontier, Effort::FULL, MOST_US, bytes);
    let mut out = Out {
        landed: frontier.landed(jobs.iter()),
        coarse: jobs
            .iter()
            .any(|job| job.kind == JobKind::Coarse && job.generation == plan.generation),
        most_rows: (bytes / (channels.max(1) * (plan.axis.columns() * LEVEL_BYTES) as u64))
            .saturating_sub(1)
            .max(1),
    };
    while in_flight < room {
        let step = frontier.live(&plan, complete, effort, live).or_else(|| {
            // Room is kept for new sound.
            let free = in_flight + ROOM_FOR_LIVE < room;
            free.then(|| frontier.before(&plan, effort, history, out))?
        });
        let Some(step) = step else { break };
        out.coarse |= step.kind == JobKind::Coarse;
        let job = JobRows::new(
            &plan,
            step.columns.clone(),
            step.levels,
            step.effort,
            &feed.gaps,
        );
        let work = job.work();
        progress.columns_due += work;
        let is_reduced = step.kind == JobKind::Live && step.effort != Effort::FULL;
        if is_reduced {
            let whole = (step.columns.end - step.columns.start) * channels;
            progress.columns_left_out += whole - work;
        }
        commands.spawn(SpectrumJob {
            generation: plan.generation,
            kind: step.kind,
            columns: step.columns,
            work,
            reduced: is_reduced,
            output: analyst.0.rows(&source.ring, &workshop.0, job),
        });
        in_flight += 1;
    }
    progress.in_flight = in_flight;
    progress.history_waits = frontier.history_waits();
    let held_back = complete % effort.every * channels;
    progress.backlog = waiting(&frontier).saturating_sub(held_back) + progress.columns_due
        - progress.columns_analysed
        - progress.columns_dropped;
}
