//! Keeps the lanes' texture up to date: sends the store for new samples, packs complete entries.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use crossbeam_channel::Sender;
use half::f16;
use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::pyramid::BASE_FRAMES;

use super::store::{LaneStore, LaneTrip};
use crate::{
    analyst::{Pending, SharedAnalyst},
    present::RunStats,
    source::{Feed, Source},
    view::View,
    waterfall::FieldState,
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

/// New entries of all lanes.
pub struct LaneUpload {
    /// Texture they are meant for, see [`LaneField::allocation`].
    pub allocation: u64,
    /// Texture column of the first entry; the rest follow and wrap at the texture's end.
    pub first_column: u32,
    /// Entries of a lane.
    pub columns: u32,
    /// Lanes.
    pub lanes: u32,
    /// Four little-endian half floats an entry, [lane][entry]: minimum, maximum, RMS, 1 where
    /// samples were lost.
    pub bytes: Vec<u8>,
}

/// The way to the render world.
#[derive(Resource)]
pub struct LaneUploads(pub Sender<LaneUpload>);

/// The store away in a task.
#[derive(Component)]
pub struct LaneJob(Pending<LaneStore>);

/// The lanes' texture: which entries lie where.
#[derive(Resource, Default)]
pub struct LaneField {
    /// Counts up whenever the texture must be made anew.
    pub allocation: u64,
    /// Lanes.
    pub lanes: u32,
    store: Option<LaneStore>,
    /// The store is in a task.
    away: bool,
    level: usize,
    /// Entries staged, absolute indices of the level.
    entries: Range<u64>,
    gaps_seen: u64,
    entry_frames: u64,
}

impl LaneField {
    /// Entries staged, absolute indices of the level shown.
    #[must_use]
    pub fn entries(&self) -> Range<u64> {
        self.entries.clone()
    }

    /// Frames one entry covers now.
    #[must_use]
    pub fn entry_frames(&self) -> u64 {
        self.entry_frames
    }

    /// True when the store is home and has read all there is.
    #[must_use]
    pub fn caught_up(&self, feed: &Feed) -> bool {
        self.store
            .as_ref()
            .is_some_and(|store| store.next_frame() + BASE_FRAMES > feed.written_frames)
    }
}

/// Takes the store back when its trip is over. Phase `Collect`.
pub fn collect_lanes(
    mut commands: Commands,
    mut field: ResMut<LaneField>,
    mut jobs: Query<(Entity, &mut LaneJob)>,
) {
    for (entity, mut job) in &mut jobs {
        if let Some(store) = job.0.ready() {
            commands.entity(entity).despawn();
            field.away = false;
            field.store = Some(store);
        }
    }
}

/// Sends the store for new samples. Last in the phase `Stage`: what it brought home must have been
/// packed before it leaves again.
pub fn send_lanes(
    mut commands: Commands,
    source: Option<Res<Source>>,
    feed: Res<Feed>,
    view: Res<View>,
    analyst: Res<SharedAnalyst>,
    mut field: ResMut<LaneField>,
) {
    let Some(source) = source else { return };
    if field.away {
        return;
    }
    let fits = field
        .store
        .as_ref()
        .is_some_and(|store| store.epoch == feed.epoch && *store.channels == *view.channels);
    if !fits {
        let channels: Arc<[u32]> = view.channels.clone().into();
        field.allocation += 1;
        field.lanes = channels.len() as u32;
        field.entries = 0..0;
        field.level = usize::MAX;
        let format = source.ring.format();
        let history = format.capacity_frames;
        // The oldest frames go while they are read: keep a distance. Whole base entries only.
        let first = (feed.oldest_frame + feed.margin_frames(format)).min(feed.written_frames);
        let first = first.div_ceil(BASE_FRAMES) * BASE_FRAMES;
        let trip = LaneTrip::Begin {
            epoch: feed.epoch,
            channels,
            history_frames: history,
            first_frame: first,
            old: field.store.take(),
        };
        let job = analyst.0.lanes(&source.ring, trip, feed.written_frames);
        commands.spawn(LaneJob(job));
        field.away = true;
        return;
    }
    let wants = field
        .store
        .as_ref()
        .is_some_and(|store| feed.written_frames >= store.next_frame() + BASE_FRAMES);
    if wants && let Some(store) = field.store.take() {
        let trip = LaneTrip::GoOn(store);
        let job = analyst.0.lanes(&source.ring, trip, feed.written_frames);
        commands.spawn(LaneJob(job));
        field.away = true;
    }
}

/// Packs the entries that became complete, while the store is at home. Phase `Stage`.
pub fn stage_lanes(
    source: Option<Res<Source>>,
    feed: Res<Feed>,
    view: Res<View>,
    width: Res<LaneWidth>,
    uploads: Res<LaneUploads>,
    mut field: ResMut<LaneField>,
    mut stats: ResMut<RunStats>,
) {
    let Some(source) = source else { return };
    let field = &mut *field;
    let Some(store) = &field.store else { return };
    let Some(first) = store.pyramids.first() else {
        return;
    };
    let rate = f64::from(source.ring.format().sample_rate);
    let span_frames = view.span_secs * rate;
    let room = f64::from(width.0) * 0.96 - 8.0;
    let level = (0..first.levels())
        .find(|level| span_frames / first.entry_frames(*level) as f64 <= room)
        .unwrap_or(first.levels() - 1);
    let entry_frames = first.entry_frames(level);
    let complete = store.next_frame() / entry_frames;
    let oldest = first
        .indices(level)
        .start
        .max(store.first_frame.div_ceil(entry_frames))
        .max(complete.saturating_sub(u64::from(width.0)));
    // Another level, or a gap learnt of late: all of it again.
    let anew = field.level != level || field.gaps_seen != feed.gap_total;
    let start = if anew {
        oldest
    } else {
        field.entries.end.max(oldest)
    };
    field.gaps_seen = feed.gap_total;
    field.level = level;
    field.entry_frames = entry_frames;
    if start >= complete {
        return;
    }
    let count = (complete - start) as usize;
    let mut bytes = Vec::with_capacity(count * store.pyramids.len() * 8);
    let mut entries = vec![MinMaxRms::EMPTY; count];
    for pyramid in &store.pyramids {
        pyramid.query(level, start, &mut entries);
        for (index, entry) in (start..).zip(&entries) {
            let frames = index * entry_frames..(index + 1) * entry_frames;
            let in_gap = feed.gaps.iter().any(|gap| gap.touches(&frames));
            let texel = if store.is_lost(&frames) || in_gap {
                [0.0, 0.0, 0.0, 1.0]
            } else if entry.is_empty() {
                [0.0; 4]
            } else {
                [entry.min, entry.max, entry.rms(), 0.0]
            };
            bytes.extend(texel.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()));
        }
    }
    field.entries = if anew {
        start..complete
    } else {
        field.entries.start.max(oldest)..complete
    };
    stats.bytes_of_new_rows += bytes.len() as u64;
    let _ = uploads.0.send(LaneUpload {
        allocation: field.allocation,
        first_column: (start % u64::from(width.0)) as u32,
        columns: count as u32,
        lanes: store.pyramids.len() as u32,
        bytes,
    });
}

/// The lanes' state texels of this frame.
#[derive(Resource, Clone, Default)]
pub struct LaneState {
    /// See the shader.
    pub texels: [[f32; 4]; LANE_TEXELS],
}

/// Scrolls the lanes with the waterfall. Phase `Stage`, last.
pub fn stage_lane_state(
    source: Option<Res<Source>>,
    field: Res<LaneField>,
    view: Res<View>,
    width: Res<LaneWidth>,
    surface: Res<FieldState>,
    mut state: ResMut<LaneState>,
) {
    let Some(source) = source else { return };
    if field.entries.is_empty() || field.entry_frames == 0 {
        *state = LaneState::default();
        return;
    }
    let entry = field.entry_frames as f64;
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
            (head_entry - field.entries.start as f64) as f32,
            (field.entries.end as f64 - 1.0 - head_entry) as f32,
            field.lanes as f32,
            0.0,
        ],
    ];
}
