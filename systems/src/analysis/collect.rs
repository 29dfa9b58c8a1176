//! Takes finished jobs in, keeps the books, and hands rows to the stage. Columns that were lost are
//! handed on as such, so that time stays true.

use bevy_ecs::prelude::*;
use soundfall_analysis::{Failure, Outcome};
use soundfall_dsp::rows::RowSpan;

use super::cost::CostModel;
use super::job::{AnalysisJob, JobKind, RowBlock, RowBlocks};
use super::plan::RowPlan;
use super::progress::AnalysisProgress;
use super::queue::JobQueue;
use crate::backend::SharedBackend;

/// Polls the tasks without waiting. Set `Collect`.
pub fn collect_jobs(
    mut commands: Commands,
    mut windows: Query<(&RowPlan, &mut JobQueue, &mut RowBlocks)>,
    mut books: Query<&mut AnalysisProgress>,
    mut jobs: Query<(Entity, &mut AnalysisJob)>,
    backend: Res<SharedBackend>,
    mut cost: ResMut<CostModel>,
) {
    for (plan, mut queue, mut blocks) in &mut windows {
        if queue.skipped.is_empty() {
            continue;
        }
        let generation = queue.generation;
        let skipped = std::mem::take(&mut queue.skipped);
        blocks.0.extend(skipped.into_iter().map(|columns| RowBlock {
            generation,
            kind: JobKind::Live,
            span: RowSpan {
                columns,
                mips: plan.mips.clone(),
                every: 1,
            },
            rows: None,
        }));
    }
    for (entity, mut job) in &mut jobs {
        let Some(response) = job.rows.ready() else {
            continue;
        };
        let mut unread = AnalysisProgress::default();
        let mut book = books.get_mut(job.analysis);
        let progress = match &mut book {
            Ok(progress) => &mut **progress,
            // The analysis is gone, and its books with it.
            Err(_) => &mut unread,
        };
        let window = windows.get_mut(job.window).ok();
        let window = window.filter(|(_, queue, _)| queue.generation == job.generation);
        if matches!(response.outcome, Outcome::Wait { .. })
            && window.is_some()
            && job.rows.ask_again(&*backend.0)
        {
            continue;
        }
        commands.entity(entity).despawn();
        progress.in_flight = progress.in_flight.saturating_sub(1);
        if matches!(response.outcome, Outcome::Rows(_)) && response.took_us > 0.0 {
            progress.job_ms.add(response.took_us / 1000.0);
        }
        let Some((plan, mut queue, mut blocks)) = window else {
            progress.columns_dropped += job.work;
            continue;
        };
        let rows = match response.outcome {
            Outcome::Rows(rows) => {
                progress.columns_analysed += job.work;
                progress.analysed_us += response.took_us.max(0.0);
                if job.reduced {
                    queue.reduced(plan, &job.columns);
                } else {
                    let fft_size = plan.stft().fft_size;
                    cost.learn(fft_size, job.work, response.took_us);
                }
                Some(rows)
            }
            Outcome::Failed(Failure::Panicked { message }) => {
                tracing::error!("columns {:?}: the job panicked: {message}", job.columns);
                progress.last_panic = Some(message.into());
                progress.columns_dropped += job.work;
                progress.panics += 1;
                // It would panic again. Where there is a picture already, it stays.
                if matches!(job.kind, JobKind::Coarse | JobKind::Refine) {
                    continue;
                }
                None
            }
            outcome => {
                progress.columns_dropped += job.work;
                // History that was overwritten before its turn is no loss the user had on screen.
                if job.kind != JobKind::Live {
                    let resume = match outcome {
                        Outcome::Lost { resume_at, .. } => plan.first_column_from(resume_at),
                        _ => job.columns.end,
                    };
                    queue.gone_below(resume.max(job.columns.start + 1), &job);
                    continue;
                }
                if let Outcome::Lost { lost_frames, .. } = outcome {
                    progress.lapped(plan.column_start(job.columns.start), lost_frames);
                }
                None
            }
        };
        blocks.0.push(RowBlock {
            generation: job.generation,
            kind: job.kind,
            span: job.rows.span().clone(),
            rows,
        });
    }
}
