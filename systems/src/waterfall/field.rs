//! The height field's books: which rows lie where in the ring textures. Packs nothing and draws
//! nothing.
//!
//! A *set* is one generation of the analysis in a texture of its own. While a new one fills, the
//! old one stays on screen; it takes over once everything visible is there. A texture that is left
//! over waits for the next change.

use std::ops::Range;

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::merge_rows;

use crate::analysis::{JobQueue, Ranges, RowPlan};

/// Layers of a texture that is kept for the next change; a larger one is given back.
const SPARE_LAYERS: u32 = 64;
/// Frames a new texture gets to be made before it can be shown.
const FRAMES_TO_BE_MADE: u32 = 3;

/// Size of one layer of the height field, in texels.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeightFieldSize {
    /// Along the frequency axis.
    pub axis_bins: u32,
    /// Rows of history; never equal to `axis_bins` (a square texture with six layers is a cube map
    /// to WebGL).
    pub rows: u32,
}

impl Default for HeightFieldSize {
    fn default() -> Self {
        Self {
            axis_bins: 512,
            rows: 1024,
        }
    }
}

/// A texture: as many layers as channels times mips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Never used twice.
    pub id: u64,
    /// Channels, the surfaces drawn from it.
    pub channels: u32,
    /// Layers: all channels of a mip, then those of the next.
    pub layers: u32,
}

/// A row that some of its columns are missing from.
struct OpenRow {
    mip: u32,
    row: u64,
    /// Columns merged so far.
    covered: u64,
    /// Columns merged when it was last shown as it is.
    shown: u64,
    /// `[channel][axis column]`, little-endian half floats.
    bytes: Vec<u8>,
}

/// Part of a row, as a job brings it.
pub(super) struct RowPart<'a> {
    pub mip: u32,
    pub row: u64,
    /// Columns of it that are in the part.
    pub columns: u64,
    /// One slice a channel.
    pub channels: &'a mut dyn Iterator<Item = &'a [u8]>,
}

/// One generation in its texture.
pub(super) struct Set {
    pub plan: RowPlan,
    pub allocation: Allocation,
    /// Rows that are there, one a mip.
    known: Vec<Ranges>,
    open: Vec<OpenRow>,
    /// The rows that have a place in the texture, in a window that stands still.
    places: Option<Range<u64>>,
    frames: u32,
}

/// Open rows kept of each mip: more than there are ends of jobs in flight.
const OPEN_ROWS: usize = 64;

impl Set {
    fn new(plan: &RowPlan, allocation: Allocation) -> Self {
        Self {
            plan: plan.clone(),
            allocation,
            known: vec![Ranges::default(); plan.mips.len()],
            open: Vec::new(),
            places: None,
            frames: 0,
        }
    }

    fn index(&self, mip: u32) -> usize {
        (mip.saturating_sub(self.plan.mips.start) as usize).min(self.known.len() - 1)
    }

    /// Rows of a mip that are there.
    pub fn known(&self, mip: u32) -> &Ranges {
        &self.known[self.index(mip)]
    }

    /// Rows were written. What they have overwritten is known no more.
    pub fn learn(&mut self, mip: u32, rows: Range<u64>) {
        let texture_rows = u64::from(self.plan.texture_rows);
        let at = self.index(mip);
        let known = &mut self.known[at];
        known.insert(rows);
        if self.places.is_none() {
            let end = known.last().map_or(0, |last| last.end);
            known.trim_below(end.saturating_sub(texture_rows));
        }
    }

    /// Nothing before a row of a mip is there any more, nor will be.
    pub fn forget_below(&mut self, mip: u32, row: u64) {
        let at = self.index(mip);
        self.known[at].trim_below(row);
        self.open.retain(|open| open.mip != mip || open.row >= row);
    }

    /// In a window that stands still: forgets the rows whose places are needed for these columns.
    pub fn keep_places_for(&mut self, columns: &Range<u64>) {
        let texture_rows = u64::from(self.plan.texture_rows);
        for (mip, known) in self.plan.mips.clone().zip(&mut self.known) {
            let places = columns.end.div_ceil(1 << mip).saturating_sub(texture_rows)
                ..(columns.start >> mip).saturating_add(texture_rows);
            known.trim_below(places.start);
            known.remove(&(places.end..u64::MAX));
            self.places = Some(places);
        }
    }

    /// In a window of the newest sound: rows make room for newer ones.
    pub fn follow_newest(&mut self) {
        if self.places.take().is_some() {
            let texture_rows = u64::from(self.plan.texture_rows);
            for known in &mut self.known {
                let end = known.last().map_or(0, |last| last.end);
                known.trim_below(end.saturating_sub(texture_rows));
            }
        }
    }

    /// The rows of a mip that have a place in the texture, when rows up to `end` are written.
    pub fn places(&self, mip: u32, end: u64) -> Range<u64> {
        self.places
            .clone()
            .unwrap_or_else(|| self.oldest_place(mip, end)..u64::MAX)
    }

    /// The oldest row of a mip that still has a place, when rows up to `end` are written.
    fn oldest_place(&self, mip: u32, end: u64) -> u64 {
        let end = self.known(mip).last().map_or(end, |last| last.end.max(end));
        end.saturating_sub(u64::from(self.plan.texture_rows))
    }

    /// Merges a part of a row; gives the row's bytes once all of its columns are there.
    pub fn merge(&mut self, part: RowPart<'_>) -> Option<Vec<u8>> {
        let (mip, row) = (part.mip, part.row);
        let at = self
            .open
            .iter()
            .position(|open| open.mip == mip && open.row == row)
            .unwrap_or_else(|| {
                self.open.push(OpenRow {
                    mip,
                    row,
                    covered: 0,
                    shown: 0,
                    bytes: Vec::new(),
                });
                self.open.len() - 1
            });
        let open = &mut self.open[at];
        open.covered += part.columns;
        let mut from = 0;
        for channel in part.channels {
            let to = from + channel.len();
            if open.bytes.len() < to {
                open.bytes.resize(to, 0);
            }
            merge_rows(&mut open.bytes[from..to], channel);
            from = to;
        }
        if open.covered >= 1 << mip {
            return Some(self.open.swap_remove(at).bytes);
        }
        // Rows that never become whole, at the oldest end, make room.
        let of_level = || self.open.iter().filter(|open| open.mip == mip);
        if of_level().count() > OPEN_ROWS
            && let Some(oldest) = of_level().map(|open| open.row).min()
        {
            self.open
                .retain(|open| open.mip != mip || open.row != oldest);
        }
        None
    }

    /// The newest row of each mip as far as it is there, for a sound that has ended: mip, row
    /// and bytes. Gives each state of a row once.
    pub fn unfinished(&mut self) -> Vec<(u32, u64, Vec<u8>)> {
        let ends: Vec<u64> = self
            .known
            .iter()
            .map(|known| known.last().map_or(0, |last| last.end))
            .collect();
        let first = self.plan.mips.start;
        let rows: Vec<_> = self
            .open
            .iter_mut()
            .filter(|open| {
                let end = ends.get((open.mip - first) as usize);
                // It follows what is known, or is its last row.
                let follows = |end: &u64| open.row <= *end && open.row + 1 >= *end;
                open.covered > open.shown && end.is_some_and(follows)
            })
            .map(|open| {
                open.shown = open.covered;
                (open.mip, open.row, open.bytes.clone())
            })
            .collect();
        for (mip, row, _) in &rows {
            self.learn(*mip, *row..row + 1);
        }
        rows
    }

    /// True once all that is visible is there.
    fn is_whole(&self, queue: &JobQueue, span_secs: f64) -> bool {
        let mip = self.plan.mip_for(span_secs);
        self.known(mip).last().is_some_and(|rows| {
            // The oldest row may be there in part only.
            rows.start <= (queue.wanted_from >> mip) + 1
        })
    }
}

/// Gives every texture an id of its own, rising with time.
#[derive(Resource, Default)]
pub struct AllocationIds {
    last: u64,
}

impl AllocationIds {
    /// An id that was never given before.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// What the textures of a window of rows hold.
#[derive(Component, Default)]
pub struct HeightField {
    pub(super) shown: Option<Set>,
    coming: Option<Set>,
    spare: Option<Allocation>,
}

impl HeightField {
    /// The plan of what is on screen.
    #[must_use]
    pub fn shown_plan(&self) -> Option<&RowPlan> {
        self.shown.as_ref().map(|set| &set.plan)
    }

    /// Channels on screen; 0 before there is anything.
    #[must_use]
    pub fn channels(&self) -> u32 {
        self.shown.as_ref().map_or(0, |set| set.allocation.channels)
    }

    /// The newest unbroken range of rows of a mip that is on screen or just outside it.
    #[must_use]
    pub fn shown_rows(&self, mip: u32) -> Option<Range<u64>> {
        self.shown.as_ref()?.known(mip).last()
    }

    /// The texture on screen.
    #[must_use]
    pub fn shown_allocation(&self) -> Option<u64> {
        self.shown.as_ref().map(|set| set.allocation.id)
    }

    /// All textures that must exist now.
    pub fn allocations(&self) -> impl Iterator<Item = Allocation> {
        let of = |set: &Option<Set>| set.as_ref().map(|set| set.allocation);
        [of(&self.shown), of(&self.coming), self.spare]
            .into_iter()
            .flatten()
    }

    /// The set of a plan, made if there is none yet. The very first one is on screen at once.
    pub(super) fn set_for(&mut self, plan: &RowPlan, ids: &mut AllocationIds) -> Option<&mut Set> {
        let is_it = |set: &Set| set.plan.generation == plan.generation;
        let on_screen = self.shown.as_ref().is_none_or(is_it);
        if on_screen && self.shown.is_none() {
            let allocation = self.allocate(plan, None, ids);
            self.shown = Some(Set::new(plan, allocation));
        } else if !on_screen && !self.coming.as_ref().is_some_and(is_it) {
            let free = self.coming.take().map(|set| set.allocation);
            let allocation = self.allocate(plan, free, ids);
            self.coming = Some(Set::new(plan, allocation));
        }
        if on_screen {
            self.shown.as_mut()
        } else {
            self.coming.as_mut()
        }
    }

    /// A texture for a plan: one that is free, if it fits.
    fn allocate(
        &mut self,
        plan: &RowPlan,
        free: Option<Allocation>,
        ids: &mut AllocationIds,
    ) -> Allocation {
        let (channels, layers) = (plan.channels.len() as u32, plan.layers());
        let fits = |of: &Allocation| of.channels == channels && of.layers == layers;
        if let Some(fitting) = free.filter(fits) {
            return fitting;
        }
        if let Some(spare) = self.spare.take_if(|spare| fits(spare)) {
            return spare;
        }
        Allocation {
            id: ids.next_id(),
            channels,
            layers,
        }
    }

    /// A frame has passed: the new set takes over if it is whole.
    pub(super) fn take_over(&mut self, queue: &JobQueue, span_secs: f64) {
        let Some(coming) = &mut self.coming else {
            return;
        };
        coming.frames += 1;
        let ready = coming.frames > FRAMES_TO_BE_MADE
            && coming.plan.generation == queue.generation
            && coming.is_whole(queue, span_secs);
        if ready {
            let old = std::mem::replace(&mut self.shown, self.coming.take());
            self.spare = old
                .map(|set| set.allocation)
                .filter(|allocation| allocation.layers <= SPARE_LAYERS);
        }
    }
}
