//! Losses, repetitions, restarts, and blocks of any length.

use proptest::prelude::*;
use soundfall_dsp::instruments::{Instrument, InstrumentSet, InstrumentSettings, Instruments};
use soundfall_dsp::stft::StftParams;
use soundfall_dsp::window::Window;

use super::{assert_near, planar, settings, sound, whole};

#[test]
fn nothing_spans_a_gap_and_tones_live_through_a_short_one() {
    let sound = sound(2);
    let all = planar(&sound, 0..24_000);
    let mut instruments = Instruments::new(settings(2, InstrumentSet::ALL)).unwrap();
    instruments.push(0, &all);
    let before = instruments.report();
    let id = before.channels[0].tracks[0].id;
    instruments.gap(1024);
    let after = instruments.report();
    assert_eq!((after.end_frame, after.lost_frames), (25_024, 1024));
    assert_eq!(after.pair.unwrap().points, [[0.0; 2]; 0]);
    // Fewer frames than a window: no column yet, nothing has changed.
    instruments.push(25_024, &planar(&sound, 25_024..26_624));
    let after = instruments.report();
    assert_eq!(
        after.channels[0].hold_dbfs, before.channels[0].hold_dbfs,
        "no column may reach over the gap"
    );
    // The same sine goes on in phase behind the gap: only a column over the gap could smear it.
    instruments.push(26_624, &planar(&sound, 26_624..34_000));
    let after = instruments.report();
    assert_eq!(after.channels[0].tracks[0].id, id, "a short gap");
    assert!((after.channels[0].tracks[0].hz - 440.0).abs() < 0.5);
    // A long one ends it; another tone has another number.
    instruments.push(34_000 + 9000, &planar(&sound, 34_000..48_000));
    let after = instruments.report();
    assert_eq!(after.lost_frames, 10_024);
    assert_eq!(after.heard_frames, 24_000 + 8976 + 14_000);
    assert!(after.channels[0].tracks.iter().all(|track| track.id > id));
}

#[test]
fn what_was_heard_is_passed_over() {
    let sound = sound(2);
    let whole = whole(settings(2, InstrumentSet::ALL), &sound);
    let mut instruments = Instruments::new(settings(2, InstrumentSet::ALL)).unwrap();
    instruments.push(0, &planar(&sound, 0..30_000));
    instruments.push(100, &planar(&sound, 100..20_000));
    instruments.push(25_000, &planar(&sound, 25_000..48_000));
    assert_near(&instruments.report(), &whole);
}

#[test]
fn a_restart_forgets_everything_but_numbers() {
    let sound = sound(2);
    let mut instruments = Instruments::new(settings(2, InstrumentSet::ALL)).unwrap();
    instruments.push(0, &planar(&sound, 0..48_000));
    let first = instruments.report();
    instruments.restart();
    let report = instruments.report();
    assert!(report.channels[0].tracks.is_empty());
    assert!(report.channels[0].hold_dbfs.iter().all(|x| *x <= -200.0));
    assert_eq!(report.loudness.unwrap().integrated_lufs, None);
    instruments.push(7000 * 1024, &planar(&sound, 0..48_000));
    let again = instruments.report();
    assert_eq!(again.lost_frames, 0);
    assert_eq!(again.channels[1].hold_dbfs, first.channels[1].hold_dbfs);
    assert_eq!(again.loudness, first.loudness);
}

#[test]
fn a_change_keeps_what_measures_as_before() {
    let sound = sound(2);
    let all = settings(2, InstrumentSet::ALL);
    let unchanged = whole(all.clone(), &sound);
    let through = |between: &InstrumentSettings| {
        let mut instruments = Instruments::new(all.clone()).unwrap();
        instruments.push(0, &planar(&sound, 0..24_001));
        instruments.change(between.clone()).unwrap();
        instruments.change(all.clone()).unwrap();
        instruments.push(24_001, &planar(&sound, 24_001..48_000));
        instruments.report()
    };
    // Back before anything was heard: only what was not wanted has forgotten.
    let mut other = all.clone();
    other.wanted.set(Instrument::Hold, false);
    let report = through(&other);
    assert_eq!(report.loudness, unchanged.loudness);
    assert_eq!(report.coherence, unchanged.coherence);
    assert_eq!(report.heard_frames, 48_000);
    for (now, then) in report.channels.iter().zip(&unchanged.channels) {
        assert_eq!(now.tracks, then.tracks);
        assert_eq!(now.average_dbfs, then.average_dbfs);
        assert_ne!(now.hold_dbfs, then.hold_dbfs);
    }
    // Another window: columns begin anew, meters do not.
    let mut other = all.clone();
    other.stft.window = Window::Rect;
    let report = through(&other);
    assert_eq!(report.loudness, unchanged.loudness);
    assert_ne!(report.coherence, unchanged.coherence);
    assert_ne!(
        report.channels[0].average_dbfs,
        unchanged.channels[0].average_dbfs
    );
    // What cannot be changes nothing.
    let mut instruments = Instruments::new(all.clone()).unwrap();
    instruments.push(0, &planar(&sound, 0..48_000));
    let mut bad = all.clone();
    bad.reference = 5;
    assert!(instruments.change(bad).is_err());
    assert_near(&instruments.report(), &unchanged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn blocks_do_not_matter(mut cuts in prop::collection::vec(1usize..48_000, 0..12), hop in 1usize..4000) {
        let sound = sound(2);
        let mut asked = settings(2, InstrumentSet::ALL);
        asked.stft = StftParams::new(Window::Hann, 1024, hop).unwrap();
        let whole = whole(asked.clone(), &sound);
        cuts.extend([0, 48_000]);
        cuts.sort_unstable();
        let mut instruments = Instruments::new(asked).unwrap();
        for cut in cuts.windows(2) {
            instruments.push(cut[0] as u64, &planar(&sound, cut[0]..cut[1]));
        }
        assert_near(&instruments.report(), &whole);
    }
}
