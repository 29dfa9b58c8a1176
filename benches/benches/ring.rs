//! What writing and reading the ring costs against copying the same bytes, out of cache, on one
//! thread. Never measures contention: that is what the process tests are for.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark talks and may stop"
)]

use std::hint::black_box;

use soundfall_benches::{Comparison, turn_by_turn};
use soundfall_ring::{RingFormat, RingRead, heap_ring};

/// Samples in the ring: 256 MiB of f64, more than any cache holds.
const SAMPLES: usize = 1 << 25;
/// Frames a block.
const BLOCK: usize = 512;
/// Frames one read asks for.
const READ: usize = 4096;

/// Copies `bytes` at a time from one end of a large memory to the other, and again.
fn memcpy<'a>(from: &'a [u8], to: &'a mut [u8], bytes: usize) -> impl FnMut() + 'a {
    let mut at = 0;
    move || {
        if at + bytes > from.len() {
            at = 0;
        }
        to[at..at + bytes].copy_from_slice(black_box(&from[at..at + bytes]));
        at += bytes;
        black_box(&mut *to);
    }
}

fn print(what: &str, channels: usize, bytes: usize, result: Comparison) {
    println!(
        "{what:<28} {channels:>2} channels: {:>6.2} GB/s, memcpy {:>6.2} GB/s, {:.2} times its speed",
        bytes as f64 / result.ours_ns,
        bytes as f64 / result.limit_ns,
        result.speed()
    );
}

fn main() {
    // Written, not just reserved: fresh pages would be measured otherwise.
    let from = vec![1u8; SAMPLES * 8];
    let mut to = vec![2u8; SAMPLES * 8];
    println!("Bytes are those of the f64 samples in the ring.");
    for channels in [1, 8, 64] {
        let capacity = (SAMPLES / channels) as u64;
        let format = RingFormat::new(48_000, channels as u32, capacity, BLOCK as u32).unwrap();
        let (mut writer, ring) = heap_ring(&format, "bench").unwrap();
        let block: Vec<f32> = (0..BLOCK * channels).map(|i| (i as f32).sin()).collect();
        for _ in 0..capacity / BLOCK as u64 + 1 {
            writer.write_block(&block).unwrap();
        }

        // A block comes from the capture queue and so from the cache; the copy's source does not.
        let bytes = BLOCK * channels * 8;
        let result = turn_by_turn(memcpy(&from, &mut to, bytes), || {
            writer.write_block(black_box(&block)).unwrap();
        });
        print("write f32 to f64, cached in", channels, bytes, result);

        // The same with a source out of cache too.
        let source: Vec<f32> = block.iter().copied().cycle().take(SAMPLES).collect();
        let mut blocks = source.chunks_exact(BLOCK * channels).cycle();
        let result = turn_by_turn(memcpy(&from, &mut to, bytes), || {
            writer.write_block(blocks.next().unwrap()).unwrap();
        });
        print("write f32 to f64, cold in", channels, bytes, result);
        drop(source);

        let bytes = READ * 8;
        let mut exact = vec![0.0f64; READ];
        let mut place = walk(&*ring);
        let result = turn_by_turn(memcpy(&from, &mut to, bytes), || {
            let (channel, frame) = place();
            ring.read_f64(channel, frame, black_box(&mut exact))
                .unwrap();
        });
        print("read f64 into a small buffer", channels, bytes, result);

        let mut short = vec![0.0f32; READ];
        let mut place = walk(&*ring);
        let result = turn_by_turn(memcpy(&from, &mut to, bytes), || {
            let (channel, frame) = place();
            ring.read(channel, frame, black_box(&mut short)).unwrap();
        });
        print("read f32 into a small buffer", channels, bytes, result);
    }
}

/// Places to read, one after the other through the whole ring, channel by channel.
fn walk(ring: &dyn RingRead) -> impl FnMut() -> (u32, u64) + use<'_> {
    let channels = ring.format().channels;
    let (mut channel, mut frame) = (0, ring.oldest_frame());
    move || {
        if frame + READ as u64 > ring.written_frames() {
            channel = (channel + 1) % channels;
            frame = ring.oldest_frame();
        }
        let place = (channel, frame);
        frame += READ as u64;
        place
    }
}
