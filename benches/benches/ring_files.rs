//! What it costs to read a ring through a file, mapped or with `pread`, against the same ring on
//! the heap. Never measures a disk: the file is in memory.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;
use std::path::Path;

use soundfall_benches::turn_by_turn;
use soundfall_ring::{RingFormat, RingRead, heap_ring};
use soundfall_ring_file::{CreateOptions, create, open};

/// Frames in the ring: 240 MB in all, more than any cache holds.
const CAPACITY: u64 = 3_750_000;
const CHANNELS: u32 = 8;
const BLOCK: u32 = 480;

fn main() {
    let shm = Path::new("/dev/shm");
    let dir = if shm.is_dir() {
        tempfile::tempdir_in(shm)
    } else {
        tempfile::tempdir()
    }
    .unwrap();
    let path = dir.path().join("ring");
    let format = RingFormat::new(48_000, CHANNELS, CAPACITY, BLOCK).unwrap();
    let (mut on_heap, heap) = heap_ring(&format, "bench").unwrap();
    let label = "bench".to_owned();
    let mut in_file = create(&CreateOptions {
        path: path.clone(),
        format,
        label,
    })
    .unwrap();
    let block: Vec<f32> = (0..BLOCK * CHANNELS).map(|i| (i as f32).sin()).collect();
    for _ in 0..CAPACITY / u64::from(BLOCK) + 10 {
        on_heap.write_block(&block).unwrap();
        in_file.write_block(&block).unwrap();
    }
    for (name, safe_read) in [("mapped", false), ("pread", true)] {
        let file = open(&path, safe_read).unwrap().ring;
        for frames in [48, 480, 4096, 65_536] {
            let result = turn_by_turn(reads(&*heap, frames), reads(&*file, frames));
            println!("{name:<7} {frames:>6} frames a read: {result} of the heap's time");
        }
    }
    let result = turn_by_turn(
        || on_heap.write_block(black_box(&block)).unwrap(),
        || in_file.write_block(black_box(&block)).unwrap(),
    );
    println!("written, mapped, blocks of {BLOCK}: {result} of the heap's time");
}

/// Reads one after the other through the whole ring, channel by channel.
fn reads(ring: &dyn RingRead, frames: usize) -> impl FnMut() + use<'_> {
    let mut samples = vec![0.0f32; frames];
    let (mut channel, mut frame) = (0, ring.oldest_frame());
    move || {
        if frame + frames as u64 > ring.written_frames() {
            channel = (channel + 1) % CHANNELS;
            frame = ring.oldest_frame();
        }
        ring.read(channel, frame, black_box(&mut samples)).unwrap();
        frame += frames as u64;
    }
}
