//! The lanes of some channels: their store, and which of its entries are in a texture. Packs what is
//! new; never reads samples.

use std::ops::Range;
use std::sync::Arc;

use half::f16;
use soundfall_dsp::envelope::MinMaxRms;
use soundfall_dsp::pyramid::BASE_FRAMES;

use super::store::LaneStore;
use crate::stream::StreamStatus;

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

/// The lanes of some channels of one ring, in a texture of their own.
pub(super) struct LaneSet {
    pub allocation: u64,
    pub epoch: u64,
    pub channels: Arc<[u32]>,
    /// At home, or away in a task.
    pub store: Option<LaneStore>,
    level: usize,
    /// Entries staged, absolute indices of the level.
    pub entries: Range<u64>,
    /// Entries before this one were whole when they were staged.
    closed: u64,
    /// How far the store was when entries were staged.
    staged_frame: u64,
    gaps_seen: u64,
    pub entry_frames: u64,
    pub frames: u32,
    /// How far the store's last request was to go.
    pub sent_to: u64,
}

impl LaneSet {
    /// Lanes of which nothing is there yet.
    pub fn new(allocation: u64, epoch: u64, channels: Arc<[u32]>) -> Self {
        Self {
            allocation,
            epoch,
            channels,
            store: None,
            level: usize::MAX,
            entries: 0..0,
            closed: 0,
            staged_frame: 0,
            gaps_seen: 0,
            entry_frames: 0,
            frames: 0,
            sent_to: 0,
        }
    }

    /// True when the store is home and has read all there was when it left. While sound flows there
    /// always is a block more by then.
    pub fn has_arrived(&self) -> bool {
        self.caught_up(self.sent_to)
    }

    /// True when the store is home and has read all there is.
    pub fn caught_up(&self, written_frames: u64) -> bool {
        self.store
            .as_ref()
            .is_some_and(|store| store.next_frame() + BASE_FRAMES > written_frames)
    }

    /// Entries of the level shown that are there and can be packed: the newest ones.
    pub fn stage(&mut self, status: &StreamStatus, span_frames: f64, width: u32) -> Option<LaneUpload> {
        let store = self.store.as_ref()?;
        let first = store.pyramids.first()?;
        let room = f64::from(width) * 0.96 - 8.0;
        let level = (0..first.levels())
            .find(|level| span_frames / first.entry_frames(*level) as f64 <= room)
            .unwrap_or(first.levels() - 1);
        let entry_frames = first.entry_frames(level);
        let at_rest = (status.ended || status.held) && self.caught_up(status.written_frames);
        let complete = if at_rest {
            // Nothing more will come: the open entry is all there will be of it.
            store.next_frame().div_ceil(entry_frames)
        } else {
            store.next_frame() / entry_frames
        };
        let oldest = first
            .indices(level)
            .start
            .max(store.first_frame.div_ceil(entry_frames))
            .max(complete.saturating_sub(u64::from(width)));
        // Another level, or a gap learnt of late: all of it again.
        let anew = self.level != level || self.gaps_seen != status.gap_total;
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
