//! The ring beside rtrb and iceoryx2: a block of sound from a writer to its readers, on one thread,
//! so that only the work is measured and not the waiting. Never measures what only one of them
//! does: the ring also widens to f64, sorts by channel and keeps seconds of history.
#![allow(missing_docs, reason = "a benchmark")]

use std::error::Error;
use std::hint::black_box;

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use rtrb::chunks::ChunkError;
use soundfall_benches::{Comparison, turn_by_turn};
use soundfall_ring::{RingFormat, RingWriter, SharedRing, WriteStorage, heap_ring};

/// Frames a block: 10.7 ms at 48 kHz.
const BLOCK: usize = 512;
/// Blocks that wait in the peers' queues at most.
const WAITING: usize = 8;
/// Samples in the large ring, more than any cache holds; the small one has room for [`WAITING`].
const LARGE: usize = 1 << 25;

fn print(what: &str, channels: usize, peer: &str, result: Comparison) {
    println!(
        "{what:<30} {channels:>2} channels: {peer} {:>7.0} ns, ring {:>7.0} ns, {:.2} times the peer's time",
        result.limit_ns,
        result.ours_ns,
        result.ratio()
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("A block of {BLOCK} frames; small: the ring fits a cache as the queues do.");
    for channels in [1, 8, 64] {
        let block: Vec<f32> = (0..BLOCK * channels).map(|i| (i as f32).sin()).collect();
        for (size, samples) in [("small", block.len() * WAITING), ("large", LARGE)] {
            let format = RingFormat::new(
                48_000,
                channels as u32,
                (samples / channels) as u64,
                BLOCK as u32,
            )?;
            let (mut writer, ring) = heap_ring(&format, "bench")?;
            for _ in 0..samples / block.len() + 1 {
                writer.write_block(&block)?;
            }
            let (mut input, mut output) = rtrb::RingBuffer::new(block.len() * WAITING);
            let mut got = vec![0.0; block.len()];
            let result = turn_by_turn(
                || {
                    queue(&mut input, &mut output, black_box(&block), &mut got)
                        .unwrap_or_else(|e| panic!("{e}"))
                },
                hand_over(&mut writer, &ring, &block),
            );
            print(&format!("write and read, {size}"), channels, "rtrb", result);

            let (publisher, subscribers) = service(channels, 1)?;
            let mut got = vec![0.0; block.len()];
            let result = turn_by_turn(
                || {
                    publish(&publisher, black_box(&block));
                    while let Ok(Some(sample)) = subscribers[0].receive() {
                        got.copy_from_slice(sample.payload());
                    }
                    black_box(&mut got);
                },
                hand_over(&mut writer, &ring, &block),
            );
            print(
                &format!("write and read, {size}"),
                channels,
                "iceoryx2",
                result,
            );
            // The next service has the same name.
            drop((publisher, subscribers));

            for readers in [1, 8] {
                let (publisher, _subscribers) = service(channels, readers)?;
                let result = turn_by_turn(
                    || publish(&publisher, black_box(&block)),
                    || {
                        writer
                            .write_block(black_box(&block))
                            .unwrap_or_else(|e| panic!("{e}"))
                    },
                );
                print(
                    &format!("write, {readers} readers, {size}"),
                    channels,
                    "iceoryx2",
                    result,
                );
            }
        }
    }
    Ok(())
}

/// Writes a block to the ring and reads all of its channels back.
fn hand_over<S: WriteStorage>(
    writer: &mut RingWriter<S>,
    ring: &SharedRing,
    block: &[f32],
) -> impl FnMut() {
    let mut got = vec![0.0; BLOCK];
    let channels = ring.format().channels;
    move || {
        writer
            .write_block(black_box(block))
            .unwrap_or_else(|e| panic!("{e}"));
        let first = writer.written_frames() - BLOCK as u64;
        for channel in 0..channels {
            ring.read(channel, first, black_box(&mut got))
                .unwrap_or_else(|e| panic!("{e}"));
        }
    }
}

/// Puts a block into the queue and takes it out again.
fn queue(
    input: &mut rtrb::Producer<f32>,
    output: &mut rtrb::Consumer<f32>,
    block: &[f32],
    got: &mut [f32],
) -> Result<(), ChunkError> {
    let mut chunk = input.write_chunk(block.len())?;
    let (first, second) = chunk.as_mut_slices();
    let split = first.len();
    first.copy_from_slice(&block[..split]);
    second.copy_from_slice(&block[split..]);
    chunk.commit_all();
    let chunk = output.read_chunk(block.len())?;
    let (first, second) = chunk.as_slices();
    got[..first.len()].copy_from_slice(first);
    got[first.len()..].copy_from_slice(second);
    chunk.commit_all();
    black_box(got);
    Ok(())
}

type Ends = (
    Publisher<ipc::Service, [f32], ()>,
    Vec<Subscriber<ipc::Service, [f32], ()>>,
);

/// A service of shared memory with some subscribers; the oldest block gives way when they are slow.
fn service(channels: usize, readers: usize) -> Result<Ends, Box<dyn Error>> {
    let node = NodeBuilder::new().create::<ipc::Service>()?;
    let name = format!(
        "soundfall/bench/{}/{channels}/{readers}",
        std::process::id()
    );
    let service = node
        .service_builder(&name.as_str().try_into()?)
        .publish_subscribe::<[f32]>()
        .max_publishers(1)
        .max_subscribers(readers)
        .subscriber_max_buffer_size(WAITING)
        .enable_safe_overflow(true)
        .open_or_create()?;
    let publisher = service
        .publisher_builder()
        .initial_max_slice_len(BLOCK * channels)
        .create()?;
    let subscribers = (0..readers)
        .map(|_| service.subscriber_builder().create())
        .collect::<Result<_, _>>()?;
    Ok((publisher, subscribers))
}

/// Publishes a block.
fn publish(publisher: &Publisher<ipc::Service, [f32], ()>, block: &[f32]) {
    let sample = publisher
        .loan_slice_uninit(block.len())
        .unwrap_or_else(|e| panic!("{e}"));
    sample
        .write_from_slice(block)
        .send()
        .unwrap_or_else(|e| panic!("{e}"));
}
