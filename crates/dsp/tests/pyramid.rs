//! Pyramids against reducing everything anew, whatever the pieces data comes in.

use proptest::prelude::*;
use soundfall_dsp::envelope::{MinMaxRms, reduce};
use soundfall_dsp::level::FLOOR_DBFS;
use soundfall_dsp::pyramid::{EnvelopePyramid, MaxRows};

fn close(a: MinMaxRms, b: MinMaxRms) -> bool {
    a.min == b.min
        && a.max == b.max
        && (a.mean_square - b.mean_square).abs() <= 1e-5 * b.mean_square + 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_kept_entry_equals_reducing_its_frames(
        base in prop::sample::select(vec![1u64, 2, 64, 512]),
        first in 0u64..300,
        history in 1u64..5000,
        pieces in prop::collection::vec(0usize..700, 1..20),
    ) {
        let mut pyramid = EnvelopePyramid::with_base(base, history, first);
        prop_assert_eq!(pyramid.entry_frames(0), base);
        let mut all = vec![0.0f32; first as usize];
        for (k, piece) in pieces.into_iter().enumerate() {
            let samples: Vec<f32> = (0..piece).map(|i| ((i * 37 + k * 11) as f32).sin()).collect();
            pyramid.push(&samples);
            all.extend(samples);
        }
        prop_assert_eq!(pyramid.next_frame(), all.len() as u64);
        for level in 0..pyramid.levels() {
            let block = pyramid.entry_frames(level);
            let indices = pyramid.indices(level);
            // All of the history is there.
            let oldest = (all.len() as u64).saturating_sub(history);
            prop_assert!(indices.start * block <= oldest);
            for index in indices {
                let start = (index * block).max(first).min(all.len() as u64) as usize;
                let end = ((index + 1) * block).min(all.len() as u64) as usize;
                let expected = reduce(&all[start..end.max(start)]);
                let ours = pyramid.entry(level, index);
                // Where the start cuts into entries the mean squares are weighted evenly.
                if index * block >= first {
                    prop_assert!(close(ours, expected), "{} {}: {:?} {:?}", level, index, ours, expected);
                } else {
                    prop_assert_eq!((ours.min, ours.max), (expected.min, expected.max));
                }
            }
        }
    }

    #[test]
    fn a_click_survives_at_every_level_and_every_zoom(
        base in prop::sample::select(vec![1u64, 64, 4096]),
        history in 1000u64..200_000,
        share in 0.0f64..1.0,
        after in 0.0f64..1.0,
        piece in 1usize..3000,
        points in 1usize..500,
        span in 0.01f64..1.0,
    ) {
        let click = 1_000 + (share * history as f64) as u64;
        let end = click + 1 + (after * (history - 1) as f64) as u64;
        let mut samples = vec![0.0f32; end as usize];
        samples[click as usize] = -0.75;
        let mut pyramid = EnvelopePyramid::with_base(base, history, 0);
        samples.chunks(piece).for_each(|chunk| pyramid.push(chunk));
        for level in 0..pyramid.levels() {
            let index = click / pyramid.entry_frames(level);
            prop_assert_eq!(pyramid.entry(level, index).min, -0.75, "level {}", level);
        }
        // Any view that holds the click shows it.
        let width = ((span * history as f64) as u64).max(1);
        let start = click.saturating_sub(width / 2);
        let mut out = vec![MinMaxRms::EMPTY; points];
        pyramid.summarise(start..start + width, &mut out);
        prop_assert!(out.iter().any(|p| p.min == -0.75));
    }

    #[test]
    fn a_summary_equals_merging_the_entries_it_touches(
        frames in 1u64..20_000,
        history in 64u64..20_000,
        from in 0.0f64..1.0,
        span in 1u64..30_000,
        points in 1usize..300,
    ) {
        let samples: Vec<f32> = (0..frames).map(|i| (i as f32 * 0.7).sin() * i as f32).collect();
        let mut pyramid = EnvelopePyramid::new(history, 0);
        pyramid.push(&samples);
        let start = (from * frames as f64) as u64;
        let mut out = vec![MinMaxRms::EMPTY; points];
        pyramid.summarise(start..start + span, &mut out);
        let level = pyramid.level_for(span as f64 / points as f64).unwrap_or(0);
        let block = pyramid.entry_frames(level);
        for (point, ours) in out.into_iter().enumerate() {
            let at = |p: usize| start + p as u64 * span / points as u64;
            let end = at(point + 1).max(at(point) + 1);
            let touched = (at(point) / block..=(end - 1) / block).map(|i| pyramid.entry(level, i));
            let (mut all, mut n) = (MinMaxRms::EMPTY, 0.0);
            for entry in touched.filter(|e| !e.is_empty()) {
                all = all.merge_weighted(n, entry, 1.0);
                n += 1.0;
            }
            prop_assert_eq!((ours.min, ours.max), (all.min, all.max));
            prop_assert!((ours.mean_square - all.mean_square).abs() <= 1e-4 * all.mean_square);
        }
    }

    #[test]
    fn skipped_frames_stay_empty_and_the_rest_is_right(
        before in 0usize..2000,
        gap in 1u64..3000,
        after in 0usize..2000,
    ) {
        let mut pyramid = EnvelopePyramid::new(10_000, 0);
        pyramid.push(&vec![0.5; before]);
        let resume = before as u64 + gap;
        pyramid.skip_to(resume);
        pyramid.skip_to(0); // backwards: nothing happens
        pyramid.push(&vec![-0.5; after]);
        prop_assert_eq!(pyramid.next_frame(), resume + after as u64);
        for level in 0..pyramid.levels() {
            let block = pyramid.entry_frames(level);
            for index in pyramid.indices(level) {
                let (start, end) = (index * block, (index + 1) * block);
                let entry = pyramid.entry(level, index);
                let has_before = start < before as u64;
                let has_after = end > resume && after > 0 && start < resume + after as u64;
                prop_assert_eq!(entry.is_empty(), !has_before && !has_after, "{} {}", level, index);
                if !entry.is_empty() {
                    prop_assert_eq!(entry.max == 0.5, has_before);
                    prop_assert_eq!(entry.min == -0.5, has_after);
                    prop_assert!((entry.mean_square - 0.25).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn max_rows_equal_folding_all_columns(first in 0u64..20, columns in 1usize..70, levels in 1usize..7) {
        let bins = 5;
        let column = |c: usize| -> Vec<f32> {
            (0..bins).map(|b| -100.0 + ((c * 31 + b * 17) % 97) as f32).collect()
        };
        let mut rows = MaxRows::new(bins, levels, first);
        let mut done = Vec::new();
        for c in 0..columns {
            rows.push(&column(c), |r| done.push((r.level, r.index, r.row.to_vec())));
        }
        let expected = |level: usize, index: u64| -> Vec<f32> {
            let from = (index << level).max(first) - first;
            let to = (((index + 1) << level) - first).min(columns as u64);
            (from..to).fold(vec![FLOOR_DBFS; bins], |mut top, c| {
                for (t, v) in top.iter_mut().zip(column(c as usize)) {
                    *t = t.max(v);
                }
                top
            })
        };
        for (level, index, row) in &done {
            prop_assert_eq!(row, &expected(*level, *index));
        }
        let end = first + columns as u64;
        for level in 0..levels {
            // Every row that has ended came exactly once, and in order.
            let indices: Vec<u64> = done.iter().filter(|d| d.0 == level).map(|d| d.1).collect();
            prop_assert_eq!(indices, (first >> level..end >> level).collect::<Vec<_>>());
            let mut open = vec![0.0; bins];
            match rows.open_row(level, &mut open) {
                Some(index) => {
                    prop_assert_eq!(index, end >> level);
                    prop_assert_eq!(&open, &expected(level, index));
                }
                None => prop_assert!((end >> level) << level == end),
            }
        }
    }

    #[test]
    fn a_loud_bin_survives_a_skip_on_every_level(at in 0u64..40, skip in 1u64..5000) {
        let mut rows = MaxRows::new(3, 6, 0);
        let mut seen = [false; 6];
        let mut emit = |r: soundfall_dsp::pyramid::MaxRow<'_>| {
            if r.row[1] == -1.0 {
                assert_eq!(r.index, at >> r.level);
                seen[r.level] = true;
            }
        };
        for c in 0..=at {
            let loud = if c == at { -1.0 } else { -90.0 };
            rows.push(&[-90.0, loud, f32::NAN], &mut emit);
        }
        rows.skip_to(at + skip, &mut emit);
        let mut open = [0.0; 3];
        for (level, seen) in seen.iter().enumerate() {
            let in_open = rows.open_row(level, &mut open).is_some() && open[1] == -1.0;
            prop_assert!(*seen || in_open, "level {}", level);
        }
    }
}

#[test]
fn a_long_skip_forgets_and_goes_on() {
    let mut pyramid = EnvelopePyramid::new(1000, 0);
    pyramid.push(&[1.0; 500]);
    pyramid.skip_to(u64::MAX / 2);
    assert!(pyramid.entry(0, 0).is_empty());
    pyramid.push(&[0.25; 10]);
    assert_eq!(pyramid.entry(0, (u64::MAX / 2) / 64).max, 0.25);
}

#[test]
fn work_and_memory_are_bounded() {
    let pyramid = EnvelopePyramid::new(48_000 * 30, 0);
    let entries: u64 = (0..pyramid.levels())
        .map(|l| {
            let pyramid = {
                let mut p = pyramid.clone();
                p.restart(1 << 40);
                p
            };
            pyramid.indices(l).end - pyramid.indices(l).start
        })
        .sum();
    assert!(entries < 2 * 48_000 * 30 / 64 + 64, "{entries}");
    assert_eq!(pyramid.level_for(63.0), None);
    assert_eq!(pyramid.level_for(64.0), Some(0));
    assert_eq!(pyramid.level_for(300.0), Some(2));
    assert_eq!(pyramid.level_for(f64::INFINITY), Some(pyramid.levels() - 1));
    assert_eq!(pyramid.level_for(f64::NAN), None);
}
