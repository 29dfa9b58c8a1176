//! The phases of a display frame and their only chain. Nothing else in the project orders phases.

use bevy::ecs::schedule::{InternedScheduleLabel, ScheduleLabel, SingleThreadedExecutor};
use bevy::prelude::*;

/// The schedule of soundfall's own systems. It has an executor of its own and is run once a display
/// frame, where [`SchedulePlugin`] is told.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Soundfall;

/// What happens in a display frame, in this order. The upload follows in the render world.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SoundfallSystems {
    /// Take in what the user and the sources did.
    Input,
    /// Poll the streams and advance their clocks.
    Sync,
    /// Decide what to analyse, start jobs.
    Schedule,
    /// Take finished jobs in.
    Collect,
    /// Pack rows and numbers for the renderer.
    Stage,
    /// Fit entities, meshes and textures to what was staged.
    Prepare,
    /// Paint labels and the panel (in egui's own schedule).
    Ui,
    /// Divide the picture and place the cameras (in `PostUpdate`).
    Layout,
}

/// Runs [`Soundfall`] once a display frame, in a schedule of the host.
pub struct SchedulePlugin {
    host: InternedScheduleLabel,
}

impl SchedulePlugin {
    /// Runs it in this schedule of the host, for example `Update`.
    pub fn new(host: impl ScheduleLabel) -> Self {
        Self {
            host: host.intern(),
        }
    }
}

impl Plugin for SchedulePlugin {
    fn build(&self, app: &mut App) {
        app.init_schedule(Soundfall)
            .edit_schedule(Soundfall, |schedule| {
                // Our systems take microseconds; handing them from thread to thread costs more
                // than they do, and the threads have analysis to do.
                schedule.set_executor(SingleThreadedExecutor::new());
                // Add a new phase here.
                schedule.configure_sets(
                    (
                        SoundfallSystems::Input,
                        SoundfallSystems::Sync,
                        SoundfallSystems::Schedule,
                        SoundfallSystems::Collect,
                        SoundfallSystems::Stage,
                        SoundfallSystems::Prepare,
                    )
                        .chain(),
                );
            })
            .add_systems(self.host, run_soundfall);
    }
}

/// Runs the phases up to `Prepare`.
pub fn run_soundfall(world: &mut World) {
    world.run_schedule(Soundfall);
}
