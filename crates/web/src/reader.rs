//! What `RingBufferReader` gives: a waveform and a spectrogram of a ring, without any display.
//! Never writes to the ring; knows nothing of JavaScript.

use std::ops::Range;

use soundfall_dsp::envelope::{MinMaxRms, point_range, reduce};
use soundfall_dsp::stft::{Stft, StftError, StftParams};
use soundfall_dsp::window::Window;
use soundfall_ring::{ReadError, RingRead};

/// Why there is nothing to give.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReaderError {
    /// The ring could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No such window or hop.
    #[error(transparent)]
    Stft(#[from] StftError),
    /// More than memory should hold.
    #[error("{0} values are asked for at once; ask for at most {MAX_VALUES}")]
    TooMany(usize),
}

/// Values one call gives at most.
pub const MAX_VALUES: usize = 1 << 24;
/// Frames read at once.
const STEP: u64 = 1 << 16;
/// How often the newest frames are tried for while the writer is faster.
const TRIES: usize = 3;

/// What is wanted of the newest frames, tried for at most three times: `read` looks where they are
/// each time anew.
fn newest<T>(mut read: impl FnMut() -> Result<T, ReaderError>) -> Result<T, ReaderError> {
    let mut outcome = read();
    for _ in 1..TRIES {
        if !matches!(outcome, Err(ReaderError::Read(ReadError::Lapped { .. }))) {
            break;
        }
        outcome = read();
    }
    outcome
}

/// The newest `frames` frames of a channel and the number of the first one. Tries three times while
/// the writer is faster.
///
/// # Errors
/// The ring's: no such channel, fewer frames so far, more than it holds, or overwritten each time.
pub fn latest(
    ring: &dyn RingRead,
    channel: u32,
    frames: usize,
) -> Result<(u64, Vec<f32>), ReaderError> {
    check_channel(ring, channel)?;
    let readable = ring.format().readable_frames();
    if frames as u64 > readable {
        let frames = frames as u64;
        return Err(ReadError::TooLong { frames, readable }.into());
    }
    let mut samples = vec![0.0; frames];
    let start = ring.read_latest(channel, &mut samples)?;
    Ok((start, samples))
}

/// [`waveform`] of all that is readable, but for the oldest tenth of a second once the ring went
/// round: that goes while it is read. Tries three times while the writer is faster.
///
/// # Errors
/// As [`waveform`].
pub fn whole_waveform(
    ring: &dyn RingRead,
    channel: u32,
    points: usize,
) -> Result<Vec<f32>, ReaderError> {
    let margin = u64::from(ring.format().sample_rate) / 10;
    newest(|| {
        let (oldest, end) = (ring.oldest_frame(), ring.written_frames());
        let start = match oldest {
            0 => 0,
            _ => (oldest + margin).min(end),
        };
        waveform(ring, channel, start..end, points)
    })
}

/// Minimum and maximum of `points` equal parts of a span: `[point][2]`. Parts of a frame or less show
/// the nearest frame; a span without frames shows zeros.
///
/// # Errors
/// [`ReaderError::TooMany`], or the ring's: a span that is not there as a whole.
pub fn waveform(
    ring: &dyn RingRead,
    channel: u32,
    frames: Range<u64>,
    points: usize,
) -> Result<Vec<f32>, ReaderError> {
    if points > MAX_VALUES / 2 {
        return Err(ReaderError::TooMany(points.saturating_mul(2)));
    }
    check_channel(ring, channel)?;
    let length = frames.end.saturating_sub(frames.start);
    let mut out = vec![MinMaxRms::EMPTY; points];
    let mut samples = Vec::new();
    // A slice at a time: a long span needs no more memory than a short one.
    let mut from = 0;
    while from < length {
        let count = STEP.min(length - from);
        samples.resize(count as usize, 0.0);
        ring.read(channel, frames.start + from, &mut samples)?;
        let part = from as usize..(from + count) as usize;
        // In 64 bits: half a minute at 192 kHz on 800 points is more than 2^32.
        let first = (from * points as u64 / length) as usize;
        for (point, slot) in out.iter_mut().enumerate().skip(first.saturating_sub(1)) {
            let wanted = point_range(length as usize, points, point);
            if wanted.start >= part.end {
                break;
            }
            let (start, end) = (wanted.start.max(part.start), wanted.end.min(part.end));
            if start < end {
                *slot = slot.merge(reduce(&samples[start - part.start..end - part.start]));
            }
        }
        from += count;
    }
    let value = |v: f32| if v.is_finite() { v } else { 0.0 };
    Ok(out
        .iter()
        .flat_map(|entry| [value(entry.min), value(entry.max)])
        .collect())
}

/// The newest `windows` Hann columns, oldest first: [window][window_size / 2 + 1] in dBFS. The last
/// one ends with the newest frame; columns are `hop_frames` apart. While there are fewer frames,
/// the columns that are not there yet are at −200 dBFS. Tries three times while the writer is faster.
///
/// # Errors
/// [`ReaderError`]: no such window, too many values, or a span that is gone.
pub fn spectrogram(
    ring: &dyn RingRead,
    channel: u32,
    window_size: usize,
    hop_frames: usize,
    windows: usize,
) -> Result<Vec<f32>, ReaderError> {
    /// What is shown where nothing is yet, dBFS.
    const NOTHING: f32 = -200.0;
    let params = StftParams::new(Window::Hann, window_size, hop_frames)?;
    let bins = params.bins();
    let values = windows.saturating_mul(bins);
    if values > MAX_VALUES {
        return Err(ReaderError::TooMany(values));
    }
    check_channel(ring, channel)?;
    let mut stft = Stft::new(&params)?;
    let mut samples = vec![0.0; window_size];
    newest(|| {
        let mut out = vec![NOTHING; values];
        let end = ring.written_frames();
        for (at, column) in out.chunks_exact_mut(bins).rev().enumerate() {
            let back = at.saturating_mul(hop_frames).saturating_add(window_size);
            let Some(start) = end.checked_sub(back as u64) else {
                break;
            };
            ring.read(channel, start, &mut samples)?;
            stft.column(&samples, column);
        }
        Ok(out)
    })
}

/// A channel that is not there is refused also while there is nothing to read.
fn check_channel(ring: &dyn RingRead, channel: u32) -> Result<(), ReadError> {
    let channels = ring.format().channels;
    if channel >= channels {
        return Err(ReadError::NoSuchChannel { channel, channels });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_ring::{
        Extension, Gap, HeapStorage, RingFormat, RingWriter, SharedRing, WriterState, heap_ring,
    };
    use std::sync::Mutex;

    fn tone(hz: f32) -> SharedRing {
        let format = RingFormat::new(48_000, 1, 300_000, 1000).unwrap();
        let (mut writer, ring) = heap_ring(&format, "t").unwrap();
        for block in 0..200 {
            let samples: Vec<f32> = (0..1000)
                .map(|i| {
                    let t = (block * 1000 + i) as f32 / 48_000.0;
                    (t * hz * std::f32::consts::TAU).sin() * 0.5
                })
                .collect();
            writer.write_block(&samples).unwrap();
        }
        ring
    }

    /// A ring whose writer overwrites all of it just before each of the next reads.
    struct Lapping {
        ring: SharedRing,
        writer: Mutex<RingWriter<HeapStorage>>,
        /// Reads before which that happens, and reads so far.
        laps: Mutex<(u32, u32)>,
    }

    /// Frames of its blocks, and of all of it.
    const BLOCK: usize = 64;
    const CAPACITY: usize = 1024;

    impl Lapping {
        /// Full of ones, so that a read of any frame is possible.
        fn new(laps: u32) -> Self {
            let format = RingFormat::new(1000, 1, CAPACITY as u64, BLOCK as u32).unwrap();
            let (mut writer, ring) = heap_ring(&format, "t").unwrap();
            for _ in 0..2 * CAPACITY / BLOCK {
                writer.write_block(&[1.0; BLOCK]).unwrap();
            }
            Self {
                ring,
                writer: Mutex::new(writer),
                laps: Mutex::new((laps, 0)),
            }
        }

        fn reads(&self) -> u32 {
            self.laps.lock().unwrap().1
        }
    }

    impl RingRead for Lapping {
        fn format(&self) -> &RingFormat {
            self.ring.format()
        }
        fn extension(&self) -> Option<&Extension> {
            self.ring.extension()
        }
        fn check(&self) -> Result<(), ReadError> {
            self.ring.check()
        }
        fn written_frames(&self) -> u64 {
            self.ring.written_frames()
        }
        fn read(&self, channel: u32, start: u64, out: &mut [f32]) -> Result<(), ReadError> {
            let mut laps = self.laps.lock().unwrap();
            laps.1 += 1;
            if laps.0 > 0 {
                laps.0 -= 1;
                let mut writer = self.writer.lock().unwrap();
                for _ in 0..=CAPACITY / BLOCK {
                    writer.write_block(&[0.5; BLOCK]).unwrap();
                }
            }
            self.ring.read(channel, start, out)
        }
        fn read_f64(&self, channel: u32, start: u64, out: &mut [f64]) -> Result<(), ReadError> {
            self.ring.read_f64(channel, start, out)
        }
        fn gap_total(&self) -> u64 {
            self.ring.gap_total()
        }
        fn gaps(&self) -> Vec<Gap> {
            self.ring.gaps()
        }
        fn writer_state(&self) -> WriterState {
            self.ring.writer_state()
        }
    }

    type Reading = fn(&Lapping) -> Result<Vec<f32>, ReaderError>;
    const NEWEST: [(&str, Reading); 3] = [
        ("latest", |ring| Ok(latest(ring, 0, 100)?.1)),
        ("whole waveform", |ring| whole_waveform(ring, 0, 4)),
        ("spectrogram", |ring| spectrogram(ring, 0, 64, 64, 1)),
    ];

    #[test]
    fn the_newest_frames_are_tried_for_at_most_three_times() {
        for (what, read) in NEWEST {
            let expected = read(&Lapping::new(0)).unwrap().len();
            for laps in 0..3 {
                let ring = Lapping::new(laps);
                let got = read(&ring).unwrap();
                assert_eq!(
                    (got.len(), ring.reads()),
                    (expected, laps + 1),
                    "{what}, lapped {laps} times"
                );
            }
            let ring = Lapping::new(99);
            let refused = read(&ring);
            let Err(ReaderError::Read(ReadError::Lapped { .. })) = refused else {
                panic!("{what}: {refused:?}");
            };
            assert_eq!(ring.reads(), 3, "{what}");
        }
    }

    #[test]
    fn what_is_given_after_a_lap_is_the_newest() {
        let ring = Lapping::new(1);
        let (start, samples) = latest(&ring, 0, 100).unwrap();
        assert_eq!(start + 100, ring.written_frames());
        assert_eq!(samples, [0.5; 100]);
        assert_eq!(
            latest(&ring, 1, 100).unwrap_err(),
            ReadError::NoSuchChannel {
                channel: 1,
                channels: 1
            }
            .into()
        );
        assert!(matches!(
            latest(&ring, 0, usize::MAX),
            Err(ReaderError::Read(ReadError::TooLong { .. }))
        ));
    }

    #[test]
    fn a_span_that_is_gone_is_not_tried_for_again() {
        let ring = Lapping::new(1);
        let end = ring.written_frames();
        let gone = waveform(&ring, 0, end - 100..end, 4);
        assert!(matches!(
            gone,
            Err(ReaderError::Read(ReadError::Lapped { .. }))
        ));
        assert_eq!(ring.reads(), 1);
    }

    #[test]
    fn a_waveform_keeps_every_extreme() {
        let format = RingFormat::new(48_000, 1, 300_000, 1000).unwrap();
        let (mut writer, ring) = heap_ring(&format, "t").unwrap();
        for block in 0..200 {
            let mut samples = vec![0.0; 1000];
            if block == 137 {
                samples[555] = -0.75;
            }
            writer.write_block(&samples).unwrap();
        }
        for points in [1, 7, 640, 199_999] {
            let got = waveform(&*ring, 0, 0..200_000, points).unwrap();
            assert_eq!(got.len(), points * 2);
            let at = 137_555 * points / 200_000;
            let low: Vec<usize> = (0..points).filter(|p| got[p * 2] < -0.7).collect();
            assert!(
                low.len() == 1 && low[0].abs_diff(at) <= 1,
                "{points}: {low:?}, {at}"
            );
        }
        assert_eq!(waveform(&*ring, 0, 5..5, 2).unwrap(), [0.0; 4]);
        assert!(waveform(&*ring, 0, 0..200_001, 2).is_err());
        assert!(waveform(&*ring, 1, 5..5, 2).is_err());
    }

    #[test]
    fn a_tone_is_in_its_bin() {
        let ring = tone(1500.0);
        let got = spectrogram(&*ring, 0, 1024, 256, 5).unwrap();
        for column in got.chunks_exact(513) {
            let peak = (0..513)
                .max_by(|a, b| column[*a].total_cmp(&column[*b]))
                .unwrap();
            assert_eq!(peak, 32);
            assert!((column[32] + 6.02).abs() < 0.05, "{}", column[32]);
        }
        assert!(matches!(
            spectrogram(&*ring, 0, 3, 1, 1),
            Err(ReaderError::Stft(_))
        ));
        assert!(matches!(
            spectrogram(&*ring, 0, 2048, 1, 1 << 20),
            Err(ReaderError::TooMany(_))
        ));
        assert!(spectrogram(&*ring, 3, 1024, 256, 1).is_err());
    }
}
