//! Times the whole main schedule, and runs it in the way that costs least.

use bevy::ecs::schedule::{ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;
use soundfall_systems::diagnostics::{RunStats, begin_frame, end_frame};

/// Figures of the run: time of the main schedule a display frame, and latency. For programs: it
/// measures between `First` and `Last`, and runs the main schedules on one thread, since with so
/// few systems handing them from thread to thread costs more than they do.
pub struct DiagnosticsPlugin;

impl Plugin for DiagnosticsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<RunStats>()
            .add_systems(First, begin_frame)
            .add_systems(Last, end_frame);
        for label in [
            First.intern(),
            PreUpdate.intern(),
            Update.intern(),
            PostUpdate.intern(),
            Last.intern(),
        ] {
            app.edit_schedule(label, |schedule| {
                schedule.set_executor(SingleThreadedExecutor::new());
            });
        }
    }
}
