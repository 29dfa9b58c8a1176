//! The lanes of a view: which entries of the envelopes lie where in its texture.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use crossbeam::channel::Sender;

use super::envelopes::{Envelopes, EnvelopesOf, StreamEnvelopes};
use super::set::{LaneSet, LaneUpload};
use crate::{
    analysis::AnalysisOf,
    diagnostics::RunStats,
    stream::{Stream, StreamClock, StreamStatus},
    view::{TimeWindow, ViewOf, ViewSettings},
    waterfall::{AllocationIds, FieldState},
};

/// Entries along the time axis of a texture of lanes.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneWidth(pub u32);

impl Default for LaneWidth {
    fn default() -> Self {
        Self(2048)
    }
}

/// The way to the render world.
#[derive(Resource)]
pub struct LaneUploads(pub Sender<LaneUpload>);

/// Display frames a new texture gets to be made before it can be shown.
const FRAMES_TO_BE_MADE: u32 = 3;

/// How often new lanes may arrive behind the ones on screen before they are shown all the same: with more channels they
/// take longer to read, and may always be a block behind.
const MAX_ARRIVALS_LATE: u32 = 4;

/// The textures of a view's lanes: which entries lie where. While the lanes of other channels are
/// read, the old ones stay on screen.
#[derive(Component, Default)]
#[require(LaneState)]
pub struct LaneField {
    shown: Option<LaneSet>,
    coming: Option<LaneSet>,
}

impl LaneField {
    /// Channels on screen.
    #[must_use]
    pub fn channels(&self) -> &[u32] {
        self.shown.as_ref().map_or(&[], |shown| &shown.channels)
    }

    /// Entries staged, absolute indices of the level shown.
    #[must_use]
    pub fn entries(&self) -> Range<u64> {
        self.shown
            .as_ref()
            .map_or(0..0, |shown| shown.entries.clone())
    }

    /// Frames one entry covers now.
    #[must_use]
    pub fn entry_frames(&self) -> u64 {
        self.shown.as_ref().map_or(0, |shown| shown.entry_frames)
    }

    /// The texture on screen.
    #[must_use]
    pub fn shown_allocation(&self) -> Option<u64> {
        self.shown.as_ref().map(|shown| shown.allocation)
    }

    /// All textures that must exist now, and their numbers of lanes.
    pub fn allocations(&self) -> impl Iterator<Item = (u64, u32)> {
        self.sets()
            .map(|set| (set.allocation, set.channels.len() as u32))
    }

    /// The envelopes it shows, once they are all that is asked for.
    #[must_use]
    pub fn settled_on(&self) -> Option<Entity> {
        match &self.coming {
            Some(_) => None,
            None => self.shown.as_ref().map(|set| set.envelopes),
        }
    }

    fn sets(&self) -> impl Iterator<Item = &LaneSet> {
        [&self.shown, &self.coming].into_iter().flatten()
    }
}

/// The textures of all lanes are lost: they are made and filled again. Set `Input`.
pub fn forget_lanes(mut views: Query<&mut LaneField>) {
    for mut field in &mut views {
        *field = LaneField::default();
    }
}

/// Gives every view the lanes of its channels, and gives up envelopes that no view shows. Set
/// `Stage`, after the lanes were staged.
pub fn fit_lanes(
    mut commands: Commands,
    mut views: Query<(&ViewOf, &ViewSettings, &mut LaneField)>,
    analyses: Query<&AnalysisOf>,
    streams: Query<(&StreamStatus, Option<&StreamEnvelopes>), With<Stream>>,
    envelopes: Query<(Entity, &Envelopes)>,
    mut ids: ResMut<AllocationIds>,
) {
    let mut new: Vec<(Entity, Entity, u64, Arc<[u32]>)> = Vec::new();
    for (of, settings, mut field) in &mut views {
        let Ok(of) = analyses.get(of.0) else { continue };
        let Ok((status, of_stream)) = streams.get(of.0) else {
            continue;
        };
        let current = field.coming.as_ref().or(field.shown.as_ref());
        let fits = |set: &LaneSet| {
            set.epoch == status.epoch
                && *set.channels == *settings.channels
                && of_stream.is_some_and(|all| all.iter().any(|one| one == set.envelopes))
        };
        if current.is_some_and(fits) {
            continue;
        }
        let is_it =
            |epoch: u64, channels: &[u32]| epoch == status.epoch && *channels == *settings.channels;
        let known = of_stream
            .iter()
            .flat_map(|all| all.iter())
            .filter_map(|entity| envelopes.get(entity).ok())
            .find(|(_, envelopes)| is_it(envelopes.epoch, &envelopes.channels))
            .map(|(entity, _)| entity)
            .or_else(|| {
                // Made a moment ago for another view.
                new.iter()
                    .find(|(stream, _, epoch, channels)| *stream == of.0 && is_it(*epoch, channels))
                    .map(|(_, entity, ..)| *entity)
            });
        let channels: Arc<[u32]> = settings.channels.clone().into();
        let entity = known.unwrap_or_else(|| {
            let envelopes = Envelopes::new(status.epoch, channels.clone());
            let entity = commands.spawn((EnvelopesOf(of.0), envelopes)).id();
            new.push((of.0, entity, status.epoch, channels.clone()));
            entity
        });
        let set = LaneSet::new(ids.next_id(), entity, status.epoch, channels);
        if field.shown.is_none() {
            field.shown = Some(set);
        } else {
            field.coming = Some(set);
        }
    }
    for (entity, _) in &envelopes {
        let shown = |(.., field): (&ViewOf, &ViewSettings, &LaneField)| {
            field.sets().any(|set| set.envelopes == entity)
        };
        if !views.iter().any(shown) {
            commands.entity(entity).despawn();
        }
    }
}

/// Packs the entries that became complete, while the stores are here. Set `Stage`.
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
        for set in [&mut field.shown, &mut field.coming].into_iter().flatten() {
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
        }
        // The end of what is on screen, where that goes on: what takes over should not lag behind it.
        let edge = match (&field.shown, head) {
            (Some(shown), None) if shown.epoch == status.epoch => shown.end_frame(),
            _ => 0,
        };
        let ready = field.coming.as_mut().is_some_and(|coming| {
            let arrived = coming.frames > FRAMES_TO_BE_MADE
                && !coming.entries.is_empty()
                && envelopes
                    .get(coming.envelopes)
                    .is_ok_and(Envelopes::has_arrived);
            let lags = coming.end_frame() < edge;
            coming.arrivals_late += u32::from(arrived && lags);
            arrived && (!lags || coming.arrivals_late > MAX_ARRIVALS_LATE)
        });
        if ready {
            field.shown = field.coming.take();
        }
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
        let (Ok(stream), Some(set)) = (stream, &field.shown) else {
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
        };
    }
}
