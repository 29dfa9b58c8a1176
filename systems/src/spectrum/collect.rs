//! Takes finished jobs in, keeps the books, and hands rows to the stage. Columns that were lost are
//! handed on as such, so that time stays true.

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::RowSpan;
use soundfall_ring::ReadError;

use super::frontier::Frontier;
use super::job::{JobKind, SpectrumJob};
use super::plan::SpectrumPlan;
use super::progress::SpectrumProgress;
use super::schedule::SharedWorkshop;

/// Rows ready to be stored.
pub struct RowBlock {
    /// Generation of the plan.
    pub generation: u64,
    /// What they were made for.
    pub kind: JobKind,
    /// Columns and levels.
    pub span: RowSpan,
    /// Little-endian half floats, [level][channel][row][axis column]; none where the samples were
    /// lost.
    pub rows: Option<Vec<u8>>,
}

/// Blocks of this frame, to be emptied by the stage.
#[derive(Resource, Default)]
pub struct RowBlocks(pub Vec<RowBlock>);

/// Polls the tasks without waiting. Phase `Collect`.
pub fn collect_jobs(
    mut commands: Commands,
    plan: Option<Res<SpectrumPlan>>,
    mut frontier: ResMut<Frontier>,
    workshop: Res<SharedWorkshop>,
    mut jobs: Query<(Entity, &mut SpectrumJob)>,
    mut blocks: ResMut<RowBlocks>,
    mut progress: ResMut<SpectrumProgress>,
) {
    let Some(plan) = plan else { return };
    let generation = frontier.generation;
    for columns in std::mem::take(&mut frontier.skipped) {
        blocks.0.push(RowBlock {
            generation,
            kind: JobKind::Live,
            span: RowSpan {
                columns,
                levels: plan.levels.clone(),
                every: 1,
            },
            rows: None,
        });
    }
    for (entity, mut job) in &mut jobs {
        let Some(output) = job.output.ready() else {
            continue;
        };
        commands.entity(entity).despawn();
        progress.in_flight = progress.in_flight.saturating_sub(1);
        if output.rows.is_ok() && output.took_us > 0.0 {
            progress.job_ms.add(output.took_us / 1000.0);
        }
        if job.generation != generation {
            progress.columns_dropped += job.work;
            if let Ok(rows) = output.rows {
                workshop.0.put_buffer(rows);
            }
            continue;
        }
        let rows = match output.rows {
            Ok(rows) => {
                progress.columns_analysed += job.work;
                if job.reduced {
                    frontier.reduced(&plan, &job.columns);
                } else {
                    let fft_size = plan.stft().fft_size;
                    frontier.pace.learn(fft_size, job.work, output.took_us);
                }
                Some(rows)
            }
            Err(error) => {
                progress.columns_dropped += job.work;
                // History that was overwritten before its turn is no loss the user had on screen.
                if job.kind != JobKind::Live {
                    let resume = match error {
                        ReadError::Lapped { resume_at, .. } => plan.first_column_from(resume_at),
                        _ => job.columns.end,
                    };
                    frontier.gone_below(resume.max(job.columns.start + 1), &job);
                    continue;
                }
                if let ReadError::Lapped { lost_frames, .. } = error {
                    progress.lapped(plan.column_start(job.columns.start), lost_frames);
                }
                None
            }
        };
        blocks.0.push(RowBlock {
            generation,
            kind: job.kind,
            span: output.span,
            rows,
        });
    }
}
