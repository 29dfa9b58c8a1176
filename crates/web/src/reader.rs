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
        let first = part.start * points / (length as usize).max(1);
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
/// the columns that are not there yet are at −200 dBFS.
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
    let mut out = vec![NOTHING; values];
    let end = ring.written_frames();
    let mut samples = vec![0.0; window_size];
    for (at, column) in out.chunks_exact_mut(bins).rev().enumerate() {
        let back = (at * hop_frames + window_size) as u64;
        let Some(start) = end.checked_sub(back) else {
            break;
        };
        ring.read(channel, start, &mut samples)?;
        stft.column(&samples, column);
    }
    Ok(out)
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
    use soundfall_ring::{RingFormat, SharedRing, heap_ring};

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
