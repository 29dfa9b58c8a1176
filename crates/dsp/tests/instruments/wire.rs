//! Reports as bytes, and bytes that are no reports.

use proptest::prelude::*;
use soundfall_dsp::instruments::{InstrumentReport, InstrumentSet, Instruments};
use soundfall_dsp::scale::{FrequencyAxis, Scale};

use super::{COLUMNS, planar, settings, sound, whole};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn reports_travel_as_bytes(
        wanted in 0u8..128,
        channels in 1usize..5,
        frames in 0usize..20_000,
    ) {
        let mut instruments = Instruments::new(settings(channels, InstrumentSet::from_bits(wanted))).unwrap();
        instruments.push(1 << 40, &planar(&sound(channels), 0..frames));
        let report = instruments.report();
        let mut bytes = vec![7];
        report.encode(usize::MAX, &mut bytes).unwrap();
        prop_assert_eq!(InstrumentReport::decode(&bytes[1..]).unwrap(), report);
        for end in 1..bytes.len() {
            prop_assert!(InstrumentReport::decode(&bytes[1..end]).is_err(), "cut at {}", end);
        }
    }

    #[test]
    fn bytes_that_are_no_report_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..300), magic: bool) {
        if magic && bytes.len() > 4 {
            bytes[..4].copy_from_slice(b"SFI1");
        }
        let _ = InstrumentReport::decode(&bytes);
    }
}

#[test]
fn a_report_that_does_not_fit_has_fewer_columns() {
    let report = whole(settings(2, InstrumentSet::ALL), &sound(2));
    let mut whole_bytes = Vec::new();
    report.encode(1 << 20, &mut whole_bytes).unwrap();
    let mut bytes = Vec::new();
    report.encode(whole_bytes.len() - 1, &mut bytes).unwrap();
    let smaller = InstrumentReport::decode(&bytes).unwrap();
    assert_eq!(smaller.columns, COLUMNS / 2);
    for (small, full) in smaller.channels.iter().zip(&report.channels) {
        for (at, level) in small.hold_dbfs.iter().enumerate() {
            let two = &full.hold_dbfs[2 * at..2 * at + 2];
            assert_eq!(*level, two[0].max(two[1]));
        }
        assert_eq!(small.tracks, full.tracks);
    }
    assert_eq!(
        smaller.coherence.unwrap().coherence.len(),
        2 * smaller.columns
    );
    let refused = report.encode(100, &mut bytes).unwrap_err();
    assert!(refused.to_string().contains("2 channels"), "{refused}");
}

#[test]
fn sixty_four_channels_fit_into_a_mebibyte() {
    let mut asked = settings(64, InstrumentSet::ALL);
    asked.axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, 512).unwrap();
    let mut instruments = Instruments::new(asked).unwrap();
    instruments.push(0, &planar(&sound(64), 0..12_000));
    let mut bytes = Vec::new();
    instruments.report().encode(1 << 20, &mut bytes).unwrap();
    assert_eq!(InstrumentReport::decode(&bytes).unwrap().columns, 512);
}
