//! Keeps the lanes' texture up to date: sends the store for new samples, packs complete entries.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use crossbeam_channel::Sender;
use soundfall_dsp::pyramid::BASE_FRAMES;

use super::set::{LaneSet, LaneUpload};
use super::store::{LaneStore, LaneRequest};
use crate::{
    backend::{Pending, SharedBackend},
    diagnostics::RunStats,
    stream::{StreamStatus, Source},
    view::View,
    waterfall::{FieldState, HeightField},
};

/// State texels (four f32 each) of the lanes.
pub const LANE_TEXELS: usize = 2;

/// Entries along the time axis of the lanes' texture.
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

/// A store away in a task.
#[derive(Component)]
pub struct LaneJob {
    /// The texture whose entries it has.
    allocation: u64,
    store: Pending<LaneStore>,
}

/// Frames a new texture gets to be made before it can be shown.
const FRAMES_TO_BE_MADE: u32 = 3;

/// The lanes' textures: which entries lie where. While the lanes of other channels are read, the
/// old ones stay on screen.
#[derive(Resource, Default)]
pub struct LaneField {
    last_allocation: u64,
    shown: Option<LaneSet>,
    coming: Option<LaneSet>,
    /// A store is in a task.
    away: bool,
    /// The last request was for the lanes that are coming: now it is the turn of those on screen.
    turn_of_shown: bool,
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
        [&self.shown, &self.coming]
            .into_iter()
            .flatten()
            .map(|set| (set.allocation, set.channels.len() as u32))
    }

    /// True when the store is home and has read all there is.
    #[must_use]
    pub fn caught_up(&self, status: &StreamStatus) -> bool {
        self.coming.is_none()
            && self
                .shown
                .as_ref()
                .is_some_and(|set| set.caught_up(status.written_frames))
    }

    /// The set that belongs to what is asked for now: the one that is coming, if there is one.
    fn current(&mut self) -> Option<&mut LaneSet> {
        self.coming.as_mut().or(self.shown.as_mut())
    }

    /// The set whose turn it is to be sent for new samples of a ring: while others come, those on
    /// screen go on.
    fn next_to_go(&mut self, epoch: u64) -> Option<&mut LaneSet> {
        let shown_goes_on = self.coming.is_some()
            && self.turn_of_shown
            && self.shown.as_ref().is_some_and(|set| set.epoch == epoch);
        self.turn_of_shown = !self.turn_of_shown;
        if shown_goes_on {
            self.shown.as_mut()
        } else {
            self.current()
        }
    }
}

/// Takes the store back when its request is over. SoundfallSystems `Collect`.
pub fn collect_lanes(
    mut commands: Commands,
    mut field: ResMut<LaneField>,
    mut jobs: Query<(Entity, &mut LaneJob)>,
) {
    for (entity, mut job) in &mut jobs {
        if let Some(store) = job.store.ready() {
            commands.entity(entity).despawn();
            field.away = false;
            // The store of a set that was given up meanwhile has no home any more.
            let field = &mut *field;
            let home = [&mut field.shown, &mut field.coming]
                .into_iter()
                .flatten()
                .find(|set| set.allocation == job.allocation);
            if let Some(set) = home {
                set.store = Some(store);
            }
        }
    }
}

/// Sends the store for new samples. Last in the set `Stage`: what it brought home must have been
/// packed before it leaves again.
pub fn send_lanes(
    mut commands: Commands,
    source: Option<Res<Source>>,
    status: Res<StreamStatus>,
    view: Res<View>,
    backend: Res<SharedBackend>,
    mut field: ResMut<LaneField>,
) {
    let Some(source) = source else { return };
    let fits = field
        .current()
        .is_some_and(|set| set.epoch == status.epoch && *set.channels == *view.channels);
    let request = if fits {
        let Some(set) = field.next_to_go(status.epoch) else {
            return;
        };
        let wants = set
            .store
            .as_ref()
            .is_some_and(|store| status.written_frames >= store.next_frame() + BASE_FRAMES);
        if !wants {
            return;
        }
        let allocation = set.allocation;
        set.sent_to = status.written_frames;
        set.store
            .take()
            .map(|store| (allocation, LaneRequest::GoOn(store)))
    } else if field.away {
        return;
    } else {
        field.last_allocation += 1;
        let channels: Arc<[u32]> = view.channels.clone().into();
        let format = source.ring.format();
        // The oldest frames go while they are read: keep a distance. Whole base entries only.
        let first = (status.oldest_frame + status.margin_frames(format)).min(status.written_frames);
        let mut set = LaneSet::new(field.last_allocation, status.epoch, channels.clone());
        set.sent_to = status.written_frames;
        let allocation = set.allocation;
        if field.shown.is_none() {
            field.shown = Some(set);
        } else {
            field.coming = Some(set);
        }
        let request = LaneRequest::Begin {
            epoch: status.epoch,
            channels,
            history_frames: format.capacity_frames,
            first_frame: first.div_ceil(BASE_FRAMES) * BASE_FRAMES,
        };
        Some((allocation, request))
    };
    if let Some((allocation, request)) = request {
        let store = backend.0.lanes(&source.ring, request, status.written_frames);
        commands.spawn(LaneJob { allocation, store });
        field.away = true;
    }
}

/// Packs the entries that became complete, while the store is at home. SoundfallSystems `Stage`.
pub fn stage_lanes(
    source: Option<Res<Source>>,
    status: Res<StreamStatus>,
    view: Res<View>,
    width: Res<LaneWidth>,
    uploads: Res<LaneUploads>,
    mut field: ResMut<LaneField>,
    mut stats: ResMut<RunStats>,
) {
    let Some(source) = source else { return };
    let span_frames = view.span_secs * f64::from(source.ring.format().sample_rate);
    let field = &mut *field;
    for set in [&mut field.shown, &mut field.coming].into_iter().flatten() {
        set.frames += 1;
        if set.epoch == status.epoch
            && let Some(upload) = set.stage(&status, span_frames, width.0)
        {
            stats.bytes_of_new_rows += upload.bytes.len() as u64;
            let _ = uploads.0.send(upload);
        }
    }
    let ready = field.coming.as_ref().is_some_and(|coming| {
        coming.frames > FRAMES_TO_BE_MADE && !coming.entries.is_empty() && coming.has_arrived()
    });
    if ready {
        field.shown = field.coming.take();
    }
}

/// The lanes' state texels of this frame.
#[derive(Resource, Clone, Default)]
pub struct LaneState {
    /// See the shader.
    pub texels: [[f32; 4]; LANE_TEXELS],
}

/// Scrolls the lanes with the waterfall. SoundfallSystems `Stage`, last.
pub fn stage_lane_state(
    source: Option<Res<Source>>,
    field: Res<LaneField>,
    heights: Res<HeightField>,
    view: Res<View>,
    width: Res<LaneWidth>,
    surface: Res<FieldState>,
    mut state: ResMut<LaneState>,
) {
    let (Some(source), Some(set)) = (source, &field.shown) else {
        return;
    };
    if set.entries.is_empty() || set.entry_frames == 0 {
        *state = LaneState::default();
        return;
    }
    if heights
        .shown_plan()
        .is_some_and(|plan| plan.epoch != set.epoch)
    {
        // One of them shows another ring already: until both do, this one stands still.
        return;
    }
    let entry = set.entry_frames as f64;
    let head = (surface.head_frames / entry).max(0.0);
    let head_entry = head.floor();
    let span = view.span_secs * f64::from(source.ring.format().sample_rate) / entry;
    let columns = f64::from(width.0);
    state.texels = [
        [
            (head_entry % columns) as f32,
            (head - head_entry) as f32,
            span as f32,
            columns as f32,
        ],
        [
            (head_entry - set.entries.start as f64) as f32,
            (set.entries.end as f64 - 1.0 - head_entry) as f32,
            set.channels.len() as f32,
            0.0,
        ],
    ];
}
