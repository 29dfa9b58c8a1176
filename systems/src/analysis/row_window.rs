//! Which rows an analysis keeps: those that its views show. The *base* window follows the newest
//! sound at the hop of the settings, with all its mips; a view that looks closer, or at a time that
//! the base no longer has, gets a *detail* window whose hop follows its zoom.

use std::ops::Range;

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::LEVEL_BYTES;

use super::job::RowBlocks;
use super::plan::{RowPlan, mip_for, visible_rows};
use super::queue::JobQueue;
use super::relations::{AnalysisOf, RowWindows, RowsOf};
use super::settings::AnalysisSettings;
use crate::{
    stream::{Stream, StreamClock, StreamStatus},
    view::{TimeWindow, ViewSettings, Views},
    waterfall::{HeightField, HeightFieldSize},
};

/// Rows that are kept of an analysis, in textures of their own.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
#[require(JobQueue, RowBlocks, HeightField)]
pub enum RowWindow {
    /// The newest sound at the hop of the settings, on every mip.
    Base,
    /// One mip of rows at a hop of its own.
    Detail {
        /// Frames from one column to the next.
        hop_frames: u64,
        /// Each row is the maximum over 2^`mip` columns.
        mip: u32,
        /// The frequencies.
        part: AxisPart,
        /// Where the rows are.
        extent: Extent,
    },
}

impl RowWindow {
    /// The settings of an analysis with the hop and the frequencies of this window.
    pub(super) fn settings(
        &self,
        of_analysis: &AnalysisSettings,
        sample_rate: u32,
    ) -> AnalysisSettings {
        let mut settings = of_analysis.clone();
        if let Self::Detail {
            hop_frames, part, ..
        } = self
        {
            settings.hop_frames = *hop_frames as usize;
            let (low, high) = part.places();
            let axis = of_analysis.axis(sample_rate, 1);
            if let Some(axis) = axis.ok().filter(|_| *part != AxisPart::default()) {
                settings.min_hz = axis.hz(low);
                settings.max_hz = axis.hz(high);
            }
        }
        settings
    }

    /// The columns that a detail window covers, whole rows of them, where it stands still.
    #[must_use]
    pub fn fixed_columns(&self, plan: &RowPlan) -> Option<Range<u64>> {
        match self {
            Self::Detail {
                extent: Extent::Frames(frames),
                mip,
                ..
            } => {
                let columns = plan.columns_centred_in(frames);
                let rows = columns.start >> mip..columns.end.div_ceil(1 << mip);
                Some(rows.start << mip..rows.end << mip)
            }
            _ => None,
        }
    }
}

/// A part of a frequency axis: 2^-`halvings` of it, beginning at so many quarters of that length. The default is all
/// of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AxisPart {
    halvings: u32,
    quarters: u32,
}

/// Parts are not finer than this: a bin of the axis is far below one of the transform then.
const MAX_AXIS_HALVINGS: u32 = 10;

impl AxisPart {
    /// The smallest part that has room around these places, half as much again.
    fn around(low: f64, high: f64) -> Self {
        let length = (high - low).clamp(1e-9, 1.0);
        let halvings = (1.0 / (1.5 * length)).log2().floor().max(0.0) as u32;
        let halvings = halvings.min(MAX_AXIS_HALVINGS);
        let part = 1.0 / f64::from(1_u32 << halvings);
        let quarters = ((low + high - part) / 2.0 / (part / 4.0)).round();
        let last = f64::from(4 * ((1_u32 << halvings) - 1));
        Self {
            halvings,
            quarters: quarters.clamp(0.0, last) as u32,
        }
    }

    /// Its ends on the axis, 0…1.
    #[must_use]
    pub fn places(&self) -> (f64, f64) {
        let part = 1.0 / f64::from(1_u32 << self.halvings);
        let low = f64::from(self.quarters) * part / 4.0;
        (low, low + part)
    }
}

/// The time that a detail window covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The newest sound, as far back as the texture has rows.
    Newest,
    /// These absolute frames.
    Frames(Range<u64>),
}

/// The detail window of a view, where it has one.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DetailRows(pub Option<Entity>);

/// What the textures of all windows of rows may take together.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextureBudget {
    /// Bytes.
    pub bytes: u64,
}

impl Default for TextureBudget {
    fn default() -> Self {
        Self { bytes: 1 << 30 }
    }
}

/// A frozen view gets rows of its own once its oldest one has come so near to the end of what the
/// base keeps (part of it).
const BASE_IS_SAFE: f64 = 0.8;

/// Live sound is shown so long after its rows are there, at most, where display frames come quickly:
/// a job and the clock's distance to the newest block.
const AHEAD_SECS: f64 = 0.05;

/// What a view wants beside the base window: nothing where the base has it.
struct Wish<'a> {
    /// The frequencies that are seen.
    part: AxisPart,
    settings: &'a ViewSettings,
    window: &'a TimeWindow,
    stream: &'a Stream,
    status: &'a StreamStatus,
    clock: &'a StreamClock,
    base_hop: u64,
    /// Finest mip of the base, where it has a plan.
    base_mip: u32,
    texture_rows: u32,
}

impl Wish<'_> {
    /// `known` is the extent of the detail window that the view has now, so that a small move
    /// does not change it.
    fn detail(&self, known: Option<&Range<u64>>) -> Option<RowWindow> {
        let rate = self.stream.history.format().sample_rate;
        let span_frames = self.settings.span_secs * f64::from(rate);
        let room = f64::from(visible_rows(self.texture_rows));
        let head = self.window.frame(self.clock.now_frames, rate);
        // Rows of live sound are there before they are shown: they need a place too.
        let ahead = match head {
            Some(_) => 0.0,
            None => {
                let block = f64::from(self.stream.history.format().block_frames);
                AHEAD_SECS * f64::from(rate) + 2.0 * block
            }
        };
        let columns = (span_frames / self.base_hop as f64).max(1e-3);
        // As many times finer as there are rows for.
        let needed = columns + ahead / self.base_hop as f64;
        let halvings = (room / needed).max(1.0).log2().floor() as u32;
        let halvings = halvings.min(self.base_hop.ilog2());
        let (hop_frames, mip) = if halvings > 0 {
            (self.base_hop >> halvings, 0)
        } else {
            (self.base_hop, mip_for(columns, self.texture_rows))
        };
        let row_frames = hop_frames << mip;
        let Some(head) = head else {
            let is_finer = halvings > 0 || self.part != AxisPart::default();
            return is_finer.then_some(RowWindow::Detail {
                hop_frames,
                mip,
                part: self.part,
                extent: Extent::Newest,
            });
        };
        let shown = (head - span_frames).max(0.0) as u64..head.ceil() as u64 + row_frames;
        if halvings == 0 && mip >= self.base_mip && self.part == AxisPart::default() {
            let kept = (room * row_frames as f64 * BASE_IS_SAFE) as u64;
            if shown.start >= self.status.written_frames.saturating_sub(kept) {
                return None;
            }
        }
        let inside = |known: &&Range<u64>| known.start <= shown.start && known.end >= shown.end;
        let frames = known.filter(inside).cloned().unwrap_or_else(|| {
            // What is free of the texture is shared by both ends.
            let rows = (shown.end - shown.start) / row_frames;
            let free = u64::from(visible_rows(self.texture_rows)).saturating_sub(rows + 1);
            let pad = free / 2 * row_frames;
            shown.start.saturating_sub(pad)..shown.end + pad
        });
        Some(RowWindow::Detail {
            hop_frames,
            mip,
            part: self.part,
            extent: Extent::Frames(frames),
        })
    }
}

/// The textures of all rows are lost: the windows are made anew, and their rows from the history. Set
/// `Input`.
pub fn forget_rows(mut commands: Commands, windows: Query<Entity, With<RowWindow>>) {
    for window in &windows {
        commands.entity(window).despawn();
    }
}

/// Gives every analysis its base window, and every view the detail window it wants. Set
/// `Schedule`, first.
pub fn fit_row_windows(
    mut commands: Commands,
    analyses: Query<(
        Entity,
        &AnalysisSettings,
        &AnalysisOf,
        &Views,
        Option<&RowWindows>,
    )>,
    streams: Query<(&Stream, &StreamStatus, &StreamClock)>,
    mut views: Query<(&ViewSettings, &TimeWindow, &mut DetailRows)>,
    mut windows: Query<&mut RowWindow>,
    plans: Query<&RowPlan>,
    size: Res<HeightFieldSize>,
    budget: Res<TextureBudget>,
) {
    for (analysis, settings, of, of_views, of_windows) in &analyses {
        let Ok((stream, status, clock)) = streams.get(of.0) else {
            continue;
        };
        let here: Vec<Entity> = of_windows.iter().flat_map(|all| all.iter()).collect();
        let is_base = |window: &Entity| matches!(windows.get(*window), Ok(RowWindow::Base));
        if !here.iter().any(is_base) {
            commands.spawn((RowsOf(analysis), RowWindow::Base));
        }
        let Ok(stft) = settings.stft() else { continue };
        let base = here.iter().copied().find(is_base);
        let base_plan = base.and_then(|base| plans.get(base).ok());
        let base_mip = base_plan.map_or(0, |plan| plan.mips.start);
        let mut used: Vec<Entity> = Vec::new();
        let owned: Vec<Entity> = of_views
            .iter()
            .filter_map(|view| views.get(view).ok()?.2.0)
            .collect();
        let is_shared = |own: &Entity| owned.iter().filter(|other| *other == own).count() > 1;
        for view in of_views.iter() {
            let Ok((view_settings, window, mut detail)) = views.get_mut(view) else {
                continue;
            };
            let own = detail.0.filter(|own| here.contains(own));
            let known = own.and_then(|own| match windows.get(own) {
                Ok(RowWindow::Detail {
                    extent: Extent::Frames(frames),
                    ..
                }) => Some(frames.clone()),
                _ => None,
            });
            let rate = stream.history.format().sample_rate;
            let part = settings.axis(rate, 1).map_or(AxisPart::default(), |axis| {
                let seen = axis.between(view_settings.low_hz, view_settings.high_hz);
                AxisPart::around(axis.position(seen.min_hz()), axis.position(seen.max_hz()))
            });
            let wish = Wish {
                part,
                settings: view_settings,
                window,
                stream,
                status,
                clock,
                base_hop: stft.hop_frames as u64,
                base_mip,
                texture_rows: size.rows,
            };
            let wanted = wish.detail(known.as_ref());
            let next = wanted.and_then(|wanted| {
                // Rows of the newest sound are shared by all views that look as closely.
                let same = here.iter().copied().find(|other| {
                    let is_newest = matches!(
                        wanted,
                        RowWindow::Detail {
                            extent: Extent::Newest,
                            ..
                        }
                    );
                    is_newest && windows.get(*other).is_ok_and(|other| *other == wanted)
                });
                if let Some(same) = same {
                    return Some(same);
                }
                // Changed in place, the old picture stays until the new one is there.
                if let Some(own) = own.filter(|own| !used.contains(own) && !is_shared(own)) {
                    if let Ok(mut window) = windows.get_mut(own) {
                        window.set_if_neq(wanted);
                    }
                    return Some(own);
                }
                let layers: u32 = plans.iter().map(RowPlan::layers).sum();
                let more = view_settings.channels.len() as u64;
                let bytes = (u64::from(layers) + more)
                    * u64::from(size.rows)
                    * u64::from(size.axis_bins)
                    * LEVEL_BYTES as u64;
                (bytes <= budget.bytes).then(|| commands.spawn((RowsOf(analysis), wanted)).id())
            });
            used.extend(next);
            detail.set_if_neq(DetailRows(next));
        }
        for window in here {
            if !used.contains(&window)
                && matches!(windows.get(window), Ok(RowWindow::Detail { .. }))
            {
                commands.entity(window).despawn();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_axis_has_all_that_is_seen_and_room_around_it() {
        assert_eq!(AxisPart::around(0.0, 1.0), AxisPart::default());
        assert_eq!(AxisPart::around(0.2, 0.6), AxisPart::default());
        for step in 0..4000 {
            let low = f64::from(step % 100) / 100.0;
            let length = (1.0 - low) * 0.9_f64.powi(step / 100);
            let high = low + length;
            let part = AxisPart::around(low, high);
            let (from, to) = part.places();
            assert!(
                from <= low + 1e-12 && to >= high - 1e-12,
                "{low} {high} {part:?}"
            );
            assert!((0.0..=1.0).contains(&from) && to <= 1.0 + 1e-12);
            // No more than three times as much, but where parts end.
            assert!(to - from < 3.01 * length || part.halvings == MAX_AXIS_HALVINGS);
        }
    }
}
