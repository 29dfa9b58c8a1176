//! Starts jobs: what to do next is the choice of each window's queue.
//!
//! At most a fixed number of jobs is in flight and each one is small, so that the pool stays free
//! for the renderer's own work and a change of mind costs little.

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::LEVEL_BYTES;

use super::cost::{CostModel, LIVE_US, MAX_US};
use super::job::{AnalysisJob, JobKind, PendingRows, rows_request};
use super::plan::RowPlan;
use super::progress::AnalysisProgress;
use super::quality::{Quality, QualityLevel};
use super::queue::{Goal, JobQueue, Out, Step};
use super::relations::{AnalysisOf, RowsOf};
use super::row_window::RowWindow;
use crate::{
    backend::SharedBackend,
    stream::{Stream, StreamStatus},
    view::{ViewSettings, Views},
};

/// Frames of a channel one job reads at most, a single column aside.
const FRAMES_PER_JOB: u64 = 1 << 19;

/// Columns of a channel that one leap counts at most, months of them: a ring may say that it leapt over
/// all time, and the books must still add up.
const MAX_LEAP_COLUMNS: u64 = 1 << 32;

/// Jobs that only new sound may have under way.
const ROOM_FOR_LIVE: usize = 2;

/// Columns of a job that takes about `us` microseconds and brings at most so many bytes.
fn columns_per_job(
    plan: &RowPlan,
    cost: &CostModel,
    quality: QualityLevel,
    us: f64,
    max_bytes: u64,
) -> u64 {
    let stft = &plan.shape(quality.halvings).stft;
    let channels = plan.channels.len().max(1) as u64;
    let in_time = cost.columns_in_us(stft.fft_size, us) / channels * quality.every;
    // A column is a row on the finest mip and less than one on all others, but for the ends.
    let row_bytes = channels * (plan.axis.bins() * LEVEL_BYTES) as u64;
    let ends = 2 * u64::from(plan.mips.end - plan.mips.start);
    let in_bytes = (max_bytes / row_bytes).saturating_sub(ends) / 2;
    let columns = in_time
        .min(in_bytes)
        .min(FRAMES_PER_JOB / plan.hop_frames());
    (columns / quality.every).max(1) * quality.every
}

/// One window of rows while jobs are handed out.
struct WindowWork<'a> {
    window: Entity,
    analysis: Entity,
    plan: &'a RowPlan,
    stream: &'a Stream,
    queue: Mut<'a, JobQueue>,
    goal: Goal,
    /// How new sound is analysed.
    quality: QualityLevel,
    /// Columns of a job of new sound, and of one of what was before.
    forward_columns: u64,
    before_columns: u64,
    out: Out,
}

impl WindowWork<'_> {
    /// Columns of all channels that are complete but not scheduled.
    fn waiting(&self) -> u64 {
        let columns = self.goal.newest().saturating_sub(self.queue.front());
        columns * self.plan.channels.len() as u64
    }

    fn forward(&mut self) -> Option<Step> {
        self.queue
            .forward(self.plan, &self.goal, self.quality, self.forward_columns)
    }

    fn before(&mut self) -> Option<Step> {
        self.queue
            .before(self.plan, self.quality, self.before_columns, self.out)
    }
}

/// Frames of silence after the end of a recording: its last columns stand for the end itself.
fn padding(plan: &RowPlan, stream: &Stream) -> u64 {
    if stream.history.ends() {
        plan.stft().window_size as u64 / 2
    } else {
        0
    }
}

/// Schedules jobs as long as there is room. Set `Schedule`, after the plans.
pub fn schedule_jobs(
    mut commands: Commands,
    mut windows: Query<(Entity, &RowWindow, &RowsOf, &RowPlan, &mut JobQueue)>,
    mut analyses: Query<(&AnalysisOf, &Views, &Quality, &mut AnalysisProgress)>,
    streams: Query<(&Stream, &StreamStatus)>,
    views: Query<&ViewSettings>,
    jobs: Query<&AnalysisJob>,
    backend: Res<SharedBackend>,
    cost: Res<CostModel>,
) {
    let room = backend.0.room();
    let max_bytes = backend.0.max_bytes();
    for (.., mut progress) in &mut analyses {
        progress.history_waits = false;
        progress.backlog =
            progress.columns_due - progress.columns_analysed - progress.columns_dropped;
        progress.in_flight = 0;
    }
    for job in &jobs {
        if let Ok((.., mut progress)) = analyses.get_mut(job.analysis) {
            progress.in_flight += 1;
        }
    }
    let mut works: Vec<WindowWork> = Vec::new();
    for (entity, window, of, plan, mut queue) in &mut windows {
        let Ok((stream, of_views, quality, mut progress)) = analyses.get_mut(of.0) else {
            continue;
        };
        let Ok((stream, status)) = streams.get(stream.0) else {
            continue;
        };
        if plan.epoch != status.epoch {
            // The ring is another one, and its plan was refused: nothing of it can be asked for.
            continue;
        }
        let channels = plan.channels.len() as u64;
        let margin = status.margin_frames(&stream.history.format());
        let spans = of_views.iter().filter_map(|view| views.get(view).ok());
        let goal = Goal {
            complete: plan.columns_complete_at(status.written_frames + padding(plan, stream)),
            readable: plan.first_column_from(status.oldest_frame + margin),
            span_secs: spans.map(|view| view.span_secs).fold(0.0, f64::max),
            fixed: window.fixed_columns(plan),
            may_skip: *window != RowWindow::Base,
        };
        if queue.generation != plan.generation || !queue.look(plan, &goal) {
            queue.begin(plan, &goal, &cost);
        }
        // A reader this far behind lost what was overwritten: say so, and go on at what is left.
        let readable = plan.first_column_from(status.oldest_frame);
        if queue.front() < readable && readable <= goal.newest() {
            let lost = queue.leap(readable);
            if !goal.may_skip {
                let columns = lost.end - lost.start;
                let counted = columns.min(MAX_LEAP_COLUMNS) * channels;
                progress.columns_due += counted;
                progress.columns_dropped += counted;
                let frames = columns.saturating_mul(plan.hop_frames());
                progress.lapped(plan.column_start(lost.start), frames);
            }
        }
        // What will not grow any more is done in full.
        let at_rest = status.held || status.ended;
        let quality = if at_rest {
            QualityLevel::FULL
        } else {
            quality.level()
        };
        let of_window = || jobs.iter().filter(|job| job.window == entity);
        let in_a_frame = cost.columns_in_us(plan.stft().fft_size, LIVE_US * room as f64);
        let waiting = goal.newest().saturating_sub(queue.front()) * channels;
        let us = if waiting > in_a_frame {
            MAX_US
        } else {
            LIVE_US
        };
        let row_bytes = channels.max(1) * (plan.axis.bins() * LEVEL_BYTES) as u64;
        works.push(WindowWork {
            window: entity,
            analysis: of.0,
            out: Out {
                landed: queue.landed(of_window()),
                coarse: of_window()
                    .any(|job| job.kind == JobKind::Coarse && job.generation == plan.generation),
                max_rows: (max_bytes / row_bytes).saturating_sub(1).max(1),
            },
            forward_columns: columns_per_job(plan, &cost, quality, us, max_bytes),
            before_columns: columns_per_job(plan, &cost, QualityLevel::FULL, MAX_US, max_bytes),
            plan,
            stream,
            queue,
            goal,
            quality,
        });
    }
    let mut in_flight = jobs.iter().count();
    let mut start = |work_of: &mut WindowWork, step: Step, in_flight: &mut usize| {
        work_of.out.coarse |= step.kind == JobKind::Coarse;
        let request = rows_request(work_of.plan, step.columns.clone(), step.mips, step.quality);
        let work = request.columns();
        let is_reduced = step.kind == JobKind::Live && step.quality != QualityLevel::FULL;
        if let Ok((.., mut progress)) = analyses.get_mut(work_of.analysis) {
            progress.columns_due += work;
            progress.backlog += work;
            progress.in_flight += 1;
            if is_reduced {
                let whole =
                    (step.columns.end - step.columns.start) * work_of.plan.channels.len() as u64;
                progress.columns_left_out += whole - work;
            }
        }
        commands.spawn(AnalysisJob {
            window: work_of.window,
            analysis: work_of.analysis,
            generation: work_of.plan.generation,
            kind: step.kind,
            columns: step.columns,
            work,
            reduced: is_reduced,
            rows: PendingRows::submit(&*backend.0, &work_of.stream.history, request),
        });
        *in_flight += 1;
    };
    // New sound of all windows comes first.
    for work_of in &mut works {
        while in_flight < room
            && let Some(step) = work_of.forward()
        {
            start(work_of, step, &mut in_flight);
        }
    }
    // What was before in turns; room is kept for new sound.
    let mut more = true;
    while more {
        more = false;
        for work_of in &mut works {
            if in_flight + ROOM_FOR_LIVE < room
                && let Some(step) = work_of.before()
            {
                start(work_of, step, &mut in_flight);
                more = true;
            }
        }
    }
    for work_of in &works {
        if let Ok((.., mut progress)) = analyses.get_mut(work_of.analysis) {
            progress.history_waits |= work_of.queue.history_waits();
            let channels = work_of.plan.channels.len() as u64;
            let held_back = work_of.goal.newest() % work_of.quality.every * channels;
            progress.backlog += work_of.waiting().saturating_sub(held_back);
        }
    }
}
