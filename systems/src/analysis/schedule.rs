//! Starts jobs: what to do next is the queue's choice.
//!
//! At most a fixed number of jobs is in flight and each one is small, so that the pool stays free
//! for the renderer's own work and a change of mind costs little.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::LEVEL_BYTES;

use super::queue::{JobQueue, Out};
use super::job::{JobKind, JobRows, SpectrumJob, EnginePool};
use super::cost::{LIVE_US, MAX_US};
use super::plan::SpectrumPlan;
use super::progress::SpectrumProgress;
use super::quality::{QualityLevel, Quality};
use crate::{
    backend::SharedBackend,
    stream::{StreamStatus, Source},
    view::View,
};

/// Frames of a channel one job reads at most, a single column aside.
const FRAMES_PER_JOB: u64 = 1 << 19;

/// Jobs that only new sound may have under way.
const ROOM_FOR_LIVE: usize = 2;

/// The engines shared by the jobs and the stage that gives buffers back.
#[derive(Resource, Clone, Default)]
pub struct SharedEngines(pub Arc<EnginePool>);

/// Columns of a job that takes about `us` microseconds and brings at most so many bytes.
fn columns_per_job(
    plan: &SpectrumPlan,
    queue: &JobQueue,
    quality: QualityLevel,
    us: f64,
    most_bytes: u64,
) -> u64 {
    let stft = &plan.shape(quality.halvings).stft;
    let channels = plan.channels.len().max(1) as u64;
    let in_time = queue.cost.columns_in_us(stft.fft_size, us) / channels * quality.every;
    // A column is a row on the finest mip and less than one on all others, but for the ends.
    let row_bytes = channels * (plan.axis.bins() * LEVEL_BYTES) as u64;
    let ends = 2 * u64::from(plan.mips.end - plan.mips.start);
    let in_bytes = (most_bytes / row_bytes).saturating_sub(ends) / 2;
    let columns = in_time
        .min(in_bytes)
        .min(FRAMES_PER_JOB / plan.hop_frames());
    (columns / quality.every).max(1) * quality.every
}

/// Schedules jobs as long as there is room. SoundfallSystems `Schedule`, after the plan.
pub fn schedule_jobs(
    mut commands: Commands,
    source: Option<Res<Source>>,
    status: Res<StreamStatus>,
    view: Res<View>,
    plan: Option<Res<SpectrumPlan>>,
    jobs: Query<&SpectrumJob>,
    engines: Res<SharedEngines>,
    backend: Res<SharedBackend>,
    quality: Res<Quality>,
    mut queue: ResMut<JobQueue>,
    mut progress: ResMut<SpectrumProgress>,
) {
    let (Some(source), Some(plan)) = (source, plan) else {
        return;
    };
    if plan.epoch != status.epoch {
        // The ring is another one, and its plan was refused: nothing of it can be asked for.
        return;
    }
    let channels = plan.channels.len() as u64;
    let complete = plan.columns_complete_at(status.written_frames);
    let margin = status.margin_frames(source.ring.format());
    let history_from = plan.first_column_from(status.oldest_frame + margin);
    if queue.generation != plan.generation {
        queue.begin(&plan, complete, history_from.min(complete), view.span_secs);
    } else {
        queue.look(&plan, history_from, view.span_secs);
    }
    // A reader this far behind lost what was overwritten: say so, and go on at what is left.
    let readable = plan.first_column_from(status.oldest_frame);
    if queue.front() < readable && readable <= complete {
        let lost = queue.leap(readable);
        let columns = lost.end - lost.start;
        progress.columns_due += columns * channels;
        progress.columns_dropped += columns * channels;
        progress.lapped(plan.column_start(lost.start), columns * plan.hop_frames());
    }
    let mut in_flight = jobs.iter().count();
    let room = backend.0.room();
    // What will not grow any more is done in full.
    let at_rest = status.held || status.ended;
    let quality = if at_rest {
        QualityLevel::FULL
    } else {
        quality.quality()
    };
    let waiting = |queue: &JobQueue| complete.saturating_sub(queue.front()) * channels;
    let in_a_frame = queue
        .cost
        .columns_in_us(plan.stft().fft_size, LIVE_US * room as f64);
    let us = if waiting(&queue) > in_a_frame {
        MAX_US
    } else {
        LIVE_US
    };
    // Worked out once: none of it changes within a frame.
    let bytes = backend.0.most_bytes();
    let live = columns_per_job(&plan, &queue, quality, us, bytes);
    let history = columns_per_job(&plan, &queue, QualityLevel::FULL, MAX_US, bytes);
    let mut out = Out {
        landed: queue.landed(jobs.iter()),
        coarse: jobs
            .iter()
            .any(|job| job.kind == JobKind::Coarse && job.generation == plan.generation),
        most_rows: (bytes / (channels.max(1) * (plan.axis.bins() * LEVEL_BYTES) as u64))
            .saturating_sub(1)
            .max(1),
    };
    while in_flight < room {
        let step = queue.live(&plan, complete, quality, live).or_else(|| {
            // Room is kept for new sound.
            let free = in_flight + ROOM_FOR_LIVE < room;
            free.then(|| queue.before(&plan, quality, history, out))?
        });
        let Some(step) = step else { break };
        out.coarse |= step.kind == JobKind::Coarse;
        let job = JobRows::new(
            &plan,
            step.columns.clone(),
            step.mips,
            step.quality,
            &status.gaps,
        );
        let work = job.work();
        progress.columns_due += work;
        let is_reduced = step.kind == JobKind::Live && step.quality != QualityLevel::FULL;
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
            output: backend.0.rows(&source.ring, &engines.0, job),
        });
        in_flight += 1;
    }
    progress.in_flight = in_flight;
    progress.history_waits = queue.history_waits();
    let held_back = complete % quality.every * channels;
    progress.backlog = waiting(&queue).saturating_sub(held_back) + progress.columns_due
        - progress.columns_analysed
        - progress.columns_dropped;
}
