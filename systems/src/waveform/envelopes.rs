//! Keeps the envelopes of streams up to date: asks for their new base entries.

use std::ops::Range;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use soundfall_analysis::{HistoryFormat, Response};

use super::store::LaneStore;
use super::texture::LaneWidth;
use crate::{
    analysis::Extent,
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

/// Which part of its stream envelopes cover, and how finely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeWindow {
    /// All of the history, as finely as there is room for.
    Whole,
    /// What a view sees that looks closer than that.
    Detail {
        /// Frames of a base entry, from 1 up.
        entry_frames: u64,
        /// Where it is.
        extent: Extent,
    },
}

/// Envelopes of some channels of a stream.
#[derive(Component)]
pub struct Envelopes {
    /// Epoch of the stream they are of.
    pub epoch: u64,
    /// Channels of the stream, one a lane.
    pub channels: Arc<[u32]>,
    /// The part of the stream.
    pub window: EnvelopeWindow,
    /// None before it is made.
    pub(super) store: Option<LaneStore>,
    /// A job is under way.
    away: bool,
    /// How far there was anything to be read when that was last looked at.
    sent_to: Option<u64>,
}

impl Envelopes {
    /// Envelopes of which nothing is there yet.
    #[must_use]
    pub fn new(epoch: u64, channels: Arc<[u32]>, window: EnvelopeWindow) -> Self {
        Self {
            epoch,
            channels,
            window,
            store: None,
            away: false,
            sent_to: None,
        }
    }

    /// True when all is read that was there when the last job began. While sound flows there always
    /// is a block more by then.
    pub(super) fn has_arrived(&self) -> bool {
        self.sent_to.is_some_and(|end| self.caught_up(end))
    }

    /// End of what has been read.
    #[must_use]
    pub fn end_frame(&self) -> u64 {
        self.store.as_ref().map_or(0, LaneStore::next_frame)
    }

    /// True when all there is has been read.
    #[must_use]
    pub fn caught_up(&self, written_frames: u64) -> bool {
        let end = self.end(written_frames);
        self.store
            .as_ref()
            .is_some_and(|store| store.next_frame() + store.base_frames > end)
    }

    /// Where it is to end, of a stream with so many frames.
    fn end(&self, written_frames: u64) -> u64 {
        match &self.window {
            EnvelopeWindow::Detail {
                extent: Extent::Frames(frames),
                ..
            } => frames.end.min(written_frames),
            _ => written_frames,
        }
    }

    /// A store with nothing in it, for a texture with so many columns.
    fn begin(&self, format: &HistoryFormat, status: &StreamStatus, width: LaneWidth) -> LaneStore {
        let channels = self.channels.len();
        let (base_frames, start, frames) = match &self.window {
            EnvelopeWindow::Whole => {
                let base = LaneStore::base_frames_for(channels, format.capacity_frames);
                (base, 0, format.capacity_frames)
            }
            EnvelopeWindow::Detail {
                entry_frames,
                extent: Extent::Newest,
            } => {
                let frames = entry_frames.saturating_mul(u64::from(width.0));
                let start = status.written_frames.saturating_sub(frames);
                (*entry_frames, start, frames)
            }
            EnvelopeWindow::Detail {
                entry_frames,
                extent: Extent::Frames(frames),
            } => (*entry_frames, frames.start, frames.end - frames.start),
        };
        let room = LaneStore::room_frames(channels);
        // The oldest frames go while they are read: keep a distance. Whole base entries only.
        let first = (status.oldest_frame + status.margin_frames(format))
            .max(status.written_frames.saturating_sub(room))
            .max(start)
            .min(status.written_frames)
            .next_multiple_of(base_frames);
        LaneStore::new(
            self.epoch,
            self.channels.clone(),
            base_frames,
            frames,
            first,
        )
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
    width: Res<LaneWidth>,
) {
    for (entity, of, mut envelopes) in &mut all {
        let Ok((stream, status)) = streams.get(of.0) else {
            continue;
        };
        if envelopes.away || envelopes.epoch != status.epoch {
            continue;
        }
        if envelopes.store.is_none() {
            let store = envelopes.begin(&stream.history.format(), status, *width);
            envelopes.store = Some(store);
        }
        let end = envelopes.end(status.written_frames);
        let Some(store) = &envelopes.store else {
            continue;
        };
        let visit = store.next_visit(end);
        let request = store.request(&visit);
        envelopes.sent_to = Some(status.written_frames);
        if visit.is_empty() {
            continue;
        }
        envelopes.away = true;
        commands.spawn(EnvelopeJob {
            envelopes: entity,
            response: backend.0.submit(&stream.history, request),
            visit,
        });
    }
}
