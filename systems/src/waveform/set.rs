//! The lanes of some channels: which entries of their envelopes are in a texture. Packs what is new;
//! never reads samples.

use std::ops::Range;
use std::sync::Arc;

use half::f16;
use soundfall_dsp::envelope::MinMaxRms;

use bevy_ecs::prelude::*;

use super::envelopes::Envelopes;
use super::texture::entry_frames_for;
use crate::stream::{StreamStatus, WriterHealth};

/// New entries of all lanes.
pub struct LaneUpload {
    /// Texture they are meant for, see [`super::LaneField::allocations`].
    pub allocation: u64,
    /// Texture column of the first entry; the rest follow and wrap at the texture's end.
    pub first_column: u32,
    /// Entries of a lane.
    pub columns: u32,
    /// Lanes.
    pub lanes: u32,
    /// Four little-endian half floats an entry, `[lane][entry]`: minimum, maximum, RMS, 1 where
    /// samples were lost.
    pub bytes: Vec<u8>,
}

/// The lanes of some channels of one stream, in a texture of their own.
pub(super) struct LaneSet {
    pub allocation: u64,
    pub envelopes: Entity,
    pub epoch: u64,
    pub channels: Arc<[u32]>,
    level: usize,
    /// Entries staged, absolute indices of the level.
    pub entries: Range<u64>,
    /// Entries before this one were whole when they were staged.
    closed: u64,
    /// How far the store was when entries were staged.
    staged_frame: u64,
    gaps_seen: u64,
    pub entry_frames: u64,
    /// Display frames since it was made.
    pub frames: u32,
    /// How often all was read and the lanes on screen were further on.
    arrivals_late: u32,
    /// The view asks for it.
    pub wanted: bool,
    /// It may be shown.
    pub ready: bool,
}

/// Display frames a new texture gets to be made before it can be shown.
const FRAMES_TO_BE_MADE: u32 = 3;

/// How often new lanes may arrive behind the ones on screen before they are shown all the same: with more channels they
/// take longer to read, and may always be a block behind.
const MAX_ARRIVALS_LATE: u32 = 4;

impl LaneSet {
    /// Lanes of which nothing is there yet.
    pub fn new(allocation: u64, envelopes: Entity, epoch: u64, channels: Arc<[u32]>) -> Self {
        Self {
            allocation,
            envelopes,
            epoch,
            channels,
            level: usize::MAX,
            entries: 0..0,
            closed: 0,
            staged_frame: 0,
            gaps_seen: 0,
            entry_frames: 0,
            frames: 0,
            arrivals_late: 0,
            wanted: true,
            ready: false,
        }
    }

    /// Looks whether it may be shown. `edge` is the end of what is on screen, where that goes on: what takes over
    /// should not lag behind it.
    pub fn judge(&mut self, envelopes: &Envelopes, edge: u64) {
        let arrived = self.frames > FRAMES_TO_BE_MADE && envelopes.has_arrived();
        let lags = self.end_frame() < edge;
        self.arrivals_late += u32::from(arrived && lags);
        self.ready |= arrived && (!lags || self.arrivals_late > MAX_ARRIVALS_LATE);
    }

    /// How much of the time shown it has: `span_frames` back from the frame `head`, or from the newest sound.
    pub fn held_frames(&self, head: Option<f64>, span_frames: f64) -> f64 {
        let entry = self.entry_frames as f64;
        let (start, end) = (
            self.entries.start as f64 * entry,
            self.entries.end as f64 * entry,
        );
        match head {
            Some(head) => (end.min(head) - start.max(head - span_frames)).max(0.0),
            None => (end - start).min(span_frames),
        }
    }

    /// The frame at which the staged entries end.
    pub fn end_frame(&self) -> u64 {
        self.entries.end.saturating_mul(self.entry_frames)
    }

    /// Entries of the level shown that are there and can be packed: the newest ones, or those
    /// around a right end that stands at the frame `head`.
    pub fn stage(
        &mut self,
        envelopes: &Envelopes,
        status: &StreamStatus,
        head: Option<f64>,
        span_frames: f64,
        width: u32,
    ) -> Option<LaneUpload> {
        let store = envelopes.store.as_ref()?;
        let first = store.pyramids.first()?;
        let wanted = entry_frames_for(span_frames, width);
        let level = (0..first.levels())
            .find(|level| first.entry_frames(*level) >= wanted)
            .unwrap_or(first.levels() - 1);
        let entry_frames = first.entry_frames(level);
        let stands = status.ended || status.held || status.writer == WriterHealth::Closed;
        let at_rest = stands && envelopes.caught_up(status.written_frames);
        let mut complete = if at_rest {
            // Nothing more will come: the open entry is all there will be of it.
            store.next_frame().div_ceil(entry_frames)
        } else {
            store.next_frame() / entry_frames
        };
        let available = first
            .indices(level)
            .start
            .max(store.first_frame.div_ceil(entry_frames));
        // Another level, or a gap learnt of late: all of it again.
        let mut anew = self.level != level || self.gaps_seen != status.gap_total;
        if let Some(head) = head {
            // A right end that stands still: its entries, and as many on either side as have room.
            let seen = ((head - span_frames).max(0.0) as u64 / entry_frames).max(available)
                ..(head as u64 / entry_frames + 1).min(complete);
            let staged = &self.entries;
            let inside = seen.start >= staged.start && seen.end <= staged.end;
            let spare = (u64::from(width).saturating_sub(seen.end.saturating_sub(seen.start))) / 2;
            complete = if inside && !anew {
                complete.min(staged.end)
            } else {
                complete.min(seen.end + spare)
            };
            anew |= !inside;
        } else if complete > self.entries.end + u64::from(width) {
            anew = true;
        }
        let oldest = available.max(complete.saturating_sub(u64::from(width)));
        let start = if anew {
            oldest
        } else {
            // An entry that was still open is staged again once there is more of it.
            let more = store.next_frame() > self.staged_frame;
            let known = if more {
                self.entries.end.min(self.closed)
            } else {
                self.entries.end
            };
            known.max(oldest)
        };
        self.staged_frame = store.next_frame();
        self.closed = store.next_frame() / entry_frames;
        self.gaps_seen = status.gap_total;
        self.level = level;
        self.entry_frames = entry_frames;
        if start >= complete {
            return None;
        }
        let count = (complete - start) as usize;
        let lost: Vec<bool> = (start..complete)
            .map(|index| {
                let frames = index * entry_frames..(index + 1) * entry_frames;
                store.is_lost(&frames) || status.gaps.iter().any(|gap| gap.touches(&frames))
            })
            .collect();
        let mut bytes = Vec::with_capacity(count * store.pyramids.len() * 8);
        let mut entries = vec![MinMaxRms::EMPTY; count];
        for pyramid in &store.pyramids {
            pyramid.query(level, start, &mut entries);
            for (lost, entry) in lost.iter().zip(&entries) {
                let texel = if *lost {
                    [0.0, 0.0, 0.0, 1.0]
                } else if entry.is_empty() {
                    [0.0; 4]
                } else {
                    [entry.min, entry.max, entry.rms(), 0.0]
                };
                bytes.extend(texel.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()));
            }
        }
        self.entries = if anew {
            start..complete
        } else {
            self.entries.start.max(oldest)..complete
        };
        Some(LaneUpload {
            allocation: self.allocation,
            first_column: (start % u64::from(width)) as u32,
            columns: count as u32,
            lanes: store.pyramids.len() as u32,
            bytes,
        })
    }
}
