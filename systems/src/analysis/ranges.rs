//! A set of whole numbers kept as few ranges: which columns or rows are known.

use std::ops::Range;

use rangemap::RangeSet;

/// Disjoint ranges in rising order that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(RangeSet<u64>);

impl Ranges {
    /// Adds a range; an empty one changes nothing.
    pub fn insert(&mut self, range: Range<u64>) {
        if !range.is_empty() {
            self.0.insert(range);
        }
    }

    /// Removes a range; an empty one changes nothing.
    pub fn remove(&mut self, range: &Range<u64>) {
        if !range.is_empty() {
            self.0.remove(range.clone());
        }
    }

    /// Removes everything below `start`.
    pub fn trim_below(&mut self, start: u64) {
        self.remove(&(0..start));
    }

    /// The last range that begins at or before `at`.
    #[must_use]
    pub fn at_or_before(&self, at: u64) -> Option<Range<u64>> {
        let up_to = 0..at.saturating_add(1);
        self.0.overlapping(&up_to).next_back().cloned()
    }

    /// The last range.
    #[must_use]
    pub fn last(&self) -> Option<Range<u64>> {
        self.0.last().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a set that holds every number.
    #[test]
    fn behaves_like_a_set() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % below
        };
        for _ in 0..200 {
            let (mut ours, mut set) = (Ranges::default(), [false; 64]);
            for _ in 0..20 {
                let start = random(60);
                let range = start..start + random(10).min(64 - start);
                let add = random(3) > 0;
                if add {
                    ours.insert(range.clone());
                } else {
                    ours.remove(&range);
                }
                for at in range {
                    set[at as usize] = add;
                }
                let mut last_end = None;
                for known in ours.0.iter() {
                    assert!(!known.is_empty() && last_end.is_none_or(|end| known.start > end));
                    last_end = Some(known.end);
                }
                for at in 0..64 {
                    let inside = ours
                        .at_or_before(at)
                        .is_some_and(|range| range.contains(&at));
                    assert_eq!(inside, set[at as usize], "{at} in {ours:?}");
                }
            }
        }
    }
}
