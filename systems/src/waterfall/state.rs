//! The few numbers a frame that tell the shaders what to show of the height field and how far it
//! has scrolled.

use std::ops::Range;

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::stored_level;

use super::field::{HeightField, HeightFieldSize, Set};
use super::grid::GridSize;
use crate::{stream::StreamClock, stream::StreamStatus, view::View};

/// Texels (four f32 each) of the state a frame.
pub const STATE_TEXELS: usize = 4;

/// From the frame in which samples are there to the one that has their rows: a job is back in the
/// next frame, and frames are not quite regular. The clock keeps a block behind as well.
const JOB_SECS: f64 = 1.0 / 60.0;

/// The state texels of this frame, for the upload.
#[derive(Resource, Clone, Default)]
pub struct FieldState {
    /// See the shader's `state` functions for what each number is.
    pub texels: [[f32; 4]; STATE_TEXELS],
    /// The moment at the front edge, in absolute frames.
    pub head_frames: f64,
    /// Mip of the rows shown.
    pub mip: u32,
    /// Something is there to be drawn.
    pub visible: bool,
}

/// The mip to show and its rows around the front edge: the one that fits the span, unless
/// another holds more of it.
fn mip_to_show(set: &Set, head_frames: f64, span_secs: f64) -> Option<(u32, Range<u64>)> {
    let plan = &set.plan;
    let wanted = plan.mip_for(span_secs);
    let around = |mip: u32| {
        let row = ((head_frames - plan.row_centre(mip, 0)) / plan.row_frames(mip) as f64)
            .max(0.0) as u64;
        let known = set.known(mip);
        known.at_or_before(row).or_else(|| known.last())
    };
    // In columns, back from the newest.
    let held = |mip: u32, rows: &Range<u64>| {
        let columns = (rows.end - rows.start) << mip;
        (columns as f64).min(plan.columns_in(span_secs))
    };
    let candidates = || {
        plan.mips
            .clone()
            .filter_map(|mip| Some((mip, around(mip)?)))
    };
    let most = candidates()
        .map(|(mip, rows)| held(mip, &rows))
        .fold(0.0, f64::max);
    candidates()
        .filter(|(mip, rows)| {
            // The ends of coarse rows are a little apart.
            let slack = f64::from(4_u32 << (*mip).max(wanted)) + most / 64.0;
            held(*mip, rows) + slack >= most
        })
        .min_by_key(|(mip, _)| (mip.abs_diff(wanted), *mip))
}

/// Works out how far the surface has scrolled. SoundfallSystems `Stage`, after the rows.
pub fn stage_state(
    field: Res<HeightField>,
    status: Res<StreamStatus>,
    size: Res<HeightFieldSize>,
    clock: Res<StreamClock>,
    view: Res<View>,
    mut state: ResMut<FieldState>,
) {
    let Some(set) = &field.shown else {
        *state = FieldState::default();
        return;
    };
    let plan = &set.plan;
    if plan.epoch != status.epoch {
        // Another ring runs already, but this picture is still of the old one: it stands still
        // until the new one has rows.
        return;
    }
    let Some((mip, rows)) = mip_to_show(set, clock.now_frames, view.span_secs) else {
        *state = FieldState::default();
        return;
    };
    let row_frames = plan.row_frames(mip) as f64;
    let to_centre = plan.row_centre(mip, 0);
    let to_end = plan.row_end(mip, 0) as f64 - to_centre;
    let newest = rows.end.saturating_sub(1) as f64;
    // The newest row stands for the middle of its windows and is complete one row later at the
    // worst; then a job has to be done. While sound flows the front edge keeps that distance,
    // so that there is always data under it. When it has ended, everything is shown.
    let head = if clock.flowing() {
        let lag = to_end + row_frames + f64::from(plan.sample_rate) * JOB_SECS;
        ((clock.now_frames - lag - to_centre) / row_frames).min(newest)
    } else {
        newest
    };
    let head = head.max(0.0);
    let head_row = head.floor();
    let grid = GridSize::for_surfaces(set.allocation.channels as usize);
    let span_rows = plan.rows_in(mip, view.span_secs);
    let stride = (span_rows / f64::from(grid.rows.saturating_sub(2).max(1)))
        .ceil()
        .max(1.0);
    let height = f64::from(size.rows);
    state.head_frames = head * row_frames + to_centre;
    state.mip = mip;
    state.visible = true;
    state.texels = [
        [
            plan.first_layer(mip) as f32,
            (head_row % height) as f32,
            (head - head_row) as f32,
            height as f32,
        ],
        [
            span_rows as f32,
            stride as f32,
            (head_row % stride) as f32,
            (head_row - rows.start as f64) as f32,
        ],
        [
            stored_level(view.db_min),
            stored_level(view.db_max),
            view.colormap as u32 as f32,
            (newest - head_row) as f32,
        ],
        [
            size.axis_bins as f32,
            grid.rows as f32,
            grid.columns as f32,
            0.0,
        ],
    ];
}
