//! The phases of a frame and their only chain. Nothing else in the project orders phases.

use bevy::ecs::schedule::{ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;
use soundfall_systems::diagnostics::{self, RunStats, UploadMeter};

/// What happens in a frame, in this order. The upload follows in the render world.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SoundfallSystems {
    /// Heed keys.
    Heed,
    /// Look at the ring.
    Poll,
    /// Decide what to analyse, start jobs.
    Schedule,
    /// Take finished jobs in.
    Collect,
    /// Pack rows and numbers for the renderer.
    Stage,
    /// Fit entities, meshes and textures to what was staged.
    Dress,
    /// Paint words and the panel (in egui's own schedule).
    Words,
    /// Divide the picture and stand the cameras (in `PostUpdate`).
    Frame,
}

/// Chains the phases in `Update` and times the main schedule.
pub struct SchedulePlugin;

impl Plugin for SchedulePlugin {
    fn build(&self, app: &mut App) {
        // Add a new phase here.
        app.configure_sets(
            Update,
            (
                SoundfallSystems::Input,
                SoundfallSystems::Sync,
                SoundfallSystems::Schedule,
                SoundfallSystems::Collect,
                SoundfallSystems::Stage,
                SoundfallSystems::Prepare,
            )
                .chain(),
        )
        .init_resource::<RunStats>()
        .init_resource::<UploadMeter>()
        .add_systems(First, diagnostics::begin_frame)
        .add_systems(Last, diagnostics::end_frame);
        // Our systems take microseconds; handing them from thread to thread costs more than they
        // do, and the threads have analysis to do.
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
