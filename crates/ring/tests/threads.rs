//! Torture with real threads: one writer as fast as it can, readers near the oldest end; the frame
//! number is in every sample of every channel, so a torn read cannot pass unseen. Bounded by
//! counts, never by the clock.
#![cfg(not(loom))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::sync::atomic::{AtomicBool, Ordering};

use soundfall_ring::{Cursor, Gap, GapReason, Poll, ReadError, RingFormat, heap_ring};

/// Exact in f32 for the frames of these tests.
fn sample(frame: u64, channel: u32) -> f32 {
    ((frame * 4 + u64::from(channel)) % (1 << 24)) as f32
}

struct Tally {
    accepted: u64,
    lapped: u64,
}

/// Writes `blocks` blocks while two threads read the oldest frames all the time.
fn torture(capacity: u64, block: u32, blocks: u64) -> Tally {
    const CHANNELS: u32 = 3;
    let format = RingFormat::new(48_000, CHANNELS, capacity, block).unwrap();
    let (mut writer, ring) = heap_ring(&format, "torture").unwrap();
    let done = AtomicBool::new(false);
    let reader = |seed: u64| {
        let mut tally = Tally {
            accepted: 0,
            lapped: 0,
        };
        let mut out = vec![0.0; format.readable_frames() as usize];
        let mut turn = seed;
        while !done.load(Ordering::Relaxed) {
            turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let channel = (turn >> 33) as u32 % CHANNELS;
            let start = ring.oldest_frame() + (turn >> 40) % 3;
            let available = ring.written_frames().saturating_sub(start) as usize;
            let len = ((turn >> 45) as usize % out.len() + 1).min(available);
            let out = &mut out[..len];
            match ring.read(channel, start, out) {
                Ok(()) => {
                    tally.accepted += 1;
                    let torn = (start..)
                        .zip(&*out)
                        .find(|&(frame, &got)| got != sample(frame, channel));
                    assert_eq!(torn, None, "torn read accepted at {start}+{len}");
                }
                Err(ReadError::Lapped { .. }) => tally.lapped += 1,
                Err(ReadError::NotYet { .. } | ReadError::TooLong { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        tally
    };
    std::thread::scope(|scope| {
        let readers = [1, 2].map(|seed| scope.spawn(move || reader(seed)));
        let mut interleaved = vec![0.0; (block * CHANNELS) as usize];
        for number in 0..blocks {
            let first = number * u64::from(block);
            for (frame, samples) in (first..).zip(interleaved.chunks_exact_mut(CHANNELS as usize)) {
                for (channel, value) in (0..).zip(samples) {
                    *value = sample(frame, channel);
                }
            }
            writer.write_block(&interleaved).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().fold(
            Tally {
                accepted: 0,
                lapped: 0,
            },
            |sum, reader| {
                let tally = reader.join().unwrap();
                Tally {
                    accepted: sum.accepted + tally.accepted,
                    lapped: sum.lapped + tally.lapped,
                }
            },
        )
    })
}

#[test]
fn no_torn_read_is_accepted() {
    let mut sum = Tally {
        accepted: 0,
        lapped: 0,
    };
    for (capacity, block, blocks) in [
        (1_000, 64, 240_000),
        (257, 16, 800_000),
        (4_096, 512, 40_000),
        (65, 64, 200_000),
        (40_000, 480, 40_000),
    ] {
        let tally = torture(capacity, block, blocks);
        sum.accepted += tally.accepted;
        sum.lapped += tally.lapped;
    }
    println!("accepted {} reads, lapped {}", sum.accepted, sum.lapped);
    assert!(
        sum.accepted > 0 && sum.lapped > 0,
        "the test tested nothing"
    );
}

#[test]
fn a_cursor_that_keeps_pace_gets_every_frame_or_hears_of_it() {
    let format = RingFormat::new(48_000, 2, 10_000, 100).unwrap();
    let (mut writer, ring) = heap_ring(&format, "").unwrap();
    const BLOCKS: u64 = 20_000;
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let (mut cursor, mut planar) = (Cursor::at(0), Vec::new());
            let (mut seen, mut lost) = (0, 0);
            while seen + lost < BLOCKS * 100 {
                match cursor.poll(&*ring, 0..2, 1_000, &mut planar).unwrap() {
                    Poll::Frames { start, frames } => {
                        assert_eq!(start, seen + lost);
                        for (channel, got) in (0..).zip(planar.chunks_exact(frames)) {
                            assert!(
                                (start..)
                                    .zip(got)
                                    .all(|(frame, &got)| got == sample(frame, channel))
                            );
                        }
                        seen += frames as u64;
                    }
                    Poll::Lost(span) => lost += span.end - span.start,
                    Poll::Nothing => std::thread::yield_now(),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(cursor.lost_frames(), lost);
        });
        let mut interleaved = vec![0.0; 200];
        for first in (0..BLOCKS).map(|number| number * 100) {
            for (frame, pair) in (first..).zip(interleaved.chunks_exact_mut(2)) {
                (pair[0], pair[1]) = (sample(frame, 0), sample(frame, 1));
            }
            writer.write_block(&interleaved).unwrap();
        }
        follower.join().unwrap();
    });
}

#[test]
fn no_torn_gap_is_accepted() {
    let format = RingFormat::new(48_000, 1, 100, 10).unwrap();
    let (mut writer, ring) = heap_ring(&format, "").unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let gaps: Vec<Gap> = ring.gaps();
                for gap in &gaps {
                    assert_eq!(gap.length_frames, gap.start_frame + 1);
                    assert_eq!(gap.reason, GapReason::from_word(gap.start_frame % 7));
                }
                assert!(
                    gaps.windows(2)
                        .all(|pair| pair[0].start_frame + 1 == pair[1].start_frame)
                );
            }
        });
        for number in 0..2_000_000 {
            writer.record_gap(number, number + 1, GapReason::from_word(number % 7));
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}
