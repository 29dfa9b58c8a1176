//! How long a change of the analysis takes to be seen: from the change to the first picture of it,
//! and to the finished one. Measures only.

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};

use super::queue::JobQueue;
use super::job::{JobKind, SpectrumJob};
use super::plan::SpectrumPlan;
use crate::{diagnostics::Histogram, waterfall::HeightField};

/// Changes that made the visible history be analysed again.
#[derive(Resource, Default)]
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

/// Looks what is on screen. SoundfallSystems `Stage`, after the rows.
pub fn time_reanalysis(
    plan: Option<Res<SpectrumPlan>>,
    field: Res<HeightField>,
    queue: Res<JobQueue>,
    jobs: Query<&SpectrumJob>,
    time: Res<Time<Real>>,
    mut this: ResMut<Reanalysis>,
) {
    let Some(plan) = plan else { return };
    let now_secs = time.elapsed_secs_f64();
    let this = &mut *this;
    let id = (plan.epoch, plan.generation);
    if this.seen != Some(id) {
        // The first analysis of a ring is no change.
        let changed = this.seen.is_some_and(|(epoch, _)| epoch == plan.epoch);
        this.seen = Some(id);
        this.count += u64::from(changed);
        this.running = changed.then_some(Running {
            since_secs: now_secs,
            first_shown: false,
        });
    }
    let Some(running) = &mut this.running else {
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
        this.first_ms.add(passed_ms);
        tracing::debug!("first picture of a change after {passed_ms:.0} ms");
    }
    let under_way = jobs.iter().any(|job| {
        job.generation == plan.generation
            && job.kind != JobKind::Live
            && job.columns.end > queue.wanted_from
    });
    if queue.visible_scheduled() && !under_way {
        this.whole_ms.add(passed_ms);
        tracing::debug!("whole picture of a change after {passed_ms:.0} ms");
        this.running = None;
    }
}
