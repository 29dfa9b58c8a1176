//! Discontinuities of a file reach the queue at the same frame.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;

use super::*;
use crate::file::AudioFile;
use crate::record::save_span;
use crate::sample_queue::sample_queue;
use soundfall_ring::{RingFormat, heap_ring};

fn run(
    source: FrameSource,
    channels: usize,
    frames: usize,
) -> (Run, crate::sample_queue::SampleConsumer) {
    let (producer, consumer) = sample_queue(channels as u32, frames, Arc::new(Counters::default()));
    let run = Run {
        source,
        producer,
        buffer: vec![0.0; frames * channels],
        channels,
        breaks: Vec::new(),
    };
    (run, consumer)
}

#[test]
fn frames_that_cannot_be_decoded_are_lost_at_their_place() {
    let signal = Generator::new("silence".parse().unwrap(), 2, 48_000).unwrap();
    let (mut run, mut consumer) = run(FrameSource::Signal(signal), 2, 100);
    for (index, sample) in run.buffer.iter_mut().enumerate() {
        *sample = index as f32;
    }
    let found = |at, kind| Break { at, kind };
    run.breaks = vec![
        found(10, BreakKind::Looped),
        found(20, BreakKind::Damaged { frames: 30 }),
        found(60, BreakKind::Looped),
        found(70, BreakKind::Damaged { frames: 900 }),
    ];
    let (events, seen) = crossbeam::channel::unbounded();
    run.enqueue(80, &events);
    drop(run);
    assert_eq!(
        seen.try_iter().collect::<Vec<_>>(),
        [10, 60].map(|at_frame| CaptureEvent::Looped { at_frame })
    );
    let mut markers = Vec::new();
    while let Ok(marker) = consumer.markers.pop() {
        assert_eq!(marker.reason, GapReason::SourceDiscontinuity);
        markers.push((marker.after_frames, marker.length_frames));
    }
    assert_eq!(markers, [(20, 30), (40, 10)]);
    let mut samples = Vec::new();
    while let Ok(sample) = consumer.samples.pop() {
        samples.push(sample);
    }
    let expected: Vec<f32> = (0..40).chain(100..140).map(|index| index as f32).collect();
    assert_eq!(samples, expected);
}

/// A FLAC file whose samples encode their frame.
fn numbered_file(path: &Path, frames: u64) {
    let format = RingFormat::new(8_000, 1, 2 * frames, 100).unwrap();
    let (mut writer, ring) = heap_ring(&format, "numbered").unwrap();
    while writer.written_frames() < frames {
        let start = writer.written_frames();
        let block: Vec<f32> = (start..start + 100).map(numbered).collect();
        writer.write_block(&block).unwrap();
    }
    save_span(&*ring, 0..frames, path, false).unwrap();
}

/// Noise of 16 bits, so that every block takes about the same room.
fn numbered(frame: u64) -> f32 {
    let noise = (frame + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    (noise as f32 - 32_768.0) / 8_388_608.0
}

#[test]
fn a_damaged_part_of_a_file_is_a_gap_of_its_length() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("numbered.flac");
    let frames = 40_000u64;
    numbered_file(&path, frames);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 40] {
        *byte ^= 0x55;
    }
    std::fs::write(&path, bytes).unwrap();
    let mut player = FilePlayer::new(AudioFile::open(&path).unwrap(), 1, false);
    let (events, _seen) = crossbeam::channel::unbounded();
    let mut out = vec![0.0; frames as usize + 1];
    let mut breaks = Vec::new();
    let given = player.fill(&mut out, &mut breaks, &events).unwrap();
    let lost: usize = breaks
        .iter()
        .map(|found| match found.kind {
            BreakKind::Damaged { frames } => frames,
            BreakKind::Looped => 0,
        })
        .sum();
    assert!(lost > 0 && lost < 20_000, "{breaks:?} of {given}");
    // Time is true: whatever is not lost stands at its own frame.
    assert_eq!(given as u64, frames, "{breaks:?}");
    for (frame, sample) in (0u64..).zip(&out[..given]) {
        let in_gap = breaks.iter().any(|found| match found.kind {
            BreakKind::Damaged { frames } => {
                (found.at..found.at + frames).contains(&(frame as usize))
            }
            BreakKind::Looped => false,
        });
        assert_eq!(
            *sample,
            if in_gap { 0.0 } else { numbered(frame) },
            "frame {frame}"
        );
    }
}

#[test]
fn a_panic_of_the_source_is_told_before_its_queue_ends() {
    let counters = Arc::new(Counters::default());
    let (producer, consumer) = sample_queue(1, 100, Arc::clone(&counters));
    let (events, seen) = crossbeam::channel::unbounded();
    let signal = Generator::new("silence".parse().unwrap(), 1, 48_000).unwrap();
    // No channels: a division by zero.
    let source = PacedSource::start(
        FrameSource::Signal(signal),
        producer,
        10,
        0,
        48_000.0,
        Arc::clone(&counters),
        events,
    )
    .unwrap();
    while !consumer.samples.is_abandoned() {
        thread::yield_now();
    }
    assert_eq!(counters.state(), SourceState::Failed);
    drop(source);
    assert_eq!(counters.panics.load(Ordering::Relaxed), 1);
    assert!(matches!(
        seen.try_iter().next(),
        Some(CaptureEvent::Failed { .. })
    ));
}
