//! A minute of sound through a ring file of half a minute, at block sizes that divide the capacity
//! and that do not: every frame comes back right, on every channel, at its own place.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_ring::{Cursor, Poll, ReadError, RingFormat, RingRead};
use soundfall_ring_file::{Access, CreateOptions, create, open};

const RATE: u32 = 48_000;
const CHANNELS: u32 = 2;

/// Exact in f32 for all frames of a minute.
fn sample(frame: u64, channel: u32) -> f32 {
    (frame * u64::from(CHANNELS) + u64::from(channel)) as f32
}

fn assert_right(start: u64, frames: usize, planar: &[f32]) {
    for (channel, got) in (0..).zip(planar.chunks_exact(frames)) {
        let wrong = (start..)
            .zip(got)
            .find(|&(frame, &got)| got != sample(frame, channel));
        assert_eq!(wrong, None, "channel {channel}");
    }
}

/// Reads all that the ring still holds, from the oldest frame to the newest.
fn assert_history(ring: &dyn RingRead, written: u64) {
    let oldest = ring.oldest_frame();
    assert_eq!(
        oldest,
        written + u64::from(ring.format().block_frames) - 30 * u64::from(RATE)
    );
    let frames = (written - oldest) as usize;
    let mut planar = vec![0.0; frames * CHANNELS as usize];
    for (channel, out) in (0..).zip(planar.chunks_exact_mut(frames)) {
        ring.read(channel, oldest, out).unwrap();
    }
    assert_right(oldest, frames, &planar);
    let before = ring.read(0, oldest - 1, &mut [0.0]);
    assert!(matches!(before, Err(ReadError::Lapped { .. })));
}

fn minute(block: u32) {
    let dir = tempfile::tempdir().unwrap();
    let format = RingFormat::with_seconds(RATE, CHANNELS, 30.0, block).unwrap();
    let options = CreateOptions {
        path: dir.path().join("ring"),
        format,
        label: format!("blocks of {block}"),
    };
    let mut writer = create(&options).unwrap();
    let mapped = open(&options.path, false).unwrap();
    let careful = open(&options.path, true).unwrap();
    assert_eq!(
        (mapped.access, careful.access),
        (Access::Mapped, Access::Pread)
    );

    let (mut cursor, mut planar) = (Cursor::at(0), Vec::new());
    let blocks = (60 * u64::from(RATE)).div_ceil(u64::from(block));
    let mut interleaved = vec![0.0; (block * CHANNELS) as usize];
    let mut seen = 0;
    for number in 0..blocks {
        let first = number * u64::from(block);
        for (frame, samples) in (first..).zip(interleaved.chunks_exact_mut(CHANNELS as usize)) {
            for (channel, value) in (0..).zip(samples) {
                *value = sample(frame, channel);
            }
        }
        writer.write_block(&interleaved).unwrap();
        if number % 7 == 0 {
            while let Poll::Frames { start, frames } = cursor
                .poll(&*mapped.ring, 0..CHANNELS, 5_000, &mut planar)
                .unwrap()
            {
                assert_eq!(start, seen);
                assert_right(start, frames, &planar);
                seen += frames as u64;
            }
        }
    }
    assert_eq!((cursor.laps(), cursor.lost_frames()), (0, 0));
    let written = blocks * u64::from(block);
    assert_eq!(mapped.ring.written_frames(), written);
    assert_history(&*mapped.ring, written);
    assert_history(&*careful.ring, written);
    drop(writer);
    assert_history(&*open(&options.path, false).unwrap().ring, written);
}

macro_rules! minutes {
    ($($name:ident: $block:literal),* $(,)?) => {$(
        #[test]
        fn $name() {
            minute($block);
        }
    )*};
}

minutes! {
    blocks_of_64: 64,
    blocks_of_480: 480,
    blocks_of_512: 512,
    blocks_of_1000: 1000,
    blocks_of_1024: 1024,
    blocks_of_4096: 4096,
    blocks_of_a_prime: 997,
}
