//! The ring by itself: one thread writes a sine, another follows it and measures its level.
//!
//! `cargo run -p soundfall-ring --example ring`
#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::f32::consts::TAU;
use std::thread;
use std::time::Duration;

use soundfall_ring::{Cursor, Poll, RingFormat, SharedRing, heap_ring};

const RATE: u32 = 48_000;
const BLOCK_FRAMES: u32 = 480;
const FRAMES: u64 = 24_000;

fn main() -> Result<(), Box<dyn Error>> {
    // A second of one channel.
    let format = RingFormat::new(RATE, 1, u64::from(RATE), BLOCK_FRAMES)?;
    let (mut writer, ring) = heap_ring(&format, "sine")?;
    let reader = thread::spawn(move || follow(&ring));
    while writer.written_frames() < FRAMES {
        let first = writer.written_frames();
        let block: Vec<f32> = (first..first + u64::from(BLOCK_FRAMES))
            .map(|frame| 0.5 * (TAU * 1000.0 * frame as f32 / RATE as f32).sin())
            .collect();
        writer.write_block(&block)?;
        thread::sleep(Duration::from_millis(1));
    }
    writer.close();
    let rms = reader.join().map_err(|_| "the reader panicked")??;
    println!("{:.2} dBFS RMS over {FRAMES} frames", 20.0 * rms.log10());
    Ok(())
}

/// The RMS of everything that is written.
fn follow(ring: &SharedRing) -> Result<f64, soundfall_ring::ReadError> {
    let mut cursor = Cursor::at(0);
    let (mut samples, mut energy) = (Vec::new(), 0.0);
    while cursor.position() < FRAMES {
        match cursor.poll(&**ring, 0..1, 4096, &mut samples)? {
            Poll::Frames { .. } => {
                energy += samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
            }
            // Too slow a reader hears of what it missed.
            Poll::Lost(frames) => println!("lost {frames:?}"),
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
    Ok((energy / FRAMES as f64).sqrt())
}
