//! The height field's books: which rows lie where in the ring texture, what to upload, and the few
//! numbers a frame that tell the shader how to read it.

use std::ops::Range;

use bevy_ecs::prelude::*;
use crossbeam_channel::Sender;
use soundfall_dsp::rows::{push_holes, stored_level};

use super::grid::GridSize;
use crate::{
    clock::StreamClock,
    present::RunStats,
    source::Feed,
    spectrum::{Frontier, Released, RowBlocks, SpectrumPlan},
    view::View,
};

/// Sets of layers that take turns.
pub const SETS: u32 = 2;
/// Texels (four f32 each) of the state a frame.
pub const STATE_TEXELS: usize = 4;

/// Size of one layer of the height field, in texels.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeightFieldSize {
    /// Along the frequency axis.
    pub columns: u32,
    /// Rows of history; never equal to `columns` (a square texture with six layers is a cube map
    /// to WebGL).
    pub rows: u32,
}

impl Default for HeightFieldSize {
    fn default() -> Self {
        Self {
            columns: 512,
            rows: 1024,
        }
    }
}

/// New rows of one set, for all its layers.
pub struct HeightUpload {
    /// Texture they are meant for, see [`HeightField::allocation`].
    pub allocation: u64,
    /// First layer.
    pub first_layer: u32,
    /// Layers, one a channel.
    pub layers: u32,
    /// Texture row of the first row; the rest follow and wrap at the texture's end.
    pub first_row: u32,
    /// Rows.
    pub rows: u32,
    /// Little-endian half floats, [layer][row][column].
    pub bytes: Vec<u8>,
}

/// The way to the render world.
#[derive(Resource)]
pub struct HeightUploads(pub Sender<HeightUpload>);

/// One set of layers: the rows of one generation.
#[derive(Clone)]
struct Set {
    plan: SpectrumPlan,
    rows: Range<u64>,
}

/// What the layers hold.
#[derive(Resource, Default)]
pub struct HeightField {
    /// Counts up whenever the texture must be made anew.
    pub allocation: u64,
    /// Layers of a set.
    pub channels: u32,
    sets: [Option<Set>; SETS as usize],
    shown: usize,
}

impl HeightField {
    /// The plan of what is on screen.
    #[must_use]
    pub fn shown_plan(&self) -> Option<&SpectrumPlan> {
        self.sets[self.shown].as_ref().map(|set| &set.plan)
    }

    /// Absolute rows on screen or just outside it.
    #[must_use]
    pub fn shown_rows(&self) -> Option<Range<u64>> {
        self.sets[self.shown].as_ref().map(|set| set.rows.clone())
    }

    fn set_for(&mut self, plan: &SpectrumPlan) -> usize {
        if let Some(at) = self.sets.iter().position(|set| {
            set.as_ref()
                .is_some_and(|set| set.plan.generation == plan.generation)
        }) {
            return at;
        }
        let at = if self.sets[self.shown].is_none() {
            self.shown
        } else {
            1 - self.shown
        };
        self.sets[at] = Some(Set {
            plan: plan.clone(),
            rows: 0..0,
        });
        at
    }
}

/// Turns released blocks into uploads. Phase `Stage`.
pub fn stage_rows(
    plan: Option<Res<SpectrumPlan>>,
    size: Res<HeightFieldSize>,
    released: Res<Released>,
    frontier: Res<Frontier>,
    uploads: Res<HeightUploads>,
    mut blocks: ResMut<RowBlocks>,
    mut field: ResMut<HeightField>,
    mut stats: ResMut<RunStats>,
) {
    let Some(plan) = plan else { return };
    let channels = plan.channels.len() as u32;
    if field.channels != channels {
        let allocation = field.allocation + 1;
        *field = HeightField {
            allocation,
            channels,
            ..HeightField::default()
        };
    }
    for block in blocks.0.drain(..) {
        if block.generation != plan.generation {
            continue;
        }
        let at = field.set_for(&plan);
        let allocation = field.allocation;
        let Some(set) = &mut field.sets[at] else {
            continue;
        };
        if set.rows.is_empty() {
            set.rows = block.rows.clone();
        } else {
            set.rows.start = set.rows.start.min(block.rows.start);
            set.rows.end = set.rows.end.max(block.rows.end);
        }
        set.rows.start = set
            .rows
            .start
            .max(set.rows.end.saturating_sub(u64::from(size.rows)));
        if block.rows.start < set.rows.start {
            // Scrolled out while it was analysed: its place belongs to newer rows by now.
            continue;
        }
        let rows = clip_to_texture(&block.rows, size.rows);
        let count = (rows.end - rows.start) as u32;
        let bytes = match block.levels {
            Some(bytes) => bytes,
            None => hole_bytes(channels, count, size.columns),
        };
        let full =
            (block.rows.end - block.rows.start) as usize * (channels * size.columns) as usize * 2;
        // Blocks are far smaller than the texture; a longer one can only be holes, made to fit.
        if bytes.len() != full && count as u64 == block.rows.end - block.rows.start {
            tracing::error!(
                "a block of {} bytes where {full} were due was left out",
                bytes.len()
            );
            continue;
        }
        stats.rows_uploaded += u64::from(count) * u64::from(channels);
        stats.bytes_of_new_rows += bytes.len() as u64;
        // With no renderer there is nobody to receive: the books are kept all the same.
        let _ = uploads.0.send(HeightUpload {
            allocation,
            first_layer: at as u32 * channels,
            layers: channels,
            first_row: (rows.start % u64::from(size.rows)) as u32,
            rows: count,
            bytes,
        });
    }
    // The other set takes over once its history is as complete as the samples allow.
    let other = 1 - field.shown;
    if let Some(set) = &field.sets[other]
        && set.plan.generation == plan.generation
        && released.generation == plan.generation
        && !set.rows.is_empty()
        && released.history_complete(frontier.wanted_from)
    {
        field.shown = other;
        field.sets[1 - other] = None;
    }
}

/// The last rows of a range that a texture can hold.
fn clip_to_texture(rows: &Range<u64>, texture_rows: u32) -> Range<u64> {
    rows.start
        .max(rows.end.saturating_sub(u64::from(texture_rows)))..rows.end
}

fn hole_bytes(channels: u32, rows: u32, columns: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_holes((channels * rows * columns) as usize, &mut bytes);
    bytes
}

/// The state texels of this frame, for the upload.
#[derive(Resource, Clone, Default)]
pub struct FieldState {
    /// See the shader's `state` functions for what each number is.
    pub texels: [[f32; 4]; STATE_TEXELS],
    /// The moment at the front edge, in absolute frames.
    pub head_frames: f64,
    /// Something is there to be drawn.
    pub visible: bool,
}

/// Works out how far the surface has scrolled. Phase `Stage`, after the rows.
pub fn stage_state(
    field: Res<HeightField>,
    feed: Res<Feed>,
    size: Res<HeightFieldSize>,
    grid: Res<Grid>,
    clock: Res<StreamClock>,
    view: Res<View>,
    mut state: ResMut<FieldState>,
) {
    let Some(set) = &field.sets[field.shown] else {
        *state = FieldState::default();
        return;
    };
    let (plan, rows) = (&set.plan, &set.rows);
    if plan.epoch != feed.epoch {
        // Another ring runs already, but this picture is still of the old one: it stands still
        // until the new one has rows.
        return;
    }
    let row_frames = plan.row_frames() as f64;
    let to_centre = plan.row_centre(0);
    // The newest row stands for the middle of its windows and is complete one row later at the
    // worst; a job takes up to two frames. While sound flows the front edge keeps that distance,
    // so that there is always data under it.
    let lag = if clock.flowing() {
        (plan.row_end(0) as f64 - to_centre) + row_frames + f64::from(plan.sample_rate) / 30.0
    } else {
        plan.row_end(0) as f64 - to_centre
    };
    let newest = rows.end.saturating_sub(1) as f64;
    let head = ((clock.now_frames - lag - to_centre) / row_frames)
        .min(newest)
        .max(0.0);
    let head_row = head.floor();
    let span_rows = plan.rows_in(view.span_secs);
    let stride = (span_rows / f64::from(grid.0.rows.saturating_sub(2).max(1)))
        .ceil()
        .max(1.0);
    let height = f64::from(size.rows);
    state.head_frames = head * row_frames + to_centre;
    state.visible = !rows.is_empty();
    state.texels = [
        [
            (field.shown as u32 * field.channels) as f32,
            (head_row % height) as f32,
            (head - head_row) as f32,
            height as f32,
        ],
        [
            span_rows as f32,
            stride as f32,
            (head_row % stride) as f32,
            if state.visible {
                (head_row - rows.start as f64) as f32
            } else {
                -1.0
            },
        ],
        [
            stored_level(view.db_min),
            stored_level(view.db_max),
            view.colormap as u32 as f32,
            (newest - head_row) as f32,
        ],
        [
            size.columns as f32,
            grid.0.rows as f32,
            grid.0.columns as f32,
            0.0,
        ],
    ];
}

/// The grid in use, chosen by the number of surfaces.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid(pub GridSize);

impl Default for Grid {
    fn default() -> Self {
        Self(GridSize::for_surfaces(1))
    }
}
