//! The newest entries of one level, in memory that grows as they come: a long history that holds
//! little takes little.

use std::collections::VecDeque;
use std::ops::Range;

use crate::envelope::MinMaxRms;

/// Entries in a piece of memory, at most: 12 kB.
const PIECE: u64 = 1024;

/// Entries by their absolute index. What was never set, or is older than what is kept, is
/// [`MinMaxRms::EMPTY`].
#[derive(Clone, Debug)]
pub(super) struct Entries {
    /// Entries kept, counted back from the newest.
    kept: u64,
    /// Entries of a piece.
    piece: u64,
    /// Number of the first piece; piece `n` holds the entries `n · piece ..`.
    first: u64,
    /// Pieces in a row; none where nothing was set.
    pieces: VecDeque<Option<Box<[MinMaxRms]>>>,
}

impl Entries {
    /// Room for `kept` entries, at least one. Takes no memory yet.
    pub(super) fn new(kept: u64) -> Self {
        let kept = kept.max(1);
        Self {
            kept,
            piece: kept.checked_next_power_of_two().unwrap_or(PIECE).min(PIECE),
            first: 0,
            pieces: VecDeque::new(),
        }
    }

    /// Entries kept, counted back from the newest.
    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    /// Forgets all of them and gives their memory back.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    /// The entry of this index.
    pub(super) fn get(&self, index: u64) -> MinMaxRms {
        self.piece_of(index / self.piece)
            .map_or(MinMaxRms::EMPTY, |piece| {
                piece[(index % self.piece) as usize]
            })
    }

    fn piece_of(&self, number: u64) -> Option<&[MinMaxRms]> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.pieces.get(at)?.as_deref()
    }

    /// The entries that were set of these indices, oldest first.
    pub(super) fn iter(&self, indices: Range<u64>) -> impl Iterator<Item = &MinMaxRms> {
        let (first, last) = (indices.start / self.piece, indices.end.div_ceil(self.piece));
        (first..last.max(first)).flat_map(move |number| {
            let start = number * self.piece;
            let from = indices.start.saturating_sub(start) as usize;
            let to = (indices.end - start).min(self.piece) as usize;
            self.piece_of(number)
                .and_then(|piece| piece.get(from..to))
                .unwrap_or_default()
        })
    }

    /// Sets an entry, newer than all before; those that are not kept any more make room.
    pub(super) fn set(&mut self, index: u64, entry: MinMaxRms) {
        let number = index / self.piece;
        let oldest = (index + 1).saturating_sub(self.kept) / self.piece;
        let mut spare = None;
        while self.first < oldest
            && let Some(gone) = self.pieces.pop_front()
        {
            spare = gone.or(spare);
            self.first += 1;
        }
        if self.pieces.is_empty() {
            self.first = number;
        }
        let Ok(at) = usize::try_from(number.saturating_sub(self.first)) else {
            return;
        };
        if at >= self.pieces.len() {
            self.pieces.resize_with(at + 1, || None);
        }
        let empty = || {
            let mut piece =
                spare.unwrap_or_else(|| vec![MinMaxRms::EMPTY; self.piece as usize].into());
            piece.fill(MinMaxRms::EMPTY);
            piece
        };
        if let Some(piece) = self.pieces.get_mut(at) {
            piece.get_or_insert_with(empty)[(index % self.piece) as usize] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: u64) -> MinMaxRms {
        MinMaxRms {
            min: -(value as f32),
            max: value as f32,
            mean_square: value as f32,
        }
    }

    /// Pieces that hold something.
    fn held(entries: &Entries) -> usize {
        entries.pieces.iter().flatten().count()
    }

    #[test]
    fn memory_follows_what_is_set_and_not_what_could_be() {
        let mut entries = Entries::new(1 << 40);
        assert_eq!(held(&entries), 0);
        for index in 0..3000 {
            entries.set(index, entry(index));
        }
        assert_eq!(held(&entries), 3);
        // A leap takes a piece, not all between.
        entries.set(1 << 24, entry(7));
        assert_eq!(held(&entries), 4);
        assert_eq!(entries.get(2999), entry(2999));
        assert_eq!(entries.get(1 << 24), entry(7));
        assert!(entries.get(1 << 20).is_empty());
    }

    #[test]
    fn the_oldest_make_room_and_their_memory_is_used_again() {
        let mut entries = Entries::new(2000);
        for index in 100_000..200_000_u64 {
            entries.set(index, entry(index % 97));
            assert!(held(&entries) <= 4, "{}", held(&entries));
            let oldest = index.saturating_sub(1999).max(100_000);
            assert_eq!(entries.get(oldest), entry(oldest % 97));
        }
        let all: Vec<_> = entries.iter(198_000..200_000).collect();
        assert_eq!(all.len(), 2000);
        assert!((198_000..).zip(all).all(|(i, e)| *e == entry(i % 97)));
        assert_eq!(entries.iter(0..10).count(), 0);
        entries.clear();
        assert_eq!(held(&entries), 0);
    }
}
