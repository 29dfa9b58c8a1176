//! A set of whole numbers kept as few ranges: which columns or rows are known. Never holds what
//! they are.

use std::ops::Range;

/// Disjoint ranges in rising order that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds a range.
    pub fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        // All that touch it become one with it.
        let from = self.0.partition_point(|known| known.end < range.start);
        let to = self.0.partition_point(|known| known.start <= range.end);
        let mut whole = range;
        if let Some(touched) = self.0.get(from..to)
            && let (Some(first), Some(last)) = (touched.first(), touched.last())
        {
            whole.start = whole.start.min(first.start);
            whole.end = whole.end.max(last.end);
        }
        self.0.splice(from..to, [whole]);
    }

    /// Takes a range out.
    pub fn remove(&mut self, range: &Range<u64>) {
        if range.is_empty() {
            return;
        }
        self.0 = std::mem::take(&mut self.0)
            .into_iter()
            .flat_map(|known| {
                [
                    known.start..known.end.min(range.start),
                    known.start.max(range.end)..known.end,
                ]
            })
            .filter(|part| !part.is_empty())
            .collect();
    }

    /// Forgets what is below `start`.
    pub fn trim_below(&mut self, start: u64) {
        if self.0.first().is_some_and(|first| first.start < start) {
            self.remove(&(0..start));
        }
    }

    /// The last range that begins at or before `at`.
    #[must_use]
    pub fn at_or_before(&self, at: u64) -> Option<Range<u64>> {
        let index = self.0.partition_point(|known| known.start <= at);
        self.0.get(index.checked_sub(1)?).cloned()
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
                for known in &ours.0 {
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
