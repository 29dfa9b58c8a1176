//! The gap table while gaps are recorded: a first gap, and the one that takes the place of the
//! oldest.

use loom::thread;
use soundfall_ring::layout::GAP_ENTRIES;
use soundfall_ring::sync::Order;
use soundfall_ring::{Gap, GapReason, RingFormat, RingRead, RingWriter};

use crate::harness::{Tally, Words, holds, holds_within, needs, ring};

fn gap(number: u64) -> Gap {
    Gap {
        start_frame: 1_000 + number,
        length_frames: 2_000 + number,
        reason: GapReason::Unknown(3_000 + number),
    }
}

fn record(writer: &mut RingWriter<Words>, numbers: std::ops::Range<u64>) {
    for gap in numbers.map(gap) {
        writer.record_gap(gap.start_frame, gap.length_frames, gap.reason);
    }
}

/// `meanwhile` gaps are recorded after `before` others while the table is read.
fn model(before: u64, meanwhile: u64) -> impl Fn(&Tally) + Send + Sync + 'static {
    move |tally| {
        let format = RingFormat::new(48_000, 1, 3, 1).unwrap();
        let (_words, mut writer, reader) = ring(&format, 7);
        record(&mut writer, 0..before);
        let writing = thread::spawn(move || record(&mut writer, before..before + meanwhile));
        let gaps = reader.gaps();
        writing.join().unwrap();
        let Some(last) = gaps.last() else {
            return tally.refused();
        };
        // What was given out are the newest of a number of gaps in a row.
        let total = last.start_frame.wrapping_sub(999);
        let right = total <= before + meanwhile
            && gaps.len() as u64 <= total.min(GAP_ENTRIES - 1)
            && (0..total)
                .rev()
                .zip(gaps.iter().rev())
                .all(|(number, got)| *got == gap(number));
        tally.accepted(right);
    }
}

#[test]
fn a_new_gap_is_whole() {
    holds("first gaps", model(0, 2));
    needs("first gaps", Order::GapThenTotal, model(0, 2));
    needs("first gaps", Order::TotalThenGaps, model(0, 2));
}

/// The gap that is recorded second comes to the place of the first there is.
fn overwritten() -> impl Fn(&Tally) + Send + Sync + 'static {
    model(GAP_ENTRIES - 1, 2)
}

#[test]
fn an_overwritten_gap_is_never_torn() {
    holds_within("overwritten gap", 2, overwritten());
    needs("overwritten gap", Order::TotalThenGap, overwritten());
    needs("overwritten gap", Order::GapsThenCheck, overwritten());
}

/// All 915 290 executions there are.
#[test]
#[ignore = "takes some minutes"]
fn an_overwritten_gap_is_never_torn_by_any_execution() {
    holds("overwritten gap", overwritten());
}
