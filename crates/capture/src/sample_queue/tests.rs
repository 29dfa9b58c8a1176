//! Full queues, and overruns that the device reports.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use super::*;

#[test]
fn a_full_marker_queue_extends_the_gap() {
    let counters = Arc::new(Counters::default());
    let (mut producer, mut consumer) = sample_queue(1, 4, Arc::clone(&counters));
    // Every round: four frames fit, three are lost, and no marker is read.
    for _ in 0..MAX_PENDING_MARKERS + 50 {
        producer.push(&[0.5f32; 7]);
        while consumer.samples.pop().is_ok() {}
    }
    let rounds = (MAX_PENDING_MARKERS + 50) as u64;
    // The first round needs no marker; every further one that gets its marker takes four frames in.
    assert_eq!(producer.pushed, 4 * (MAX_PENDING_MARKERS as u64 + 1));
    assert_eq!(
        counters.lost_frames.load(Ordering::Relaxed),
        7 * rounds - producer.pushed
    );
    let mut received = 0;
    while let Ok(marker) = consumer.markers.pop() {
        assert_eq!(marker.length_frames, 3);
        received += 1;
    }
    assert_eq!(received, MAX_PENDING_MARKERS);
    producer.push(&[0.5f32; 1]);
    assert_eq!(
        consumer
            .markers
            .pop()
            .map(|marker| marker.length_frames)
            .ok(),
        Some(3 + 7 * 49)
    );
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// 1000 frames a second: a frame a millisecond.
fn timed() -> (SampleProducer, SampleConsumer, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let (producer, consumer) = sample_queue(1, 1_000, Arc::clone(&counters));
    (producer.with_rate(1_000), consumer, counters)
}

#[test]
fn the_length_of_an_overrun_comes_from_the_devices_clock() {
    let (mut producer, mut consumer, counters) = timed();
    producer.push_timed(&[0.5f32; 10], millis(100));
    // Jitter alone is no loss.
    producer.push_timed(&[0.5f32; 10], millis(113));
    counters.note_xrun();
    producer.push_timed(&[0.5f32; 10], millis(123 + 40));
    let marker = consumer.markers.pop().unwrap();
    assert_eq!(
        (marker.after_frames, marker.length_frames, marker.xrun),
        (20, 40, true)
    );
    assert_eq!(marker.reason, GapReason::CaptureOverrun);
    assert_eq!(counters.lost_frames.load(Ordering::Relaxed), 40);
    producer.push_timed(&[0.5f32; 10], millis(173));
    assert!(consumer.markers.pop().is_err());
    assert_eq!((producer.position(), consumer.samples.slots()), (80, 40));
}

#[test]
fn an_overrun_of_unknown_length_has_a_marker_of_length_0() {
    let (mut producer, mut consumer, counters) = timed();
    // Before the first samples there is no time to compare with.
    counters.note_xrun();
    producer.push_timed(&[0.5f32; 5], millis(100));
    // A clock that stood still or went back gives no length.
    counters.note_xrun();
    counters.note_xrun();
    producer.push_timed(&[0.5f32; 5], millis(90));
    for after_frames in [0, 5] {
        let marker = consumer.markers.pop().unwrap();
        assert_eq!(
            (marker.after_frames, marker.length_frames, marker.xrun),
            (after_frames, 0, true)
        );
    }
    assert!(consumer.markers.pop().is_err());
    assert_eq!(counters.lost_frames.load(Ordering::Relaxed), 0);
}
