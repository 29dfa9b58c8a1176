//! Descriptions of rings whose header and gap table say anything at all: never a panic, never more
//! lost than was written, never more than a line of text a fact.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use proptest::prelude::*;
use soundfall_ring::{GapReason, MAX_FRAME, RingFormat, layout};
use soundfall_ring_file::{CreateOptions, RingInfo, create, inspect};

const SECOND: u32 = 48_000;

fn of(words: &[(u64, u64)]) -> Option<RingInfo> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ring");
    let format = RingFormat::new(SECOND, 1, 2 * u64::from(SECOND), SECOND / 100).unwrap();
    let label = "hostile".to_owned();
    let mut writer = create(&CreateOptions {
        path: path.clone(),
        format,
        label,
    })
    .unwrap();
    for _ in 0..100 {
        writer.write_block(&[0.5; SECOND as usize / 100]).unwrap();
    }
    writer.record_gap(0, 10, GapReason::DeviceLost);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for &(offset, value) in words {
        file.write_all_at(&value.to_le_bytes(), offset).unwrap();
    }
    let info = inspect(&path).ok()?;
    assert!(serde_json::to_string(&info).is_ok());
    Some(info)
}

fn gap(number: u64, start: u64, length: u64) -> [(u64, u64); 3] {
    let at = layout::OFFSET_GAP_TABLE + number * layout::GAP_ENTRY_BYTES;
    [(at, start), (at + 8, length), (at + 16, 1)]
}

#[test]
fn no_more_is_lost_than_was_written() {
    // Four gaps of 3.96 s in a second of sound, then four as long as there are frames.
    for length in [190_080, MAX_FRAME] {
        let mut words: Vec<_> = (0..4).flat_map(|number| gap(number, 0, length)).collect();
        words.push((layout::OFFSET_GAP_TOTAL, 4));
        let info = of(&words).unwrap();
        assert_eq!(info.lost_frames, u64::from(SECOND));
        assert_eq!(info.lost_secs, 1.0);
        assert_eq!((info.gaps.len(), info.gaps_damaged), (4, true));
        let text = info.to_string();
        assert!(text.contains("their table is damaged"), "{text}");
        assert!(
            text.contains("reaches beyond what is written so far"),
            "{text}"
        );
    }
    let info = of(&[(layout::OFFSET_GAP_TOTAL, u64::MAX)]).unwrap();
    assert!(info.gaps_damaged && info.lost_frames <= u64::from(SECOND));
    let info = of(&[]).unwrap();
    assert_eq!((info.lost_frames, info.gaps_damaged), (10, false));
}

#[test]
fn times_in_the_future_are_called_so() {
    for then in [u64::MAX, 1 << 62] {
        let words = [layout::OFFSET_START_UNIX_NS, layout::OFFSET_HEARTBEAT].map(|at| (at, then));
        let info = of(&words).unwrap();
        assert!(info.age_secs.unwrap() < 0.0);
        assert!(info.heartbeat_ahead_secs.unwrap() > 1e9);
        assert_eq!(info.heartbeat_age_secs, Some(0.0));
        let text = info.to_string();
        assert!(text.contains("frame 0 is dated in the future"), "{text}");
        assert!(
            text.contains("its last sign of life is dated in the future"),
            "{text}"
        );
    }
    let info = of(&[]).unwrap();
    assert_eq!(info.heartbeat_ahead_secs, None);
    assert!(info.age_secs.unwrap() >= 0.0);
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..400u64,
        (0..64u32).prop_map(|bit| 1 << bit),
        (0..400u64).prop_map(|away| MAX_FRAME - away),
        (0..400u64).prop_map(|away| u64::MAX - away),
        any::<u64>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_header_and_gap_table_is_described(
        fields in prop::collection::vec((5..16u64, value()), 0..4),
        gaps in prop::collection::vec((0..112u64, value(), value()), 0..20),
        total in value(),
    ) {
        let mut words: Vec<_> = fields.into_iter().map(|(word, value)| (word * 8, value)).collect();
        words.push((layout::OFFSET_GAP_TOTAL, total));
        words.extend(gaps.into_iter().flat_map(|(number, start, length)| gap(number, start, length)));
        let Some(info) = of(&words) else { return Ok(()) };
        prop_assert!(info.lost_frames <= info.written_frames);
        prop_assert!(info.oldest_frame <= info.written_frames);
        prop_assert!((0.0..=1.0).contains(&info.fill));
        prop_assert!(info.lost_secs.is_finite() && info.readable_secs <= info.capacity_secs);
        let text = info.to_string();
        prop_assert!(text.lines().count() <= 12 + info.gaps.len(), "{}", text);
    }
}
