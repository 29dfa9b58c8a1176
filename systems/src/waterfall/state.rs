//! The few numbers a display frame that tell the shaders what a view shows of the height fields and
//! how far it has scrolled.

use std::ops::Range;

use bevy_ecs::prelude::*;
use soundfall_dsp::{rows::stored_level, scale::FrequencyAxis};

use super::field::{Allocation, HeightField, HeightFieldSize, Set};
use super::grid::GridSize;
use super::surface_layout::{SurfaceLayout, surface_layout};
use crate::{
    analysis::{AnalysisOf, AnalysisSettings, RowPlan, RowWindows},
    stream::{StreamClock, StreamStatus},
    view::{TimeWindow, ViewOf, ViewSettings},
};

/// From the frame in which samples are there to the one that has their rows: a job is back in the
/// next frame, and frames are not quite regular. The clock keeps a block behind as well.
const JOB_SECS: f64 = 1.0 / 60.0;

crate::texels! {
    /// What a view shows of a height field. A row of texture coordinates is a row of the texture,
    /// counted from 0; the *head* is the row at the front edge.
    pub struct FieldTexels / "Field" {
        /// First layer of the mip shown.
        first_layer: i32,
        /// Texture row of the head.
        head: i32,
        /// How far the front edge is past the head, rows.
        fraction: f32,
        /// Rows of the texture.
        rows: i32,
        /// Rows shown.
        span: f32,
        /// Texture rows that a grid row stands for.
        stride: i32,
        /// Rows from the head back to the first grid row that is glued to the data.
        phase: i32,
        /// Known rows behind the head.
        behind: f32,
        /// Floor of the range, as stored.
        low: f32,
        /// Top of the range, as stored.
        high: f32,
        /// Place of the colormap in the list of all.
        colormap: i32,
        /// A colour stands at this power of its share of the range.
        gamma: f32,
        /// Known rows ahead of the head.
        ahead: f32,
        /// Bins of the frequency axis, texels of a row.
        axis_bins: i32,
        /// Rows of the grid that surfaces are drawn with.
        grid_rows: i32,
        /// Columns of that grid.
        grid_columns: i32,
        /// Place of the lowest frequency shown on the axis of the texture.
        band_low: f32,
        /// Part of that axis that is shown.
        band_span: f32,
    }
}

/// What a view shows in this display frame.
#[derive(Component, Clone, Default)]
pub struct FieldState {
    /// For the shaders.
    pub texels: FieldTexels,
    /// The moment at the front edge, in absolute frames.
    pub head_frames: f64,
    /// The stream's time at the front edge in seconds, where it is not the newest sound.
    pub edge_secs: Option<f64>,
    /// The window of rows that is shown.
    pub window: Option<Entity>,
    /// Its texture.
    pub allocation: Option<Allocation>,
    /// How its rows were made.
    pub plan: Option<RowPlan>,
    /// The frequencies that are seen, on as many bins as those of the rows.
    pub axis: Option<FrequencyAxis>,
    /// What is drawn, one surface each.
    pub drawn: Vec<DrawnChannel>,
    /// Mip of the rows shown.
    pub mip: u32,
    /// Something is there to be drawn.
    pub visible: bool,
}

/// A channel on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawnChannel {
    /// Channel of the stream.
    pub channel: u32,
    /// Its place among the channels of the texture.
    pub layer: u32,
}

impl FieldState {
    /// Draws the wanted channels that the plan has; as long as it has none of them, those that
    /// were drawn before.
    fn choose_channels(&mut self, wanted: &[u32], plan: &RowPlan) {
        let place = |channel: &u32| {
            let layer = plan.channels.iter().position(|known| known == channel)?;
            Some(DrawnChannel {
                channel: *channel,
                layer: layer as u32,
            })
        };
        let mut drawn: Vec<_> = wanted.iter().filter_map(place).collect();
        if drawn.is_empty() {
            let before = self.drawn.iter().map(|one| one.channel);
            drawn = before.filter_map(|channel| place(&channel)).collect();
        }
        if drawn.is_empty() {
            drawn = plan.channels.iter().filter_map(place).collect();
        }
        if self.drawn != drawn {
            self.drawn = drawn;
        }
    }
}

/// Rows that a view could show.
struct Candidate<'a> {
    window: Entity,
    set: &'a Set,
    mip: u32,
    rows: Range<u64>,
}

impl Candidate<'_> {
    fn row_frames(&self) -> u64 {
        self.set.plan.row_frames(self.mip)
    }

    /// The front edge, in rows, for a view whose edge is at a frame or follows the newest sound.
    fn head(&self, frame: Option<f64>, clock: &StreamClock) -> f64 {
        let plan = &self.set.plan;
        let row_frames = self.row_frames() as f64;
        let to_centre = plan.row_centre(self.mip, 0);
        let newest = self.rows.end.saturating_sub(1) as f64;
        let head = match frame {
            Some(frame) => {
                let head = (frame - to_centre) / row_frames;
                // Up to the next row, which is not there yet, the newest one stays at the edge.
                if head < newest + 1.5 {
                    head.min(newest)
                } else {
                    head
                }
            }
            // The newest row stands for the middle of its windows and is complete one row later at
            // the worst; then a job has to be done. While sound flows the front edge keeps that
            // distance, so that there is always data under it. When it has ended, everything is
            // shown.
            None if clock.flowing() => {
                let to_end = plan.row_end(self.mip, 0) as f64 - to_centre;
                let lag = to_end + row_frames + f64::from(plan.sample_rate) * JOB_SECS;
                ((clock.now_frames - lag - to_centre) / row_frames).min(newest)
            }
            None => newest,
        };
        // Where the newest rows are the first ones, the edge waits for the clock at the oldest of them.
        match frame {
            Some(_) => head.max(0.0),
            None => head.max(self.rows.start as f64),
        }
    }

    /// How much of the time shown it has, frames back from the edge.
    fn held_frames(&self, frame: Option<f64>, span_frames: f64) -> f64 {
        let plan = &self.set.plan;
        let row_frames = self.row_frames() as f64;
        let start = plan.row_centre(self.mip, self.rows.start) - row_frames / 2.0;
        let end = plan.row_centre(self.mip, self.rows.end.max(1) - 1) + row_frames / 2.0;
        match frame {
            Some(frame) => (end.min(frame) - start.max(frame - span_frames)).max(0.0),
            None => ((self.rows.end - self.rows.start) as f64 * row_frames).min(span_frames),
        }
    }
}

/// What is to be seen.
struct Wanted {
    /// The moment at the front edge, and where that is not the newest sound.
    at_frames: f64,
    frame: Option<f64>,
    span_secs: f64,
    axis: Option<FrequencyAxis>,
}

/// Whether the frequencies of one axis are all on another, but for rounding.
fn has_all(axis: &FrequencyAxis, seen: &FrequencyAxis) -> bool {
    let slack = 1e-6 * axis.max_hz();
    axis.min_hz() <= seen.min_hz() + slack && axis.max_hz() + slack >= seen.max_hz()
}

/// The rows to show: those whose length in time fits the span best, unless others hold more of
/// what is to be seen.
fn rows_to_show<'a>(
    sets: impl Iterator<Item = (Entity, &'a Set)>,
    wanted: &Wanted,
) -> Option<Candidate<'a>> {
    let Wanted {
        at_frames,
        frame,
        span_secs,
        axis,
    } = *wanted;
    let mut candidates = Vec::new();
    let mut wanted_frames = f64::INFINITY;
    for (window, set) in sets {
        let plan = &set.plan;
        let span_frames = span_secs * f64::from(plan.sample_rate);
        wanted_frames = wanted_frames.min(plan.wanted_row_frames(span_frames));
        for mip in plan.mips.clone() {
            let row = ((at_frames - plan.row_centre(mip, 0)) / plan.row_frames(mip) as f64).max(0.0)
                as u64;
            let known = set.known(mip);
            let rows = known.at_or_before(row).or_else(|| match frame {
                Some(_) => None,
                None => known.last(),
            });
            candidates.extend(rows.map(|rows| Candidate {
                window,
                set,
                mip,
                rows,
            }));
        }
    }
    // The shortest rows of which the texture has enough for the span.
    let ideal_frames = candidates
        .iter()
        .map(|of| of.row_frames() as f64)
        .filter(|row_frames| *row_frames >= wanted_frames)
        .fold(f64::INFINITY, f64::min);
    let ideal_frames = if ideal_frames.is_finite() {
        ideal_frames
    } else {
        wanted_frames
    };
    let held = |of: &Candidate| {
        let plan = &of.set.plan;
        let span_frames = span_secs * f64::from(plan.sample_rate);
        // Rows of a part of the frequencies that is too small are as good as none.
        let is_cut = axis
            .is_some_and(|seen| seen.scale() == plan.axis.scale() && !has_all(&plan.axis, &seen));
        of.held_frames(frame, span_frames) * if is_cut { 0.1 } else { 1.0 }
    };
    let width_hz = |of: &Candidate| of.set.plan.axis.max_hz() - of.set.plan.axis.min_hz();
    let most = candidates.iter().map(held).fold(0.0, f64::max);
    let distance = |of: &Candidate| (of.row_frames() as f64 / ideal_frames).log2().abs();
    candidates
        .into_iter()
        .filter(|of| {
            // The ends of coarse rows are a little apart.
            let slack = 4.0 * (of.row_frames() as f64).max(ideal_frames) + most / 64.0;
            held(of) + slack >= most
        })
        .min_by(|a, b| {
            distance(a)
                .total_cmp(&distance(b))
                .then(a.row_frames().cmp(&b.row_frames()))
                // Of as many bins those of fewer frequencies are finer.
                .then(width_hz(a).total_cmp(&width_hz(b)))
        })
}

/// Works out what every view shows and how far it has scrolled. Set `Stage`, after the rows.
pub fn stage_state(
    mut views: Query<(&ViewOf, &ViewSettings, &TimeWindow, &mut FieldState)>,
    analyses: Query<(&AnalysisOf, &AnalysisSettings, &RowWindows)>,
    streams: Query<(&StreamStatus, &StreamClock)>,
    fields: Query<&HeightField>,
    size: Res<HeightFieldSize>,
    mut without: Query<&mut FieldState, Without<ViewOf>>,
) {
    for mut state in &mut without {
        state.visible = false;
    }
    for (of, settings, window, mut state) in &mut views {
        let analysis = analyses.get(of.0);
        let Ok((stream, of_analysis, windows)) = analysis else {
            *state = FieldState::default();
            continue;
        };
        let Ok((status, clock)) = streams.get(stream.0) else {
            *state = FieldState::default();
            continue;
        };
        let sets = || {
            windows.iter().filter_map(|entity| {
                let set = fields.get(entity).ok()?.shown.as_ref()?;
                Some((entity, set))
            })
        };
        if sets().next().is_some() && sets().all(|(_, set)| set.plan.epoch != status.epoch) {
            // Another ring runs already, but this picture is still of the old one: it stands still
            // until the new one has rows.
            continue;
        }
        let current = sets().filter(|(_, set)| set.plan.epoch == status.epoch);
        let rate = sets().next().map_or(1, |(_, set)| set.plan.sample_rate);
        let frame = window.frame(clock.now_frames, rate);
        let at_frames = frame.unwrap_or(clock.now_frames);
        let bins = size.axis_bins as usize;
        let whole = of_analysis.axis(rate, bins).ok();
        let seen = whole.map(|whole| whole.between(settings.low_hz, settings.high_hz));
        let wanted = Wanted {
            at_frames,
            frame,
            span_secs: settings.span_secs,
            axis: seen,
        };
        let Some(shown) = rows_to_show(current, &wanted) else {
            *state = FieldState::default();
            continue;
        };
        let plan: &RowPlan = &shown.set.plan;
        let (mip, rows) = (shown.mip, &shown.rows);
        let row_frames = plan.row_frames(mip) as f64;
        let newest = rows.end.saturating_sub(1) as f64;
        let head = shown.head(frame, clock);
        let head_row = head.floor();
        state.choose_channels(&settings.channels, plan);
        let grid = GridSize::for_surfaces(state.drawn.len());
        let span_rows = plan.rows_in(mip, settings.span_secs);
        // Of a span that is longer than all rows there can be, the grid covers those: what a vertex
        // looks at is bounded by the texture.
        let height = f64::from(size.rows);
        let stride = (span_rows.min(height) / f64::from(grid.rows.saturating_sub(2).max(1)))
            .ceil()
            .max(1.0);
        state.head_frames = head * row_frames + plan.row_centre(mip, 0);
        state.edge_secs = frame.map(|_| state.head_frames / f64::from(plan.sample_rate));
        state.window = Some(shown.window);
        // Rows of another range or scale are shown as they are until the new ones are there.
        let of_rows = &plan.axis;
        let axis = seen
            .filter(|seen| seen.scale() == of_rows.scale() && has_all(of_rows, seen))
            .unwrap_or(*of_rows);
        let (low, high) = (
            of_rows.position(axis.min_hz()),
            of_rows.position(axis.max_hz()),
        );
        state.axis = Some(axis);
        let is_same =
            |known: &RowPlan| (known.epoch, known.generation) == (plan.epoch, plan.generation);
        if state.allocation != Some(shown.set.allocation)
            || !state.plan.as_ref().is_some_and(is_same)
        {
            state.allocation = Some(shown.set.allocation);
            state.plan = Some(plan.clone());
        }
        state.mip = mip;
        state.visible = true;
        state.texels = FieldTexels {
            first_layer: plan.first_layer(mip) as i32,
            head: (head_row % height) as i32,
            fraction: (head - head_row) as f32,
            rows: size.rows as i32,
            span: span_rows as f32,
            stride: stride as i32,
            phase: (head_row % stride) as i32,
            behind: (head_row - rows.start as f64) as f32,
            low: stored_level(settings.db_min),
            high: stored_level(settings.db_max),
            colormap: settings.colormap as i32,
            gamma: settings.gamma,
            ahead: (newest - head_row) as f32,
            axis_bins: size.axis_bins as i32,
            grid_rows: grid.rows as i32,
            grid_columns: grid.columns as i32,
            band_low: low as f32,
            band_span: (high - low) as f32,
        };
    }
}

/// Places the surfaces of every view. Set `Stage`, after the state.
pub fn arrange_surfaces(mut views: Query<(&FieldState, &ViewSettings, &mut SurfaceLayout)>) {
    for (state, settings, mut layout) in &mut views {
        layout.set_if_neq(surface_layout(state.drawn.len(), settings.height_scale));
    }
}
