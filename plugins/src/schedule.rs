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
    /// Take finished jobs in. They leave their room to those that `Schedule` starts.
    Collect,
    /// Decide what to analyse, start jobs.
    Schedule,
    /// Pack rows and numbers for the renderer.
    Stage,
    /// Fit entities, meshes and textures to what was staged.
    Prepare,
    /// Paint labels and the panel (in egui's own schedule).
    Ui,
    /// Divide the picture and place the cameras (in `PostUpdate`).
    Layout,
}

/// So many of them are in [`Soundfall`], the first ones.
const IN_SOUNDFALL: usize = 6;

impl SoundfallSystems {
    /// All of them, in their order. Add a new phase here.
    pub const ALL: [Self; 8] = [
        Self::Input,
        Self::Sync,
        Self::Collect,
        Self::Schedule,
        Self::Stage,
        Self::Prepare,
        Self::Ui,
        Self::Layout,
    ];
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
                for phases in SoundfallSystems::ALL[..IN_SOUNDFALL].windows(2) {
                    schedule.configure_sets((phases[0], phases[1]).chain());
                }
            })
            .add_systems(self.host, run_soundfall);
    }
}

/// Runs the phases up to `Prepare`.
pub fn run_soundfall(world: &mut World) {
    world.run_schedule(Soundfall);
}
