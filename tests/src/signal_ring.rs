//! A finished ring file of a built-in signal: the same samples every time.

use crate::place::Place;
use soundfall_capture::signal::{Generator, Signal};
use soundfall_ring::{GapReason, RingFormat};
use soundfall_ring_file::{CreateOptions, create};
use std::ops::Range;
use std::path::PathBuf;

/// Frames a block.
const BLOCK: u32 = 480;

/// Writes `seconds` of a signal from its beginning and closes the ring. The span `lost` (in
/// seconds) is recorded as a gap.
pub fn signal_ring(
    place: &Place,
    signal: Signal,
    channels: u32,
    rate: u32,
    seconds: u32,
    lost: Option<Range<f64>>,
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
    let lost = lost.map(|lost| {
        let at = |secs: f64| (secs * f64::from(rate) / f64::from(BLOCK)) as u64;
        at(lost.start)..at(lost.end)
    });
    if let Some(lost) = &lost {
        let (start, length) = (lost.start, lost.end - lost.start);
        let block = u64::from(BLOCK);
        writer.record_gap(start * block, length * block, GapReason::CaptureOverrun);
    }
    for index in 0..frames / u64::from(BLOCK) {
        generator.fill(&mut block);
        if lost.as_ref().is_some_and(|lost| lost.contains(&index)) {
            writer.write_silence_block().expect("a block");
        } else {
            writer.write_block(&block).expect("a whole block");
        }
    }
    writer.close();
    path
}
