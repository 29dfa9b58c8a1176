//! How long a change of the analysis takes to be seen: from the change to the first picture of it,
//! and to the finished one. Measures only.

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};

use super::job::{AnalysisJob, JobKind};
use super::plan::RowPlan;
use super::queue::JobQueue;
use super::relations::RowWindows;
use super::row_window::RowWindow;
use crate::{diagnostics::Histogram, waterfall::HeightField};

/// Changes of an analysis that made the visible history be analysed again.
#[derive(Component, Default)]
pub struct Reanalysis {
    /// Changes so far.
    pub count: u64,
    /// From a change to its first picture of all that is visible, milliseconds. Changes that were
    /// overtaken by the next one do not count.
    pub first_ms: Histogram,
    /// From a change to the finished picture of all that is visible, milliseconds.
    pub whole_ms: Histogram,
    seen: Option<(u64, u64)>,
    running: Option<Running>,
}

struct Running {
    since_secs: f64,
    first_shown: bool,
}

impl Reanalysis {
    /// True while a change is not shown whole yet.
    #[must_use]
    pub fn running(&self) -> bool {
        self.running.is_some()
    }
}

/// Notes which of the changes are on screen. Set `Stage`, after the rows.
pub fn time_reanalysis(
    mut analyses: Query<(&RowWindows, &mut Reanalysis)>,
    windows: Query<(&RowWindow, &RowPlan, &HeightField, &JobQueue)>,
    jobs: Query<&AnalysisJob>,
    time: Res<Time<Real>>,
) {
    let now_secs = time.elapsed_secs_f64();
    for (of_windows, mut this) in &mut analyses {
        for entity in of_windows.iter() {
            let Ok((RowWindow::Base, plan, field, queue)) = windows.get(entity) else {
                continue;
            };
            let of_window = jobs.iter().filter(|job| job.window == entity);
            this.observe(plan, field, queue, of_window, now_secs);
        }
    }
}

impl Reanalysis {
    fn observe<'a>(
        &mut self,
        plan: &RowPlan,
        field: &HeightField,
        queue: &JobQueue,
        mut jobs: impl Iterator<Item = &'a AnalysisJob>,
        now_secs: f64,
    ) {
        let id = (plan.epoch, plan.generation);
        if self.seen != Some(id) {
            // The first analysis of a ring is no change.
            let changed = self.seen.is_some_and(|(epoch, _)| epoch == plan.epoch);
            self.seen = Some(id);
            self.count += u64::from(changed);
            self.running = changed.then_some(Running {
                since_secs: now_secs,
                first_shown: false,
            });
        }
        let Some(running) = &mut self.running else {
            return;
        };
        let shown = field
            .shown_plan()
            .is_some_and(|shown| shown.generation == plan.generation);
        if !shown || queue.generation != plan.generation {
            return;
        }
        let passed_ms = (now_secs - running.since_secs) * 1000.0;
        if !running.first_shown {
            running.first_shown = true;
            self.first_ms.add(passed_ms);
            tracing::debug!("first picture of a change after {passed_ms:.0} ms");
        }
        let under_way = jobs.any(|job| {
            job.generation == plan.generation
                && job.kind != JobKind::Live
                && job.columns.end > queue.wanted_from
        });
        if queue.visible_scheduled() && !under_way {
            self.whole_ms.add(passed_ms);
            tracing::debug!("whole picture of a change after {passed_ms:.0} ms");
            self.running = None;
        }
    }
}
