//! Where a window of rows stands, and what to do next: new sound first, then a coarse picture of what
//! is visible, then back through the history, then what was done poorly. Decides only; starting
//! jobs is the schedule's business.

use std::ops::Range;

use bevy_ecs::prelude::*;

use super::cost::CostModel;
use super::job::{AnalysisJob, JobKind};
use super::plan::RowPlan;
use super::quality::QualityLevel;
use super::ranges::Ranges;

/// A coarse pass is worth it where the whole would take longer than this, microseconds of one core.
const COARSE_FROM_US: f64 = 16_000.0;

/// A coarse pass over what is visible.
#[derive(Clone, Copy, Debug)]
struct Coarse {
    mip: u32,
    every: u64,
    back: u64,
}

/// What is out when the next job is chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    /// New sound before this column is back.
    pub landed: u64,
    /// Coarse jobs are under way.
    pub coarse: bool,
    /// Rows of all channels that one job may bring.
    pub max_rows: u64,
}

/// What to do next.
pub(super) struct Step {
    pub kind: JobKind,
    pub columns: Range<u64>,
    pub mips: Range<u32>,
    pub quality: QualityLevel,
}

/// What a window is to show, in columns.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    /// Columns before this one have all their samples.
    pub complete: u64,
    /// The oldest column whose samples are there.
    pub readable: u64,
    /// Seconds that are visible back from the newest column, for a window of the newest sound.
    pub span_secs: f64,
    /// The columns of a window that stands still.
    pub fixed: Option<Range<u64>>,
    /// Columns that scrolled past before they could be analysed are wanted no more, since another
    /// window has them.
    pub may_skip: bool,
}

/// Where the scheduling of the current generation stands: the columns in `back..front` are
/// scheduled.
#[derive(Component, Default)]
pub struct JobQueue {
    /// Generation of the plan.
    pub generation: u64,
    /// The column where this generation began: forward from here it is live, backward history.
    pub origin: u64,
    /// The oldest visible column worth having now.
    pub wanted_from: u64,
    /// Columns lost to a lap before they could be scheduled.
    pub(super) skipped: Vec<Range<u64>>,
    /// The oldest column of the history worth having now.
    oldest: u64,
    /// Below this the samples are gone, as jobs found out.
    floor: u64,
    front: u64,
    back: u64,
    coarse: Option<Coarse>,
    /// Columns that were analysed with less than full quality, in whole rows of all mips.
    rough: Ranges,
}

impl JobQueue {
    /// Starts over with a plan, at the newest complete column of the goal.
    pub(super) fn begin(&mut self, plan: &RowPlan, goal: &Goal, cost: &CostModel) {
        let (newest, oldest) = (goal.newest(), goal.readable.min(goal.newest()));
        let origin = if goal.fixed.is_some() {
            newest
        } else {
            // Whole rows of all mips on either side.
            align_down(newest, plan).max(oldest).min(newest)
        };
        *self = Self {
            generation: plan.generation,
            origin,
            front: origin,
            back: origin,
            ..Self::default()
        };
        self.look(plan, goal);
        let stft = plan.stft();
        let every = (stft.window_size / stft.hop_frames).max(1);
        let every = 1 << every.ilog2();
        let visible = (origin - self.wanted_from.min(origin)) * plan.channels.len() as u64;
        if every > 1 && cost.estimate_us(stft.fft_size, visible) > COARSE_FROM_US {
            self.coarse = Some(Coarse {
                mip: goal.mip(plan),
                every,
                back: origin,
            });
        }
    }

    /// Notes how far back samples are readable and wanted now; false where the goal is so far from
    /// what is scheduled that it must [`Self::begin`] again.
    pub(super) fn look(&mut self, plan: &RowPlan, goal: &Goal) -> bool {
        let least = goal.readable.max(self.floor);
        if let Some(fixed) = &goal.fixed {
            let kept = u64::from(plan.texture_rows) << plan.mips.start;
            // What the texture has no room for beside the goal is analysed again when it is wanted.
            self.front = self.front.min(fixed.start.saturating_add(kept));
            self.back = self.back.max(fixed.end.saturating_sub(kept));
            if self.front < fixed.start || self.back > fixed.end || self.front < self.back {
                return false;
            }
            self.wanted_from = fixed.start.max(least).min(goal.newest());
            self.oldest = self.wanted_from;
            self.rough.trim_below(self.oldest);
            return true;
        }
        if goal.may_skip {
            let kept = plan.reach(plan.mips.end - 1);
            self.front = self.front.max(goal.newest().saturating_sub(kept));
        }
        let back_from_front = |columns: u64| self.front.saturating_sub(columns);
        let visible = plan.columns_in(goal.span_secs).ceil() as u64 + 4;
        let kept = plan.reach(plan.mips.end - 1);
        // History scrolls out while it is fetched: what is wanted only moves forward, unless the
        // span grows.
        self.wanted_from = least.max(back_from_front(visible.min(kept)));
        self.oldest = least.max(back_from_front(kept));
        self.rough.trim_below(self.oldest);
        let mip = goal.mip(plan);
        if let Some(coarse) = &mut self.coarse
            && coarse.mip != mip
        {
            // Another span: the coarse picture of the old one would not be seen.
            coarse.mip = mip;
            coarse.back = self.origin;
        }
        true
    }

    /// New sound up to this column has been analysed and is back.
    pub(super) fn landed<'a>(&self, jobs: impl Iterator<Item = &'a AnalysisJob>) -> u64 {
        // The jobs are those of this window.
        jobs.filter(|job| job.kind == JobKind::Live && job.generation == self.generation)
            .map(|job| job.columns.start)
            .min()
            .unwrap_or(self.front)
    }

    /// Columns up to here are scheduled.
    #[must_use]
    pub fn front(&self) -> u64 {
        self.front
    }

    /// True while there is history to be analysed.
    #[must_use]
    pub fn history_waits(&self) -> bool {
        self.coarse.is_some() || self.back > self.oldest
    }

    /// True once every job for the visible history has been scheduled, at full quality.
    #[must_use]
    pub fn visible_scheduled(&self) -> bool {
        self.coarse.is_none() && self.back <= self.wanted_from.max(self.floor)
    }

    /// The samples before a column are gone, as a job of older columns found out. What is left of
    /// its columns is scheduled again.
    pub(super) fn gone_below(&mut self, column: u64, job: &AnalysisJob) {
        self.floor = self.floor.max(column);
        self.wanted_from = self.wanted_from.max(column);
        if job.kind == JobKind::History {
            self.back = self.back.max(job.columns.end);
        }
    }

    /// Columns were analysed with less than full quality.
    pub(super) fn reduced(&mut self, plan: &RowPlan, columns: &Range<u64>) {
        let end = align_down(columns.end + align(plan) - 1, plan);
        self.rough.insert(align_down(columns.start, plan)..end);
    }

    /// Leaves out what a lap has overwritten before it was scheduled; gives the columns.
    pub(super) fn leap(&mut self, readable: u64) -> Range<u64> {
        let lost = self.front..readable.max(self.front);
        self.skipped.push(lost.clone());
        self.front = lost.end;
        lost
    }

    /// The next job towards the newest columns of the goal, so many columns at most. In a window
    /// of the newest sound it is live; in one that stands still it is history.
    pub(super) fn forward(
        &mut self,
        plan: &RowPlan,
        goal: &Goal,
        quality: QualityLevel,
        most: u64,
    ) -> Option<Step> {
        let (kind, quality) = if goal.fixed.is_some() {
            (JobKind::History, QualityLevel::FULL)
        } else {
            (JobKind::Live, quality)
        };
        // A column that stands for others needs them all to be there.
        let newest = goal.newest();
        let newest = newest - newest % quality.every;
        let start = self.front;
        (start < newest).then(|| {
            // A start within a group is put right by the first job.
            let end = (start + most) / quality.every * quality.every;
            self.front = newest.min(end);
            Step {
                kind,
                columns: start..self.front,
                mips: plan.mips.clone(),
                quality,
            }
        })
    }

    /// The next job of what was before, so many columns at most.
    pub(super) fn before(
        &mut self,
        plan: &RowPlan,
        live: QualityLevel,
        most: u64,
        out: Out,
    ) -> Option<Step> {
        if let Some(coarse) = &mut self.coarse {
            if coarse.back > self.wanted_from {
                let quality = QualityLevel {
                    every: coarse.every,
                    halvings: 0,
                };
                let row = coarse.every.max(1 << coarse.mip);
                let length = (most * quality.every).min(out.max_rows << coarse.mip);
                // Whole rows and groups, unless not even one has room.
                let length = if length > row {
                    length / row * row
                } else {
                    length
                };
                let end = coarse.back;
                coarse.back = self.wanted_from.max(end.saturating_sub(length));
                return Some(Step {
                    kind: JobKind::Coarse,
                    columns: coarse.back..end,
                    mips: coarse.mip..coarse.mip + 1,
                    quality,
                });
            }
            self.coarse = None;
        }
        if out.coarse {
            // The coarse rows must not come after the fine ones.
            return None;
        }
        // Whole rows of all mips where they fit: nothing to be merged then.
        let length = (most / align(plan) * align(plan)).max(most.min(align(plan)));
        if self.back > self.oldest {
            let end = self.back;
            self.back = self.oldest.max(end.saturating_sub(length));
            return Some(self.again(plan, JobKind::History, self.back..end));
        }
        if live != QualityLevel::FULL {
            return None;
        }
        let rough = self.rough.last()?;
        // A row whose first version is not whole yet must not be mixed with its second.
        let end = rough.end.min(align_down(out.landed, plan));
        let start = rough.start.max(end.saturating_sub(length));
        (start < end).then(|| {
            self.rough.remove(&(start..end));
            self.again(plan, JobKind::Refine, start..end)
        })
    }

    /// Older columns at full quality, on the mips that still hold them.
    fn again(&self, plan: &RowPlan, kind: JobKind, columns: Range<u64>) -> Step {
        let age = self.front - columns.end.min(self.front);
        let first = plan
            .mips
            .clone()
            .find(|mip| age < plan.reach(*mip))
            .unwrap_or(plan.mips.end - 1);
        Step {
            kind,
            columns,
            mips: first..plan.mips.end,
            quality: QualityLevel::FULL,
        }
    }
}

impl Goal {
    /// Columns before this one are wanted and complete.
    pub(super) fn newest(&self) -> u64 {
        let end = self.fixed.as_ref().map_or(u64::MAX, |fixed| fixed.end);
        self.complete.min(end)
    }

    /// The mip that is shown first.
    fn mip(&self, plan: &RowPlan) -> u32 {
        plan.mip_for(self.span_secs)
    }
}

/// Columns in a row of the coarsest mip.
fn align(plan: &RowPlan) -> u64 {
    1 << (plan.mips.end - 1)
}

fn align_down(column: u64, plan: &RowPlan) -> u64 {
    column & !(align(plan) - 1)
}
