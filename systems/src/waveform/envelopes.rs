//! Keeps the envelopes of streams up to date: asks for their new base entries.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_analysis::Response;
use soundfall_dsp::pyramid::BASE_FRAMES;

use super::store::LaneStore;
use crate::{
    backend::{Pending, SharedBackend},
    stream::{Stream, StreamStatus},
};

/// The stream that envelopes are of.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[relationship(relationship_target = StreamEnvelopes)]
pub struct EnvelopesOf(pub Entity);

/// The envelopes of a stream; they go with it.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = EnvelopesOf, linked_spawn)]
pub struct StreamEnvelopes(Vec<Entity>);

/// Envelopes of some channels of a stream.
#[derive(Component)]
pub struct Envelopes {
    /// Epoch of the stream they are of.
    pub epoch: u64,
    /// Channels of the stream, one a lane.
    pub channels: Arc<[u32]>,
    /// None before it is made.
    pub(super) store: Option<LaneStore>,
    /// A job is under way.
    away: bool,
    /// How far the last job was to go.
    sent_to: u64,
}

impl Envelopes {
    /// Envelopes of which nothing is there yet.
    #[must_use]
    pub fn new(epoch: u64, channels: Arc<[u32]>) -> Self {
        Self {
            epoch,
            channels,
            store: None,
            away: false,
            sent_to: 0,
        }
    }

    /// True when all is read that was there when the last job began. While sound flows there always
    /// is a block more by then.
    pub(super) fn has_arrived(&self) -> bool {
        self.caught_up(self.sent_to)
    }

    /// End of what has been read.
    #[must_use]
    pub fn end_frame(&self) -> u64 {
        self.store.as_ref().map_or(0, LaneStore::next_frame)
    }

    /// True when all there is has been read.
    #[must_use]
    pub fn caught_up(&self, written_frames: u64) -> bool {
        self.store
            .as_ref()
            .is_some_and(|store| store.next_frame() + BASE_FRAMES > written_frames)
    }
}

/// Frames of some envelopes that are being read.
#[derive(Component)]
pub struct EnvelopeJob {
    envelopes: Entity,
    visit: Range<u64>,
    response: Pending<Response>,
}

/// Takes in what was read. Set `Collect`.
pub fn collect_envelopes(
    mut commands: Commands,
    mut envelopes: Query<&mut Envelopes>,
    mut jobs: Query<(Entity, &mut EnvelopeJob)>,
) {
    for (entity, mut job) in &mut jobs {
        let Some(response) = job.response.ready() else {
            continue;
        };
        // What comes for envelopes that were given up meanwhile is dropped.
        if let Ok(mut envelopes) = envelopes.get_mut(job.envelopes) {
            if let Some(store) = &mut envelopes.store {
                store.take_in(job.visit.clone(), &response.outcome);
            }
            envelopes.away = false;
        }
        commands.entity(entity).despawn();
    }
}

/// Asks for new samples. Last in the set `Stage`.
pub fn send_envelopes(
    mut commands: Commands,
    mut all: Query<(Entity, &EnvelopesOf, &mut Envelopes)>,
    streams: Query<(&Stream, &StreamStatus)>,
    backend: Res<SharedBackend>,
) {
    for (entity, of, mut envelopes) in &mut all {
        let Ok((stream, status)) = streams.get(of.0) else {
            continue;
        };
        if envelopes.away || envelopes.epoch != status.epoch {
            continue;
        }
        let (epoch, channels) = (envelopes.epoch, envelopes.channels.clone());
        let store = envelopes.store.get_or_insert_with(|| {
            let format = stream.history.format();
            // The oldest frames go while they are read: keep a distance. Whole base entries only.
            let room = LaneStore::room_frames(channels.len());
            let first = (status.oldest_frame + status.margin_frames(&format))
                .max(status.written_frames.saturating_sub(room))
                .min(status.written_frames);
            let first = first.div_ceil(BASE_FRAMES) * BASE_FRAMES;
            LaneStore::new(epoch, channels, format.capacity_frames, first)
        });
        let visit = store.next_visit(status.written_frames);
        if visit.is_empty() {
            continue;
        }
        let request = store.request(&visit);
        envelopes.away = true;
        envelopes.sent_to = status.written_frames;
        commands.spawn(EnvelopeJob {
            envelopes: entity,
            response: backend.0.submit(&stream.history, request),
            visit,
        });
    }
}
