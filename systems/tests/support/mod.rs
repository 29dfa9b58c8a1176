//! The systems on a bare world, and the textures their uploads would fill. No app, no renderer.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::ops::{Deref, DerefMut, Range};

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;
use half::f16;
use soundfall_analysis::RingHistory;
use soundfall_ring::SharedRing;
use soundfall_systems::{
    analysis::{AnalysisProgress, AnalysisSettings, RowPlan},
    bare::BareDisplay,
    stream::Stream,
    view::ViewSettings,
    waterfall::{FieldState, HeightField, HeightFieldSize},
    waveform::LaneWidth,
};

pub const RATE: u32 = 48_000;
pub const BLOCK: u32 = 480;

/// A stream of a ring.
pub fn stream(ring: SharedRing) -> Stream {
    Stream::new(RingHistory::shared(ring), "test")
}

/// Tries until it is so: as long as a machine may take that has other things to do as well. Quick
/// at first, since most tries are.
pub fn patiently(what: &str, mut is_so: impl FnMut() -> bool) {
    for attempt in 0..60_000 {
        if is_so() {
            return;
        }
        if attempt < 1000 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    panic!("never came true: {what}");
}

/// A world with one view, and what it uploads.
pub struct Rig {
    pub display: BareDisplay,
    pub view: Entity,
    /// (texture, layer, texture row) to levels, as the textures would hold them.
    pub texture: BTreeMap<(u64, u32, u32), Vec<f32>>,
}

impl Deref for Rig {
    type Target = BareDisplay;

    fn deref(&self) -> &BareDisplay {
        &self.display
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut BareDisplay {
        &mut self.display
    }
}

impl Rig {
    /// Two seconds of these channels in textures of so many rows: the base window has them all.
    pub fn new(ring: SharedRing, channels: Vec<u32>, rows: u32) -> Self {
        let size = HeightFieldSize {
            axis_bins: 256,
            rows,
        };
        let mut display = BareDisplay::new(size, LaneWidth::default());
        let settings = ViewSettings {
            channels,
            span_secs: 2.0,
            ..ViewSettings::default()
        };
        let view = display.show(stream(ring), AnalysisSettings::default(), settings);
        Self {
            display,
            view,
            texture: BTreeMap::new(),
        }
    }

    /// A component of the view, its analysis, its stream or its base window.
    pub fn the<C: Component>(&self) -> &C {
        self.display.get(self.view).expect("the component")
    }

    /// The same, to be changed.
    pub fn the_mut<C: Component<Mutability = Mutable>>(&mut self) -> Mut<'_, C> {
        let view = self.view;
        self.display.get_mut(view).expect("the component")
    }

    pub fn step(&mut self) {
        self.display.step();
        let size = *self.display.world.resource::<HeightFieldSize>();
        let texel = size.axis_bins as usize * 2;
        for upload in self.display.heights.try_iter() {
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

    /// Steps until nothing is under way.
    pub fn settle(&mut self) {
        self.settle_with(|| {});
    }

    /// The same, and something is done between the steps.
    pub fn settle_with(&mut self, mut between: impl FnMut()) {
        patiently("nothing is under way", || {
            self.step();
            between();
            let mut books = self.display.world.query::<&AnalysisProgress>();
            books.iter(&self.display.world).all(AnalysisProgress::idle)
        });
        self.step();
    }

    pub fn plan(&self) -> &RowPlan {
        self.the()
    }

    pub fn books_balance(&mut self) {
        let mut books = self.display.world.query::<&AnalysisProgress>();
        for p in books.iter(&self.display.world) {
            assert_eq!(
                p.columns_due,
                p.columns_analysed + p.columns_dropped,
                "{p:?}"
            );
        }
    }

    /// The mip on screen.
    pub fn mip(&self) -> u32 {
        self.the::<FieldState>().mip
    }

    /// Rows on screen.
    pub fn shown(&self) -> Range<u64> {
        let window = self.the::<FieldState>().window.unwrap();
        let field = self.world.get::<HeightField>(window).unwrap();
        field.shown_rows(self.mip()).unwrap()
    }

    /// Levels of an absolute row of a slot, as stored in the base window's set on screen.
    pub fn row_of(&self, mip: u32, slot: u32, row: u64) -> &[f32] {
        self.row_in(self.base_of(self.view).unwrap(), mip, slot, row)
    }

    /// The same of another window.
    pub fn row_in(&self, window: Entity, mip: u32, slot: u32, row: u64) -> &[f32] {
        let field = self.world.get::<HeightField>(window).unwrap();
        let rows = u64::from(self.world.resource::<HeightFieldSize>().rows);
        let layer = field.shown_plan().unwrap().first_layer(mip) + slot;
        let allocation = field.shown_allocation().unwrap();
        &self.texture[&(allocation, layer, (row % rows) as u32)]
    }

    /// The same of what is on screen.
    pub fn row(&self, slot: u32, row: u64) -> &[f32] {
        let window = self.the::<FieldState>().window.unwrap();
        self.row_in(window, self.mip(), slot, row)
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
