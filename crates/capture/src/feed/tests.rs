//! What the callback does at the ends of its queues, and where the device loses sound itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use super::*;

#[test]
fn without_room_for_a_mark_the_gap_goes_on() {
    let counters = Arc::new(Counters::default());
    let (mut feed, mut intake) = queue(1, 4, Arc::clone(&counters));
    // Every round: four frames fit, three are lost, and nobody looks at the marks.
    for _ in 0..MARKS + 50 {
        feed.push(&[0.5f32; 7]);
        while intake.samples.pop().is_ok() {}
    }
    let rounds = (MARKS + 50) as u64;
    // The first round needs no mark; every further one that gets its mark takes four frames in.
    assert_eq!(feed.pushed, 4 * (MARKS as u64 + 1));
    assert_eq!(
        counters.lost_frames.load(Ordering::Relaxed),
        7 * rounds - feed.pushed
    );
    let mut told = 0;
    while let Ok(mark) = intake.marks.pop() {
        assert_eq!(mark.length_frames, 3);
        told += 1;
    }
    assert_eq!(told, MARKS);
    feed.push(&[0.5f32; 1]);
    assert_eq!(
        intake.marks.pop().map(|mark| mark.length_frames).ok(),
        Some(3 + 7 * 49)
    );
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// 1000 frames a second: a frame a millisecond.
fn timed() -> (Feed, Intake, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let (feed, intake) = queue(1, 1_000, Arc::clone(&counters));
    (feed.with_rate(1_000), intake, counters)
}

#[test]
fn the_devices_clock_tells_how_long_an_overrun_was() {
    let (mut feed, mut intake, counters) = timed();
    feed.push_timed(&[0.5f32; 10], millis(100));
    // Jitter alone is no loss.
    feed.push_timed(&[0.5f32; 10], millis(113));
    counters.note_xrun();
    feed.push_timed(&[0.5f32; 10], millis(123 + 40));
    let mark = intake.marks.pop().unwrap();
    assert_eq!(
        (mark.after_frames, mark.length_frames, mark.xrun),
        (20, 40, true)
    );
    assert_eq!(mark.reason, GapReason::CaptureOverrun);
    assert_eq!(counters.lost_frames.load(Ordering::Relaxed), 40);
    feed.push_timed(&[0.5f32; 10], millis(173));
    assert!(intake.marks.pop().is_err());
    assert_eq!((feed.position(), intake.samples.slots()), (80, 40));
}

#[test]
fn an_overrun_nobody_can_measure_is_told_as_such() {
    let (mut feed, mut intake, counters) = timed();
    // Before the first sound there is nothing to reckon from.
    counters.note_xrun();
    feed.push_timed(&[0.5f32; 5], millis(100));
    // A clock that stood still or went back says nothing.
    counters.note_xrun();
    counters.note_xrun();
    feed.push_timed(&[0.5f32; 5], millis(90));
    for after_frames in [0, 5] {
        let mark = intake.marks.pop().unwrap();
        assert_eq!(
            (mark.after_frames, mark.length_frames, mark.xrun),
            (after_frames, 0, true)
        );
    }
    assert!(intake.marks.pop().is_err());
    assert_eq!(counters.lost_frames.load(Ordering::Relaxed), 0);
}
