//! What runs in the audio callback allocates nothing, whatever happens: an allocator that aborts watches over it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use soundfall_capture::sample_queue::{Counters, SampleProducer, ToF32, sample_queue};

#[global_allocator]
static WATCHED: AllocDisabler = AllocDisabler;

/// Thread switches that this thread asked for: every wait for a lock, a sleep or a blocking call is one.
fn waits() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.map_or(0, |number| number.trim().parse().unwrap())
}

/// Plays a device: buffers of every size, an empty one and a broken frame included, overruns of the queue and of the
/// device, and no consumer that empties the queues.
fn every_path<T: ToF32>(producer: &mut SampleProducer, counters: &Counters, samples: &[T]) {
    let before = waits();
    assert_no_alloc(|| {
        for round in 0..2_000u64 {
            let frames = (round * 7 % 1_000) as usize;
            let at = Duration::from_millis(round * 10);
            if round % 5 == 0 {
                counters.note_xrun();
            }
            producer.push_timed(&samples[..frames * 3 + frames % 3], at);
            producer.push(&samples[..frames]);
        }
    });
    assert_eq!(waits(), before, "the callback waited for something");
}

#[test]
fn the_callback_allocates_nothing() {
    let counters = Arc::new(Counters::default());
    let producer = || sample_queue(3, 4_800, Arc::clone(&counters));
    macro_rules! formats {
        ($($sample:expr),*) => {$({
            let (producer, mut consumer) = producer();
            let mut producer = producer.with_rate(48_000);
            let samples = vec![$sample; 3_002];
            every_path(&mut producer, &counters, &samples);
            // With an emptied queue its markers come through as well.
            consumer.clear();
            every_path(&mut producer, &counters, &samples);
        })*};
    }
    let i24 = cpal::I24::new(5).unwrap();
    let u24 = cpal::U24::new(5).unwrap();
    formats!(
        1i8, 1i16, i24, 1i32, 1i64, 1u8, 1u16, u24, 1u32, 1u64, 0.5f32, 0.5f64
    );
    assert!(counters.lost_frames.load(Ordering::Relaxed) > 0);
}

/// The watch itself works: an allocation in its place ends the program.
#[test]
fn an_allocation_would_be_seen() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inner_allocates", "--ignored"])
        .output()
        .unwrap();
    assert!(!output.status.success());
}

#[test]
#[ignore = "run by an_allocation_would_be_seen"]
fn inner_allocates() {
    assert_no_alloc(|| std::hint::black_box(vec![1u8; 100]));
}
