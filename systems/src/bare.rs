//! The systems on a bare world, in the order in which the plugins run them, without an app and
//! without a renderer: for tests, benchmarks and measurements. Uploads come out of channels.

use std::time::Duration;

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::SingleThreadedExecutor;
use bevy_tasks::{AsyncComputeTaskPool, TaskPool};
use bevy_time::{Real, Time};
use crossbeam::channel::Receiver;

use crate::{
    analysis::{
        Analysis, AnalysisOf, AnalysisSettings, CostModel, RowWindow, RowWindows, TextureBudget,
        collect_jobs, despawn_unused_analyses, fit_row_windows, plan_rows, schedule_jobs,
        time_reanalysis, watch_quality,
    },
    backend::SharedBackend,
    diagnostics::{RunStats, begin_frame, end_frame},
    explore::{MoveView, Push, move_views},
    instruments::{collect_instruments, send_instruments},
    stream::{Stream, adopt_sources, advance_clocks, poll_streams},
    view::{FocusedView, View, ViewOf, ViewSettings, focus_view, move_time_windows},
    waterfall::{
        AllocationIds, HeightFieldSize, HeightUpload, HeightUploads, arrange_surfaces, stage_rows,
        stage_state,
    },
    waveform::{
        LaneUpload, LaneUploads, LaneWidth, collect_envelopes, fit_lanes, send_envelopes,
        stage_lane_state, stage_lanes,
    },
};

/// A world with all systems, its views, and what would be uploaded.
pub struct BareDisplay {
    /// The world.
    pub world: World,
    /// Rows for the textures, to be taken out.
    pub heights: Receiver<HeightUpload>,
    /// Entries of lanes for the textures, to be taken out.
    pub lanes: Receiver<LaneUpload>,
    schedule: Schedule,
}

impl BareDisplay {
    /// A world without streams.
    #[must_use]
    pub fn new(size: HeightFieldSize, lanes: LaneWidth) -> Self {
        AsyncComputeTaskPool::get_or_init(TaskPool::default);
        let (heights_in, heights) = crossbeam::channel::unbounded();
        let (lanes_in, lane_uploads) = crossbeam::channel::unbounded();
        let mut world = World::new();
        world.insert_resource(Time::<Real>::default());
        world.insert_resource(size);
        world.insert_resource(lanes);
        world.insert_resource(HeightUploads(heights_in));
        world.insert_resource(LaneUploads(lanes_in));
        world.init_resource::<SharedBackend>();
        world.init_resource::<CostModel>();
        world.init_resource::<TextureBudget>();
        world.init_resource::<AllocationIds>();
        world.init_resource::<RunStats>();
        world.init_resource::<FocusedView>();
        world.init_resource::<Messages<MoveView>>();
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.add_systems(
            (
                (
                    begin_frame,
                    adopt_sources,
                    focus_view,
                    despawn_unused_analyses,
                )
                    .chain(),
                (poll_streams, advance_clocks, move_time_windows, move_views).chain(),
                (collect_jobs, collect_envelopes, collect_instruments).chain(),
                (
                    fit_row_windows,
                    plan_rows,
                    watch_quality,
                    schedule_jobs,
                    send_instruments,
                )
                    .chain(),
                (stage_rows, stage_state, arrange_surfaces, time_reanalysis).chain(),
                (
                    stage_lanes,
                    stage_lane_state,
                    fit_lanes,
                    send_envelopes,
                    end_frame,
                )
                    .chain(),
            )
                .chain(),
        );
        Self {
            world,
            heights,
            lanes: lane_uploads,
            schedule,
        }
    }

    /// Adds a stream with one view of an analysis of its own. Gives the view.
    pub fn show(
        &mut self,
        stream: Stream,
        analysis: AnalysisSettings,
        view: ViewSettings,
    ) -> Entity {
        let stream = self.world.spawn(stream).id();
        let analysis = (Analysis, AnalysisOf(stream), analysis);
        let analysis = self.world.spawn(analysis).id();
        self.world.spawn((View, ViewOf(analysis), view)).id()
    }

    /// One display frame.
    pub fn step(&mut self) {
        self.schedule.run(&mut self.world);
    }

    /// Moves a view in the next display frame.
    pub fn push(&mut self, view: Entity, push: Push) {
        self.world.write_message(MoveView { view, push });
    }

    /// Lets time pass before the next display frame.
    pub fn pass(&mut self, time: Duration) {
        let mut clock = self.world.resource_mut::<Time<Real>>();
        let now = clock.last_update().unwrap_or_else(|| clock.startup()) + time;
        clock.update_with_instant(now);
    }

    /// The analysis of a view.
    #[must_use]
    pub fn analysis_of(&self, view: Entity) -> Entity {
        self.world.get::<ViewOf>(view).map_or(view, |of| of.0)
    }

    /// The stream of a view.
    #[must_use]
    pub fn stream_of(&self, view: Entity) -> Entity {
        let analysis = self.analysis_of(view);
        self.world
            .get::<AnalysisOf>(analysis)
            .map_or(analysis, |of| of.0)
    }

    /// The window of the newest rows of a view's analysis, once it is there.
    #[must_use]
    pub fn base_of(&self, view: Entity) -> Option<Entity> {
        let windows = self.world.get::<RowWindows>(self.analysis_of(view))?;
        let is_base = |entity: &Entity| self.world.get(*entity) == Some(&RowWindow::Base);
        windows.iter().find(is_base)
    }

    /// A component of the view, its analysis, its stream or its base window: of the first of these
    /// that has one.
    #[must_use]
    pub fn get<C: Component>(&self, view: Entity) -> Option<&C> {
        self.owner::<C>(view)
            .and_then(|entity| self.world.get(entity))
    }

    /// The same, to be changed.
    pub fn get_mut<C: Component<Mutability = Mutable>>(
        &mut self,
        view: Entity,
    ) -> Option<Mut<'_, C>> {
        let entity = self.owner::<C>(view)?;
        self.world.get_mut(entity)
    }

    fn owner<C: Component>(&self, view: Entity) -> Option<Entity> {
        [
            Some(view),
            Some(self.analysis_of(view)),
            Some(self.stream_of(view)),
            self.base_of(view),
        ]
        .into_iter()
        .flatten()
        .find(|entity| self.world.get::<C>(*entity).is_some())
    }
}
