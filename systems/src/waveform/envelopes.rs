//! Keeps the envelopes of streams up to date: sends their stores for new samples.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_dsp::pyramid::BASE_FRAMES;

use super::store::{LaneRequest, LaneStore};
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
    /// Here, or away in a task.
    pub(super) store: Option<LaneStore>,
    away: bool,
    /// How far the store's last trip was to go.
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

    /// True when the store is here and has read all there was when it left. While sound flows there
    /// always is a block more by then.
    pub(super) fn has_arrived(&self) -> bool {
        self.caught_up(self.sent_to)
    }

    /// True when the store is here and has read all there is.
    #[must_use]
    pub fn caught_up(&self, written_frames: u64) -> bool {
        self.store
            .as_ref()
            .is_some_and(|store| store.next_frame() + BASE_FRAMES > written_frames)
    }
}

/// A store away in a task.
#[derive(Component)]
pub struct EnvelopeJob {
    envelopes: Entity,
    store: Pending<LaneStore>,
}

/// Takes the stores back that are done. Set `Collect`.
pub fn collect_envelopes(
    mut commands: Commands,
    mut envelopes: Query<&mut Envelopes>,
    mut jobs: Query<(Entity, &mut EnvelopeJob)>,
) {
    for (entity, mut job) in &mut jobs {
        if let Some(store) = job.store.ready() {
            commands.entity(entity).despawn();
            // Those of envelopes that were given up meanwhile are dropped.
            if let Ok(mut envelopes) = envelopes.get_mut(job.envelopes) {
                envelopes.store = Some(store);
                envelopes.away = false;
            }
        }
    }
}

/// Sends the stores for new samples. Last in the set `Stage`: what a store brought must have been
/// packed before it leaves again.
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
        let request = match envelopes.store.take() {
            Some(store) if status.written_frames >= store.next_frame() + BASE_FRAMES => {
                LaneRequest::GoOn(store)
            }
            Some(store) => {
                envelopes.store = Some(store);
                continue;
            }
            None => {
                let format = stream.ring.format();
                // The oldest frames go while they are read: keep a distance. Whole base entries only.
                let first = (status.oldest_frame + status.margin_frames(format))
                    .min(status.written_frames);
                LaneRequest::Begin {
                    epoch: envelopes.epoch,
                    channels: envelopes.channels.clone(),
                    history_frames: format.capacity_frames,
                    first_frame: first.div_ceil(BASE_FRAMES) * BASE_FRAMES,
                }
            }
        };
        envelopes.away = true;
        envelopes.sent_to = status.written_frames;
        let store = backend
            .0
            .lanes(&stream.ring, request, status.written_frames);
        commands.spawn(EnvelopeJob {
            envelopes: entity,
            store,
        });
    }
}
