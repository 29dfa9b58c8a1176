//! Minimum, maximum and mean square of one channel at powers of two of frames. Never keeps samples.

use std::ops::Range;

use super::entries::Entries;
use crate::envelope::{MinMaxRms, reduce};

/// Frames an entry of level 0 covers where nothing else is asked for.
pub const BASE_FRAMES: u64 = 64;

/// Envelopes of one channel at every power of two of a number of base frames, [`BASE_FRAMES`] or another one.
///
/// Entry `i` of level `k` covers the absolute frames `i·base·2^k .. (i+1)·base·2^k`. Each level keeps
/// as many entries as the history needs; memory is taken as they come. The newest entry of every level is *open*: it
/// already shows what has arrived of it, so that a click is seen on all levels at once. Where
/// nothing was pushed (before the start, or skipped) entries are [`MinMaxRms::EMPTY`].
///
/// A frame costs a constant amount of work: its own reduction and 2/base entries.
///
/// ```
/// use soundfall_dsp::pyramid::EnvelopePyramid;
/// let mut pyramid = EnvelopePyramid::new(48_000, 0);
/// pyramid.push(&[0.0; 1000]);
/// pyramid.push(&[1.0]);
/// assert_eq!(pyramid.entry(0, 1000 / 64).max, 1.0);
/// assert_eq!(pyramid.entry(4, 0).max, 1.0);
/// ```
#[derive(Clone, Debug)]
pub struct EnvelopePyramid {
    base_frames: u64,
    history_frames: u64,
    next_frame: u64,
    /// Frames in the open entry of level 0 (skipped ones do not count).
    base_filled: u64,
    levels: Vec<Level>,
}

#[derive(Clone, Debug)]
struct Level {
    /// Complete entries.
    entries: Entries,
    /// Level 0: the frames of the open entry. Above: its complete child, if any.
    open: MinMaxRms,
}

impl EnvelopePyramid {
    /// A pyramid for `history_frames` of history whose first frame will be `first_frame`, from [`BASE_FRAMES`] up.
    ///
    /// It has levels up to the first one that covers the whole history in one entry.
    #[must_use]
    pub fn new(history_frames: u64, first_frame: u64) -> Self {
        Self::with_base(BASE_FRAMES, history_frames, first_frame)
    }

    /// The same from `base_frames` up, the next power of two where that is none: 1 keeps every sample.
    #[must_use]
    pub fn with_base(base_frames: u64, history_frames: u64, first_frame: u64) -> Self {
        let base_frames = base_frames.clamp(1, 1 << 32).next_power_of_two();
        let history_frames = history_frames.max(base_frames);
        let mut levels = Vec::new();
        let mut block = base_frames;
        loop {
            let entries = history_frames.div_ceil(block) + 1;
            levels.push(Level {
                entries: Entries::new(entries),
                open: MinMaxRms::EMPTY,
            });
            if block >= history_frames || block > u64::MAX / 4 {
                break;
            }
            block *= 2;
        }
        Self {
            base_frames,
            history_frames,
            next_frame: first_frame,
            base_filled: 0,
            levels,
        }
    }

    /// Number of levels, at least 1.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Absolute frame the next sample will have.
    #[must_use]
    pub fn next_frame(&self) -> u64 {
        self.next_frame
    }

    /// Frames an entry of `level` covers.
    #[must_use]
    pub fn entry_frames(&self, level: usize) -> u64 {
        self.base_frames << level.min(self.levels.len() - 1)
    }

    /// The coarsest level whose entries are no longer than `frames_per_point`; none where even
    /// level 0 is too coarse and the samples themselves are needed.
    #[must_use]
    pub fn level_for(&self, frames_per_point: f64) -> Option<usize> {
        (0..self.levels.len())
            .rev()
            .find(|&level| self.entry_frames(level) as f64 <= frames_per_point)
    }

    /// Appends samples; the first has the frame [`Self::next_frame`].
    pub fn push(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let room = self.base_frames - self.next_frame % self.base_frames;
            let (now, later) = samples.split_at(samples.len().min(room as usize));
            let base = &mut self.levels[0].open;
            let frames = now.len() as u64;
            *base = base.merge_weighted(self.base_filled as f32, reduce(now), frames as f32);
            self.base_filled += frames;
            self.next_frame += frames;
            samples = later;
            if self.next_frame.is_multiple_of(self.base_frames) {
                self.close_base();
            }
        }
    }

    /// Appends whole entries of level 0, as another worker reduced them, at an entry's start. What
    /// begins inside an entry is ignored.
    pub fn push_entries(&mut self, entries: &[MinMaxRms]) {
        if !self.next_frame.is_multiple_of(self.base_frames) {
            return;
        }
        for entry in entries {
            self.levels[0].open = *entry;
            self.base_filled = self.base_frames;
            self.next_frame += self.base_frames;
            self.close_base();
        }
    }

    /// Leaves out the frames up to `frame` (lost ones, a gap). Earlier frames are no-ops: what
    /// has been pushed stays.
    pub fn skip_to(&mut self, frame: u64) {
        if frame <= self.next_frame {
            return;
        }
        if frame - self.next_frame > self.history_frames {
            self.restart(frame);
            return;
        }
        // What ends meanwhile is stored as it is; all entries after it stay empty.
        let mut carried = MinMaxRms::EMPTY;
        for (k, level) in self.levels.iter_mut().enumerate() {
            let block = self.base_frames << k;
            level.open = level.open.merge(carried);
            let open = self.next_frame / block;
            if open == frame / block {
                break;
            }
            carried = std::mem::take(&mut level.open);
            level.entries.set(open, carried);
        }
        if self.next_frame / self.base_frames != frame / self.base_frames {
            self.base_filled = 0;
        }
        self.next_frame = frame;
    }

    /// Forgets everything and goes on at `frame`.
    pub fn restart(&mut self, frame: u64) {
        for level in &mut self.levels {
            level.entries.clear();
            level.open = MinMaxRms::EMPTY;
        }
        self.base_filled = 0;
        self.next_frame = frame;
    }

    /// Indices of `level` that can hold data: from the oldest still kept to the open one.
    #[must_use]
    pub fn indices(&self, level: usize) -> Range<u64> {
        let shift = self.entry_frames(level).trailing_zeros();
        let open = self.next_frame >> shift;
        let kept = self.levels.get(level).map_or(0, |l| l.entries.kept());
        let begun = u64::from(open << shift != self.next_frame);
        open.saturating_sub(kept)..open + begun
    }

    /// One entry; [`MinMaxRms::EMPTY`] where nothing is known (any more, or yet).
    #[must_use]
    pub fn entry(&self, level: usize, index: u64) -> MinMaxRms {
        if level >= self.levels.len() || !self.indices(level).contains(&index) {
            return MinMaxRms::EMPTY;
        }
        if index == self.next_frame >> self.entry_frames(level).trailing_zeros() {
            return self.open_entry(level);
        }
        self.levels[level].entries.get(index)
    }

    /// Copies the entries `first ..` of `level` to `out`, as [`Self::entry`] gives them.
    pub fn query(&self, level: usize, first: u64, out: &mut [MinMaxRms]) {
        for (index, slot) in (first..).zip(out) {
            *slot = self.entry(level, index);
        }
    }

    /// Fills `out` with equal shares of `frames`, each merged from all entries it touches of the
    /// level that fits (level 0 where none is fine enough). Costs a few entries a point, however
    /// long the span.
    pub fn summarise(&self, frames: Range<u64>, out: &mut [MinMaxRms]) {
        let points = out.len() as u64;
        let span = frames.end.saturating_sub(frames.start);
        if points == 0 || span == 0 {
            out.fill(MinMaxRms::EMPTY);
            return;
        }
        let level = self.level_for(span as f64 / points as f64).unwrap_or(0);
        let shift = self.entry_frames(level).trailing_zeros();
        // ⌊point·span/points⌋ without a division per point: whole part and remainder, added up.
        let (whole, part) = (span / points, span % points);
        let (mut start, mut carry) = (frames.start, 0);
        for slot in out {
            let mut end = start + whole;
            carry += part;
            if carry >= points {
                carry -= points;
                end += 1;
            }
            let last = end.max(start + 1) - 1;
            *slot = self.merged(level, start >> shift..(last >> shift) + 1);
            start = end;
        }
    }

    /// Some entries of a level as one, evenly weighted.
    fn merged(&self, level: usize, wanted: Range<u64>) -> MinMaxRms {
        let known = self.indices(level);
        let first = wanted.start.max(known.start);
        let open = self.next_frame >> self.entry_frames(level).trailing_zeros();
        let end = wanted.end.min(open);
        let mut all = MinMaxRms::EMPTY;
        let mut entries = 0.0;
        if first < end {
            // Empty entries change neither extremes nor sum.
            for entry in self.levels[level].entries.iter(first..end) {
                all.min = all.min.min(entry.min);
                all.max = all.max.max(entry.max);
                all.mean_square += entry.mean_square;
                entries += if entry.is_empty() { 0.0 } else { 1.0 };
            }
            if entries > 0.0 {
                all.mean_square /= entries;
            }
        }
        if wanted.contains(&open) && known.contains(&open) {
            all = all.merge_weighted(entries, self.open_entry(level), 1.0);
        }
        all
    }

    /// Stores the base entry that ends at `next_frame`, and every entry above that ends with it.
    fn close_base(&mut self) {
        self.base_filled = 0;
        let mut carried = MinMaxRms::EMPTY;
        // Index after the entry that may end here, level by level.
        let mut after = self.next_frame / self.base_frames;
        let mut ends = true;
        for level in &mut self.levels {
            level.open = level.open.merge(carried);
            if !ends {
                return;
            }
            carried = std::mem::take(&mut level.open);
            level.entries.set(after - 1, carried);
            ends = after.is_multiple_of(2);
            after /= 2;
        }
    }

    /// What has arrived of the open entry of `level`.
    fn open_entry(&self, level: usize) -> MinMaxRms {
        let mut all = self.levels[0].open;
        let mut frames = self.base_filled as f32;
        for below in 1..=level {
            let child_frames = (self.base_frames << (below - 1)) as f32;
            let child = self.levels[below].open;
            all = all.merge_weighted(frames, child, child_frames);
            if !child.is_empty() {
                frames += child_frames;
            }
        }
        all
    }
}
