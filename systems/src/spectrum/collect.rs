//! Takes finished jobs in and releases their rows in order.
//!
//! Jobs finish in any order. A picture wants one unbroken range of rows, so results wait here
//! until they touch what was released: forward at the live edge, backward into the history. Rows
//! that were lost are released too, as such, so that time stays true.

use std::collections::BTreeMap;
use std::ops::Range;

use bevy_ecs::prelude::*;
use soundfall_ring::ReadError;

use super::job::JobOutput;
use super::plan::SpectrumPlan;
use super::progress::SpectrumProgress;
use super::schedule::{Frontier, SharedWorkshop, SpectrumJob};

/// Rows ready to be stored.
pub struct RowBlock {
    /// Generation of the plan.
    pub generation: u64,
    /// Absolute rows.
    pub rows: Range<u64>,
    /// Little-endian half floats, [channel][row][axis column]; none where the samples were lost.
    pub levels: Option<Vec<u8>>,
}

/// Released blocks, to be emptied by the stage every frame.
#[derive(Resource, Default)]
pub struct RowBlocks(pub Vec<RowBlock>);

/// The unbroken range of rows released so far in a generation.
#[derive(Resource, Default)]
pub struct Released {
    /// Generation of the plan.
    pub generation: u64,
    /// Absolute rows.
    pub rows: Range<u64>,
    waiting: BTreeMap<u64, JobOutput>,
    /// The history ended here: what was older is overwritten.
    closed_back: bool,
}

impl Released {
    /// True once the rows reach back to `row`, or to where the samples end.
    #[must_use]
    pub fn history_complete(&self, row: u64) -> bool {
        self.closed_back || self.rows.start <= row
    }
}

/// Polls the tasks without waiting, keeps the books, releases rows. Phase `Collect`.
pub fn collect_jobs(
    mut commands: Commands,
    plan: Option<Res<SpectrumPlan>>,
    mut frontier: ResMut<Frontier>,
    workshop: Res<SharedWorkshop>,
    mut jobs: Query<(Entity, &mut SpectrumJob)>,
    mut released: ResMut<Released>,
    mut blocks: ResMut<RowBlocks>,
    mut progress: ResMut<SpectrumProgress>,
) {
    let Some(plan) = plan else { return };
    if released.generation != frontier.generation {
        *released = Released {
            generation: frontier.generation,
            rows: frontier.origin..frontier.origin,
            ..Released::default()
        };
    }
    for rows in frontier.skipped.drain(..) {
        let lost = ReadError::Lapped {
            lost_frames: (rows.end - rows.start) * plan.row_frames(),
            resume_at: plan.row_start(rows.end),
        };
        released.waiting.insert(
            rows.start,
            JobOutput {
                rows,
                levels: Err(lost),
            },
        );
    }
    for (entity, mut job) in &mut jobs {
        let Some(output) = job.output.ready() else {
            continue;
        };
        commands.entity(entity).despawn();
        progress.in_flight = progress.in_flight.saturating_sub(1);
        if job.generation != frontier.generation {
            progress.columns_dropped += job.columns;
            if let Ok(levels) = output.levels {
                workshop.0.put_buffer(levels);
            }
            continue;
        }
        match &output.levels {
            Ok(_) => progress.columns_analysed += job.columns,
            Err(error) => {
                progress.columns_dropped += job.columns;
                // History that was overwritten before its turn is no loss the user had on screen.
                if let ReadError::Lapped { lost_frames, .. } = error
                    && output.rows.start >= frontier.origin
                {
                    progress.lapped(plan.row_start(output.rows.start), *lost_frames);
                }
            }
        }
        released.waiting.insert(output.rows.start, output);
    }
    release(&mut released, &mut blocks);
}

/// Moves what touches the released range into the blocks.
fn release(released: &mut Released, blocks: &mut RowBlocks) {
    let generation = released.generation;
    let mut push = |output: JobOutput| {
        blocks.0.push(RowBlock {
            generation,
            rows: output.rows,
            levels: output.levels.ok(),
        });
    };
    while let Some(output) = released.waiting.remove(&released.rows.end) {
        released.rows.end = output.rows.end;
        push(output);
    }
    while let Some(entry) = released.waiting.range(..released.rows.start).next_back() {
        let (&start, output) = entry;
        if !released.closed_back && output.rows.end != released.rows.start {
            break;
        }
        let Some(output) = released.waiting.remove(&start) else {
            break;
        };
        released.closed_back |= output.levels.is_err();
        if !released.closed_back {
            released.rows.start = start;
            push(output);
        }
    }
}
