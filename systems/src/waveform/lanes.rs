//! The lanes of a view: which entries of the envelopes lie where in its texture.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use crossbeam::channel::Sender;

use super::envelopes::{EnvelopeWindow, Envelopes, EnvelopesOf, StreamEnvelopes};
use super::set::{LaneSet, LaneUpload};
use super::store::LaneStore;
use super::texture::{LaneWidth, entry_frames_for};
use crate::{
    analysis::{AnalysisOf, Extent},
    diagnostics::RunStats,
    stream::{Stream, StreamClock, StreamStatus},
    view::{TimeWindow, ViewOf, ViewSettings},
    waterfall::{AllocationIds, FieldState},
};

/// The way to the render world.
#[derive(Resource)]
pub struct LaneUploads(pub Sender<LaneUpload>);

/// The textures of a view's lanes: which entries lie where. While the lanes of other channels, or finer ones, are
/// read, the old ones stay on screen.
#[derive(Component, Default)]
#[require(LaneState)]
pub struct LaneField {
    /// Those that are wanted, and those on screen.
    sets: Vec<LaneSet>,
    /// The texture on screen.
    shown: Option<u64>,
}

impl LaneField {
    /// Channels on screen.
    #[must_use]
    pub fn channels(&self) -> &[u32] {
        self.shown().map_or(&[], |shown| &shown.channels)
    }

    /// Entries staged, absolute indices of the level shown.
    #[must_use]
    pub fn entries(&self) -> Range<u64> {
        self.shown().map_or(0..0, |shown| shown.entries.clone())
    }

    /// Frames one entry covers now.
    #[must_use]
    pub fn entry_frames(&self) -> u64 {
        self.shown().map_or(0, |shown| shown.entry_frames)
    }

    /// The texture on screen.
    #[must_use]
    pub fn shown_allocation(&self) -> Option<u64> {
        self.shown().map(|shown| shown.allocation)
    }

    /// All textures that must exist now, and their numbers of lanes.
    pub fn allocations(&self) -> impl Iterator<Item = (u64, u32)> {
        self.sets
            .iter()
            .map(|set| (set.allocation, set.channels.len() as u32))
    }

    /// True once it shows what is asked for, and nothing finer is to come.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.shown().is_some() && self.sets.iter().all(|set| set.wanted && set.ready)
    }

    fn shown(&self) -> Option<&LaneSet> {
        let shown = self.shown?;
        self.sets.iter().find(|set| set.allocation == shown)
    }

    /// Chooses what is on screen: of the lanes that are asked for and ready, the finest ones that hold as much as any
    /// of what is to be seen. Without any the old ones stay.
    fn choose(&mut self, epoch: u64, channels: &[u32], head: Option<f64>, span_frames: f64) {
        let is_current = |set: &&LaneSet| {
            set.ready && set.epoch == epoch && *set.channels == *channels && !set.entries.is_empty()
        };
        let current = || self.sets.iter().filter(is_current);
        let held = |set: &LaneSet| set.held_frames(head, span_frames);
        let most = current().map(held).fold(0.0, f64::max);
        // Entries that are not whole yet are not there yet.
        let coarsest = current().map(|set| set.entry_frames).max().unwrap_or(0);
        let enough = most - 2.0 * coarsest as f64;
        let best = current()
            .filter(|set| held(set) >= enough)
            .min_by_key(|set| (set.entry_frames, !set.wanted));
        let first = || self.sets.first().map(|set| set.allocation);
        self.shown = match best {
            Some(best) => Some(best.allocation),
            None => self.shown_allocation().or_else(first),
        };
    }
}

/// The textures of all lanes are lost: they are made and filled again. Set `Input`.
pub fn forget_lanes(mut views: Query<&mut LaneField>) {
    for mut field in &mut views {
        *field = LaneField::default();
    }
}

/// What a view looks at.
struct Sight<'a> {
    settings: &'a ViewSettings,
    window: &'a TimeWindow,
    stream: &'a Stream,
    status: &'a StreamStatus,
    clock: &'a StreamClock,
    width: u32,
}

impl Sight<'_> {
    /// The finer envelopes that it needs, where those of the whole history are too coarse. `known` are the frames of
    /// those it has, as finely, so that a small move does not change them.
    fn detail(&self, mut known: impl Iterator<Item = (u64, Range<u64>)>) -> Option<EnvelopeWindow> {
        let format = self.stream.history.format();
        let span_frames = self.settings.span_secs * f64::from(format.sample_rate);
        let entry_frames = entry_frames_for(span_frames, self.width);
        let whole =
            LaneStore::base_frames_for(self.settings.channels.len(), format.capacity_frames);
        if entry_frames >= whole {
            return None;
        }
        let head = self.window.frame(self.clock.now_frames, format.sample_rate);
        let extent = head.map_or(Extent::Newest, |head| {
            let end = (head.ceil() as u64)
                .saturating_add(entry_frames)
                .min(self.status.written_frames);
            let shown = (head - span_frames).max(0.0) as u64..end;
            let has_all = |(entry, frames): &(u64, Range<u64>)| {
                *entry == entry_frames && frames.start <= shown.start && frames.end >= shown.end
            };
            let frames = known.find(has_all);
            Extent::Frames(frames.map(|(_, frames)| frames).unwrap_or_else(|| {
                // As much again on either side.
                let pad = (span_frames as u64).max(entry_frames);
                let start = shown.start.saturating_sub(pad) / entry_frames * entry_frames;
                start..shown.end.max(start).saturating_add(pad)
            }))
        });
        Some(EnvelopeWindow::Detail {
            entry_frames,
            extent,
        })
    }
}

/// Gives every view the lanes of its channels, as finely as it looks, and gives up envelopes that no view shows. Set
/// `Stage`, after the lanes were staged.
pub fn fit_lanes(
    mut commands: Commands,
    mut views: Query<(&ViewOf, &ViewSettings, &TimeWindow, &mut LaneField)>,
    analyses: Query<&AnalysisOf>,
    streams: Query<(
        &Stream,
        &StreamStatus,
        &StreamClock,
        Option<&StreamEnvelopes>,
    )>,
    envelopes: Query<(Entity, &Envelopes)>,
    mut ids: ResMut<AllocationIds>,
    width: Res<LaneWidth>,
) {
    let mut new: Vec<(Entity, Entity, Envelopes)> = Vec::new();
    for (of, settings, window, mut field) in &mut views {
        let Ok(of) = analyses.get(of.0) else { continue };
        let Ok((stream, status, clock, of_stream)) = streams.get(of.0) else {
            continue;
        };
        let sight = Sight {
            settings,
            window,
            stream,
            status,
            clock,
            width: width.0,
        };
        let known = field.sets.iter().filter_map(|set| {
            let (_, envelopes) = envelopes.get(set.envelopes).ok()?;
            match &envelopes.window {
                EnvelopeWindow::Detail {
                    entry_frames,
                    extent: Extent::Frames(frames),
                } if set.wanted => Some((*entry_frames, frames.clone())),
                _ => None,
            }
        });
        let wanted = [Some(EnvelopeWindow::Whole), sight.detail(known)];
        let field = &mut *field;
        for set in &mut field.sets {
            set.wanted = false;
        }
        for window in wanted.into_iter().flatten() {
            let is_it = |envelopes: &Envelopes| {
                envelopes.epoch == status.epoch
                    && *envelopes.channels == *settings.channels
                    && envelopes.window == window
            };
            let there = of_stream
                .iter()
                .flat_map(|all| all.iter())
                .find(|entity| envelopes.get(*entity).is_ok_and(|(_, one)| is_it(one)))
                .or_else(|| {
                    // Made a moment ago for another view.
                    let made = |(stream, _, one): &&(Entity, Entity, Envelopes)| {
                        *stream == of.0 && is_it(one)
                    };
                    new.iter().find(made).map(|(_, entity, _)| *entity)
                });
            let channels: Arc<[u32]> = settings.channels.clone().into();
            let entity = there.unwrap_or_else(|| {
                let one = || Envelopes::new(status.epoch, channels.clone(), window.clone());
                let entity = commands.spawn((EnvelopesOf(of.0), one())).id();
                new.push((of.0, entity, one()));
                entity
            });
            match field.sets.iter_mut().find(|set| set.envelopes == entity) {
                Some(set) => set.wanted = true,
                None => {
                    let set = LaneSet::new(ids.next_id(), entity, status.epoch, channels);
                    field.sets.push(set);
                }
            }
        }
        let shown = field.shown_allocation();
        let is_kept = |set: &LaneSet| set.wanted || Some(set.allocation) == shown;
        if !field.sets.iter().all(is_kept) {
            field.sets.retain(is_kept);
        }
    }
    for (entity, _) in &envelopes {
        let is_used = |(.., field): (&ViewOf, &ViewSettings, &TimeWindow, &LaneField)| {
            field.sets.iter().any(|set| set.envelopes == entity)
        };
        if !views.iter().any(is_used) {
            commands.entity(entity).despawn();
        }
    }
}

/// Packs the entries that became complete, while the stores are here, and chooses what is on screen. Set `Stage`.
pub fn stage_lanes(
    mut views: Query<(&ViewOf, &ViewSettings, &TimeWindow, &mut LaneField)>,
    analyses: Query<&AnalysisOf>,
    streams: Query<(&Stream, &StreamStatus, &StreamClock)>,
    envelopes: Query<&Envelopes>,
    width: Res<LaneWidth>,
    uploads: Res<LaneUploads>,
    mut stats: ResMut<RunStats>,
) {
    for (of, settings, window, mut field) in &mut views {
        let Ok(of) = analyses.get(of.0) else { continue };
        let Ok((stream, status, clock)) = streams.get(of.0) else {
            continue;
        };
        let rate = stream.history.format().sample_rate;
        let span_frames = settings.span_secs * f64::from(rate);
        let head = window.frame(clock.now_frames, rate);
        let field = &mut *field;
        // The end of what is on screen, where that goes on.
        let edge = match (field.shown(), head) {
            (Some(shown), None) if shown.epoch == status.epoch => shown.end_frame(),
            _ => 0,
        };
        for set in &mut field.sets {
            set.frames += 1;
            let Ok(envelopes) = envelopes.get(set.envelopes) else {
                continue;
            };
            if set.epoch == status.epoch
                && let Some(upload) = set.stage(envelopes, status, head, span_frames, width.0)
            {
                stats.bytes_of_new_rows += upload.bytes.len() as u64;
                // Without a renderer there is no receiver: the books are kept all the same.
                let _ = uploads.0.send(upload);
            }
            if !set.ready {
                set.judge(envelopes, edge);
            }
        }
        field.choose(status.epoch, &settings.channels, head, span_frames);
    }
}

crate::texels! {
    /// What a view shows of its lanes. The *head* is the entry at the right end.
    pub struct LaneTexels / "Lanes" {
        /// Texture column of the head.
        head: i32,
        /// How far the right end is past the head, entries.
        fraction: f32,
        /// Entries shown.
        span: f32,
        /// Columns of the texture.
        columns: i32,
        /// Known entries behind the head.
        behind: f32,
        /// Known entries ahead of the head.
        ahead: f32,
        /// Lanes.
        lanes: i32,
        /// Place of the colormap in the list of all.
        colormap: i32,
        /// Frames of an entry; of 1 each entry is a sample.
        entry_frames: f32,
    }
}

/// What a view shows of its lanes in this display frame.
#[derive(Component, Clone, Default)]
pub struct LaneState {
    /// For the shaders.
    pub texels: LaneTexels,
}

/// Scrolls the lanes with the waterfall. Set `Stage`, after it.
pub fn stage_lane_state(
    mut views: Query<(
        &ViewOf,
        &ViewSettings,
        &LaneField,
        &FieldState,
        &mut LaneState,
    )>,
    analyses: Query<&AnalysisOf>,
    streams: Query<&Stream>,
    width: Res<LaneWidth>,
) {
    for (of, settings, field, surface, mut state) in &mut views {
        let stream = analyses.get(of.0).and_then(|of| streams.get(of.0));
        let (Ok(stream), Some(set)) = (stream, field.shown()) else {
            continue;
        };
        if set.entries.is_empty() || set.entry_frames == 0 {
            *state = LaneState::default();
            continue;
        }
        if surface
            .plan
            .as_ref()
            .is_some_and(|plan| plan.epoch != set.epoch)
        {
            // One of them shows another ring already: until both do, this one stands still.
            continue;
        }
        let entry = set.entry_frames as f64;
        let head = (surface.head_frames / entry).max(0.0);
        let head_entry = head.floor();
        let rate = f64::from(stream.history.format().sample_rate);
        state.texels = LaneTexels {
            head: (head_entry % f64::from(width.0)) as i32,
            fraction: (head - head_entry) as f32,
            span: (settings.span_secs * rate / entry) as f32,
            columns: width.0 as i32,
            behind: (head_entry - set.entries.start as f64) as f32,
            ahead: (set.entries.end as f64 - 1.0 - head_entry) as f32,
            lanes: set.channels.len() as i32,
            colormap: settings.colormap as i32,
            entry_frames: entry as f32,
        };
    }
}
