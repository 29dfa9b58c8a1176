//! A finished ring file of a built-in signal: the same samples every time.

use crate::place::Place;
use soundfall_capture::signal::{Generator, Signal};
use soundfall_ring::RingFormat;
use soundfall_ring_file::{CreateOptions, create};
use std::path::PathBuf;

/// Frames a block.
const BLOCK: u32 = 480;

/// Writes `seconds` of a signal from its beginning and closes the ring.
pub fn signal_ring(
    place: &Place,
    signal: Signal,
    channels: u32,
    rate: u32,
    seconds: u32,
) -> PathBuf {
    let path = place.path("ring");
    let frames = u64::from(rate) * u64::from(seconds);
    let format =
        RingFormat::new(rate, channels, frames + u64::from(BLOCK) * 4, BLOCK).expect("a format");
    let mut writer = create(&CreateOptions {
        path: path.clone(),
        format,
        label: signal.to_string(),
    })
    .expect("a ring");
    let mut generator = Generator::new(signal, channels, rate).expect("a generator");
    let mut block = vec![0.0; (BLOCK * channels) as usize];
    for _ in 0..frames / u64::from(BLOCK) {
        generator.fill(&mut block);
        writer.write_block(&block).expect("a whole block");
    }
    writer.close();
    path
}
