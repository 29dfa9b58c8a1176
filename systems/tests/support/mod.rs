//! The spectrum's systems on a bare world, and the textures their uploads would fill. No app, no
//! renderer.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_tasks::{AsyncComputeTaskPool, TaskPool};
use bevy_time::{Real, Time};
use crossbeam_channel::Receiver;
use half::f16;
use soundfall_ring::SharedRing;
use soundfall_systems::{
    backend::SharedBackend,
    stream::{StreamClock, advance_clock},
    diagnostics::RunStats,
    stream::{StreamStatus, Source, poll_source},
    analysis::{
        AnalysisSettings, JobQueue, PlanRefusal, Quality, Reanalysis, RowBlocks, SharedEngines,
        RowPlan, AnalysisProgress, collect_jobs, plan_spectrum, schedule_jobs,
        time_reanalysis, watch_quality,
    },
    view::View,
    waterfall::{
        FieldState, HeightField, HeightFieldSize, HeightUpload, HeightUploads, stage_rows,
        stage_state,
    },
};

pub const RATE: u32 = 48_000;
pub const BLOCK: u32 = 480;

/// A world with the spectrum's systems, and what it uploads.
pub struct Engine {
    pub world: World,
    schedule: Schedule,
    uploads: Receiver<HeightUpload>,
    /// (texture, layer, texture row) to levels, as the textures would hold them.
    texture: BTreeMap<(u64, u32, u32), Vec<f32>>,
}

impl Engine {
    pub fn new(ring: SharedRing, channels: Vec<u32>, rows: u32) -> Self {
        AsyncComputeTaskPool::get_or_init(TaskPool::default);
        let (sender, uploads) = crossbeam_channel::unbounded();
        let mut world = World::new();
        world.insert_resource(Time::<Real>::default());
        world.insert_resource(Source {
            ring,
            name: "test".into(),
            probe: None,
        });
        world.insert_resource(View {
            channels,
            span_secs: 1.0,
            ..View::default()
        });
        world.insert_resource(HeightFieldSize { columns: 256, rows });
        world.insert_resource(HeightUploads(sender));
        world.init_resource::<StreamStatus>();
        world.init_resource::<SharedBackend>();
        world.init_resource::<StreamClock>();
        world.init_resource::<AnalysisSettings>();
        world.init_resource::<PlanRefusal>();
        world.init_resource::<AnalysisProgress>();
        world.init_resource::<SharedEngines>();
        world.init_resource::<JobQueue>();
        world.init_resource::<Quality>();
        world.init_resource::<Reanalysis>();
        world.init_resource::<RowBlocks>();
        world.init_resource::<HeightField>();
        world.init_resource::<FieldState>();
        world.init_resource::<RunStats>();
        let mut schedule = Schedule::default();
        schedule.add_systems(
            (
                poll_source,
                advance_clock,
                plan_spectrum,
                watch_quality,
                schedule_jobs,
                collect_jobs,
                stage_rows,
                stage_state,
                time_reanalysis,
            )
                .chain(),
        );
        Self {
            world,
            schedule,
            uploads,
            texture: BTreeMap::new(),
        }
    }

    pub fn step(&mut self) {
        self.schedule.run(&mut self.world);
        let size = *self.world.resource::<HeightFieldSize>();
        let texel = size.axis_bins as usize * 2;
        for upload in self.uploads.try_iter() {
            for part in &upload.parts {
                for (layer, row) in
                    (0..part.layers).flat_map(|layer| (0..part.rows).map(move |row| (layer, row)))
                {
                    let at = part.first_byte as usize
                        + (layer * part.rows_per_layer + row) as usize * texel;
                    let levels = upload.bytes[at..at + texel]
                        .chunks_exact(2)
                        .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                        .collect();
                    let row = (part.first_row + row) % size.rows;
                    let place = (upload.allocation, part.first_layer + layer, row);
                    self.texture.insert(place, levels);
                }
            }
        }
    }

    /// Lets time pass, before the next step.
    pub fn pass(&mut self, time: Duration) {
        let mut clock = self.world.resource_mut::<Time<Real>>();
        let now = clock.last_update().unwrap_or_else(|| clock.startup()) + time;
        clock.update_with_instant(now);
    }

    /// Steps until nothing is under way.
    pub fn settle(&mut self) {
        self.settle_with(|| {});
    }

    /// The same, and something is done between the steps.
    pub fn settle_with(&mut self, mut between: impl FnMut()) {
        for _ in 0..5000 {
            self.step();
            between();
            let progress = self.world.resource::<AnalysisProgress>();
            if progress.idle() {
                self.step();
                return;
            }
            std::thread::yield_now();
        }
        panic!(
            "never settled: {:?}",
            self.world.resource::<AnalysisProgress>()
        );
    }

    pub fn plan(&self) -> &RowPlan {
        self.world.resource::<RowPlan>()
    }

    pub fn books_balance(&self) {
        let p = self.world.resource::<AnalysisProgress>();
        assert_eq!(
            p.columns_due,
            p.columns_analysed + p.columns_dropped,
            "{p:?}"
        );
    }

    /// The level on screen.
    pub fn level(&self) -> u32 {
        self.world.resource::<FieldState>().level
    }

    /// Rows of the level on screen.
    pub fn shown(&self) -> std::ops::Range<u64> {
        let field = self.world.resource::<HeightField>();
        field.shown_rows(self.level()).unwrap()
    }

    /// Levels of an absolute row of a slot, as stored in the set on screen.
    pub fn row_of(&self, level: u32, slot: u32, row: u64) -> &[f32] {
        let field = self.world.resource::<HeightField>();
        let rows = u64::from(self.world.resource::<HeightFieldSize>().rows);
        let layer = field.shown_plan().unwrap().first_layer(level) + slot;
        let allocation = field.shown_allocation().unwrap();
        &self.texture[&(allocation, layer, (row % rows) as u32)]
    }

    /// The same on the level on screen.
    pub fn row(&self, slot: u32, row: u64) -> &[f32] {
        self.row_of(self.level(), slot, row)
    }
}

pub fn sine(hz: f32, from: u64, frames: usize) -> Vec<f32> {
    (0..frames)
        .map(|i| (TAU * hz * ((from as usize + i) as f32 / RATE as f32)).sin() * 0.5)
        .collect()
}

/// Writes `blocks` blocks of two channels: 440 Hz and 3 kHz.
pub fn write_tones(
    writer: &mut soundfall_ring::RingWriter<soundfall_ring::HeapStorage>,
    blocks: usize,
) {
    for _ in 0..blocks {
        let from = writer.written_frames();
        let (low, high) = (
            sine(440.0, from, BLOCK as usize),
            sine(3000.0, from, BLOCK as usize),
        );
        let block: Vec<f32> = low.iter().zip(&high).flat_map(|(a, b)| [*a, *b]).collect();
        writer.write_block(&block).unwrap();
    }
}

pub fn loudest(levels: &[f32]) -> usize {
    (0..levels.len())
        .max_by(|a, b| levels[*a].total_cmp(&levels[*b]))
        .unwrap()
}
