//! How words are copied: every loop over samples is here. Never orders memory; the fences are the
//! protocol's.
//!
//! Compilers neither merge nor vectorise atomic accesses, so the loops that matter go two words at a
//! time by hand where the processor promises that this is still atomic (`x86`). The plain loops
//! beside them are what they mean, and run everywhere else; with the feature `plain-copies` (for
//! sanitizers) and in models they run always.

use std::sync::atomic::Ordering;

use crate::storage::StorageError;
use crate::sync::AtomicU64;

#[cfg(all(target_arch = "x86_64", not(feature = "plain-copies"), not(loom)))]
mod x86;

#[cfg(not(all(target_arch = "x86_64", not(feature = "plain-copies"), not(loom))))]
mod x86 {
    //! Stands in where there is nothing faster: does nothing, so the plain loops do all.

    use crate::sync::AtomicU64;

    pub(super) fn copy_f32(_: &[AtomicU64], _: &mut [f32]) -> usize {
        0
    }

    pub(super) fn copy_f64(_: &[AtomicU64], _: &mut [f64]) -> usize {
        0
    }

    pub(super) fn spread(_: &[f32], _: usize, _: &[&[AtomicU64]], _: &[&[AtomicU64]]) -> usize {
        0
    }
}

/// Input samples that one step of the de-interleaving touches: 32 KiB, so that they stay in the
/// nearest caches while every channel picks its own.
const TILE_SAMPLES: usize = 8_192;

/// Channels that are de-interleaved together.
const GROUP: usize = 4;

/// So many lines at once the processor follows by itself. With more channels it is told while one
/// group is written where the next one goes.
const FOLLOWED: usize = 8;

/// Loads one word, relaxed.
#[inline]
pub fn load_word(word: &AtomicU64) -> u64 {
    u64::from_le(word.load(Ordering::Relaxed))
}

/// Stores one word, relaxed.
#[inline]
pub fn store_word(word: &AtomicU64, value: u64) {
    word.store(value.to_le(), Ordering::Relaxed);
}

/// The `count` words from `first` on, or the error that names them.
///
/// # Errors
/// [`StorageError::OutOfRange`].
pub fn slice_words(
    words: &[AtomicU64],
    first: u64,
    count: usize,
) -> Result<&[AtomicU64], StorageError> {
    usize::try_from(first)
        .ok()
        .and_then(|start| words.get(start..start.checked_add(count)?))
        .ok_or(StorageError::OutOfRange {
            first,
            end: first.saturating_add(count as u64),
            count: words.len() as u64,
        })
}

/// Copies words, relaxed. Copies as many as the shorter side has.
pub fn copy_words(words: &[AtomicU64], out: &mut [u64]) {
    for (value, word) in out.iter_mut().zip(words) {
        *value = load_word(word);
    }
}

/// Words before the first one at a 16-byte boundary: 0 or 1.
fn words_to_boundary(words: &[AtomicU64]) -> usize {
    (words.as_ptr().addr() % 16) / 8
}

/// Copies samples as f32, relaxed. Copies as many as the shorter side has.
pub fn copy_words_f32(words: &[AtomicU64], out: &mut [f32]) {
    let head = words_to_boundary(words).min(out.len()).min(words.len());
    let done = head + x86::copy_f32(&words[head..], &mut out[head..]);
    for range in [0..head, done..out.len()] {
        let words = words.get(range.start..).unwrap_or_default();
        for (sample, word) in out[range].iter_mut().zip(words) {
            *sample = f64::from_bits(load_word(word)) as f32;
        }
    }
}

/// Copies samples as f64, relaxed, bit for bit. Copies as many as the shorter side has.
pub fn copy_words_f64(words: &[AtomicU64], out: &mut [f64]) {
    let head = words_to_boundary(words).min(out.len()).min(words.len());
    let done = head + x86::copy_f64(&words[head..], &mut out[head..]);
    for range in [0..head, done..out.len()] {
        let words = words.get(range.start..).unwrap_or_default();
        for (sample, word) in out[range].iter_mut().zip(words) {
            *sample = f64::from_bits(load_word(word));
        }
    }
}

/// Stores whole frames planar, relaxed, from index `at` of every channel on. `words` holds the
/// channels one after the other, `capacity` words each.
///
/// Goes through the input in tiles that fit the nearest caches; within a tile each channel fills
/// whole cache lines of its own, so the number of channels hardly matters. What it costs is the
/// memory: a line that is stored to is fetched first. Streaming stores (MOVNTI) would spare that,
/// but then every reader fetches what was just written from memory instead of the cache: measured,
/// a write was up to twice as fast and a write with one read took 1.5 to 2 times as long.
pub(crate) fn deinterleave(
    interleaved: &[f32],
    channels: usize,
    words: &[AtomicU64],
    capacity: usize,
    at: usize,
) {
    let tile_frames = (TILE_SAMPLES / channels).next_multiple_of(8);
    let groups = channels.div_ceil(GROUP);
    let mut index = at;
    for tile in interleaved.chunks(tile_frames * channels) {
        let frames = tile.len() / channels;
        for group in 0..groups {
            let (lines, count) = group_lines(words, capacity, group, index..index + frames);
            let (next, next_count) = if channels <= FOLLOWED {
                ([&[][..]; GROUP], 0)
            } else if group + 1 < groups {
                group_lines(words, capacity, group + 1, index..index + frames)
            } else {
                group_lines(words, capacity, 0, index + frames..index + 2 * frames)
            };
            spread(
                &tile[group * GROUP..],
                channels,
                &lines[..count],
                &next[..next_count],
            );
        }
        index += frames;
    }
}

/// The words at `range` of the channels of a group, cut where the channel ends, and how many
/// channels those are.
fn group_lines(
    words: &[AtomicU64],
    capacity: usize,
    group: usize,
    range: core::ops::Range<usize>,
) -> ([&[AtomicU64]; GROUP], usize) {
    let mut lines: [&[AtomicU64]; GROUP] = [&[]; GROUP];
    let mut count = 0;
    let planes = words.get(group * GROUP * capacity..).unwrap_or_default();
    for (line, plane) in lines.iter_mut().zip(planes.chunks_exact(capacity)) {
        *line = &plane[range.start.min(capacity)..range.end.min(capacity)];
        count += 1;
    }
    (lines, count)
}

/// Stores interleaved samples to the lines of a few neighbouring channels, the first of which is at
/// the start of `interleaved`. `next` are the lines that will be stored to after these, if it helps
/// to know.
fn spread(interleaved: &[f32], channels: usize, lines: &[&[AtomicU64]], next: &[&[AtomicU64]]) {
    let plain = |first: usize, end: usize| {
        for (channel, line) in lines.iter().enumerate() {
            let samples = interleaved
                .get(first * channels + channel..)
                .unwrap_or_default();
            for (word, sample) in line[first..end]
                .iter()
                .zip(samples.iter().step_by(channels))
            {
                store_word(word, f64::from(*sample).to_bits());
            }
        }
    };
    let frames = lines.first().map_or(0, |line| line.len());
    let head = lines
        .first()
        .map_or(0, |line| words_to_boundary(line))
        .min(frames);
    let mut rest: [&[AtomicU64]; GROUP] = [&[]; GROUP];
    for (rest, line) in rest.iter_mut().zip(lines) {
        *rest = &line[head..];
    }
    let from = interleaved.get(head * channels..).unwrap_or_default();
    let done = head + x86::spread(from, channels, &rest[..lines.len()], next);
    plain(0, head);
    plain(done, frames);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_fast_copies_begin_where_two_words_are_atomic() {
        let words: Vec<AtomicU64> = (0..8).map(AtomicU64::new).collect();
        let mut heads = Vec::new();
        for first in 0..4 {
            let words = &words[first..];
            let head = words_to_boundary(words);
            assert_eq!(words[head..].as_ptr().addr() % 16, 0, "{first}: {head}");
            heads.push(head);
        }
        heads.sort_unstable();
        assert_eq!(heads, [0, 0, 1, 1]);
    }
}
