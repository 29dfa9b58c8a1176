//! Peaks over time: births, deaths, gaps, stable numbers.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use proptest::prelude::*;
use soundfall_dsp::peaks::{Peak, PeakFinder, PeakParams, PeakTracker, TrackParams};
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_dsp::window::Window;

fn peak(hz: f64) -> Peak {
    Peak {
        bin: hz / 20.0,
        hz,
        dbfs: -20.0,
    }
}

fn tracker() -> PeakTracker {
    PeakTracker::new(TrackParams::for_bins(20.0))
}

fn ids(tracker: &PeakTracker) -> Vec<u64> {
    tracker.confirmed().map(|track| track.id).collect()
}

#[test]
fn a_track_is_confirmed_held_and_buried() {
    let mut tracker = tracker();
    for column in 10..12 {
        tracker.push(column, &[peak(440.0)]);
        assert_eq!((tracker.tracks().len(), ids(&tracker).len()), (1, 0));
    }
    tracker.push(12, &[peak(440.0)]);
    assert_eq!(ids(&tracker), [0]);
    for column in 13..17 {
        tracker.push(column, &[]);
        assert_eq!(ids(&tracker), [0], "held in column {column}");
        assert!(tracker.died().is_empty());
    }
    tracker.push(17, &[]);
    assert!(tracker.tracks().is_empty());
    let died = tracker.died()[0];
    assert_eq!(
        (died.id, died.first_column, died.last_column, died.seen),
        (0, 10, 12, 3)
    );
    tracker.push(18, &[]);
    assert!(tracker.died().is_empty());
}

#[test]
fn one_missing_column_ends_what_is_not_confirmed() {
    let mut tracker = tracker();
    for column in 0..20 {
        let noise = peak(1000.0);
        tracker.push(
            column,
            if column % 3 == 2 {
                &[]
            } else {
                std::slice::from_ref(&noise)
            },
        );
        assert!(ids(&tracker).is_empty() && tracker.died().is_empty());
    }
}

#[test]
fn columns_left_out_count_as_silent_ones() {
    let mut tracker = tracker();
    (0..3).for_each(|c| tracker.push(c, &[peak(440.0)]));
    tracker.push(7, &[peak(440.0)]); // four columns missing: held
    assert_eq!(ids(&tracker), [0]);
    tracker.push(13, &[peak(440.0)]); // five missing: another tone
    assert_eq!(tracker.tracks()[0].id, 1);
    assert_eq!(tracker.died().len(), 1);
    tracker.push(3, &[peak(440.0)]); // backwards: all over
    assert_eq!((tracker.tracks().len(), tracker.tracks()[0].id), (1, 2));
}

#[test]
fn a_glide_is_one_track_and_a_leap_two() {
    let mut tracker = tracker();
    // A semitone in two columns: 50 cents a column.
    for column in 0..48 {
        tracker.push(column, &[peak(440.0 * (column as f64 / 24.0).exp2())]);
    }
    assert_eq!(ids(&tracker), [0]);
    assert_eq!(tracker.tracks()[0].seen, 48);
    tracker.push(48, &[peak(440.0)]);
    assert_eq!(tracker.tracks().len(), 2);
}

#[test]
fn the_nearest_goes_on() {
    let mut tracker = tracker();
    (0..3).for_each(|c| tracker.push(c, &[peak(1000.0), peak(1020.0)]));
    // Both lie within the tolerance of both tracks.
    tracker.push(3, &[peak(1004.0), peak(1021.0)]);
    let at = |id| {
        tracker
            .tracks()
            .iter()
            .find(|t| t.id == id)
            .unwrap()
            .peak
            .hz
    };
    assert_eq!((at(0), at(1)), (1004.0, 1021.0));
    tracker.push(4, &[peak(1019.0)]);
    let at = |id| tracker.tracks().iter().find(|t| t.id == id).unwrap();
    assert_eq!((at(1).peak.hz, at(0).last_column), (1019.0, 3));
}

#[test]
fn two_tones_over_noise_are_two_tracks_from_start_to_end() {
    let params = StftParams::new(Window::Hann, 2048, 512).unwrap();
    let mut stft = Stft::new(&params).unwrap();
    let mut finder = PeakFinder::new(&params, 48_000.0, PeakParams::default()).unwrap();
    let mut tracker = PeakTracker::new(TrackParams::for_bins(finder.bin_hz()));
    let samples: Vec<f32> = common::gaussian_noise(48_000, 1e-4, 7)
        .into_iter()
        .enumerate()
        .map(|(i, noise)| {
            let t = std::f64::consts::TAU * i as f64 / 48_000.0;
            (noise + 0.1 * (440.0 * t).sin() + 0.05 * (1234.5 * t).sin()) as f32
        })
        .collect();
    let (mut column, mut found) = (vec![0.0; params.bins()], Vec::new());
    for index in 0..params.columns_in(samples.len()) {
        stft.column(&samples[index * 512..], &mut column);
        finder.find(&column, &mut found);
        tracker.push(index as u64, &found);
        if index >= 2 {
            for id in [0, 1] {
                let track = tracker
                    .confirmed()
                    .find(|t| t.peak.hz < 2000.0 && t.seen as usize == index + 1);
                assert!(track.is_some(), "{id} in {index}: {found:?}");
            }
        }
    }
    let whole: Vec<_> = tracker
        .confirmed()
        .filter(|t| t.first_column == 0)
        .map(|t| t.note(440.0).unwrap().to_string())
        .collect();
    assert_eq!(whole, ["A4", "D♯6 -14 ct"]);
}

proptest! {
    #[test]
    fn numbers_are_given_once_and_every_peak_has_its_track(
        columns in prop::collection::vec(prop::collection::vec(20.0f64..5000.0, 0..12), 1..40),
    ) {
        let mut tracker = tracker();
        let mut known = std::collections::HashMap::new();
        for (index, hz) in columns.iter().enumerate() {
            let peaks: Vec<Peak> = hz.iter().map(|&hz| peak(hz)).collect();
            tracker.push(index as u64, &peaks);
            let now: Vec<_> = tracker.tracks().iter().filter(|t| t.last_column == index as u64).collect();
            prop_assert_eq!(now.len(), peaks.len());
            for peak in &peaks {
                prop_assert!(now.iter().any(|track| track.peak == *peak));
            }
            for track in tracker.tracks() {
                // A number stays with its birth.
                let first = *known.entry(track.id).or_insert(track.first_column);
                prop_assert_eq!(first, track.first_column);
            }
            let mut ids: Vec<_> = tracker.tracks().iter().map(|t| t.id).collect();
            ids.dedup();
            prop_assert_eq!(ids.len(), tracker.tracks().len());
            prop_assert!(tracker.tracks().len() <= 12 * 6);
        }
    }
}
