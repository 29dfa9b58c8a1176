//! Real recordings to test with: the voices that alsa-utils brings along, joined to any
//! length and channel count, as WAV and as FLAC.
//!
//! Never resamples: what is read is what was recorded.

use crate::place::Place;
use soundfall_test_support::program::program;
use soundfall_test_support::skip::Reason;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "/usr/share/sounds/alsa";

/// Frames a second of all of them.
pub const RATE: u32 = 48_000;

/// A voice: 16-bit mono WAV; `Err` is the reason to leave the test out.
pub fn voice() -> Result<PathBuf, Reason> {
    let path = Path::new(FOLDER).join("Front_Center.wav");
    path.is_file().then_some(path).ok_or(Reason::File {
        path: FOLDER,
        package: "alsa-utils",
    })
}

/// The samples of [`voice`], 1 is full scale.
pub fn voice_samples() -> Result<Vec<f32>, Reason> {
    let bytes = fs::read(voice()?).expect("a recording to read");
    let words = samples(&bytes).expect("a WAV of 16 bits");
    let words = words.into_iter().map(i16::from_le_bytes);
    Ok(words.map(|word| f32::from(word) / 32_768.0).collect())
}

/// A 16-bit WAV of `channels` channels and `frames` frames: channel c speaks all voices
/// one after the other, starting with the c-th.
pub fn joined(
    place: &Place,
    name: &str,
    channels: usize,
    frames: usize,
) -> Result<PathBuf, Reason> {
    voice()?;
    let mut files: Vec<PathBuf> = fs::read_dir(FOLDER)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "wav"));
    files.sort();
    let voices: Vec<Vec<[u8; 2]>> = files
        .iter()
        .filter_map(|path| samples(&fs::read(path).ok()?))
        .collect();
    let lanes: Vec<Vec<[u8; 2]>> = (0..channels)
        .map(|first| {
            (0..)
                .flat_map(|n| &voices[(first + n) % voices.len()])
                .copied()
                .take(frames)
                .collect()
        })
        .collect();
    let data: Vec<u8> = (0..frames)
        .flat_map(|frame| lanes.iter().flat_map(move |lane| lane[frame]))
        .collect();
    Ok(place.write(name, wav(channels, &data)))
}

/// The same sound as a FLAC file beside it.
pub fn as_flac(wav: &Path) -> Result<PathBuf, Reason> {
    let path = wav.with_extension("flac");
    let output = program("flac", "flac")?
        .args(["--silent", "--force", "--channel-map=none", "-o"])
        .args([&path, wav])
        .output()
        .expect("flac starts");
    assert!(
        output.status.success(),
        "flac failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(path)
}

/// A WAV of 16-bit samples, already interleaved.
pub fn wav(channels: usize, data: &[u8]) -> Vec<u8> {
    let channels = u16::try_from(channels).expect("few channels");
    let length = u32::try_from(data.len()).expect("a short recording");
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * u32::from(channels) * 2).to_le_bytes());
    bytes.extend((channels * 2).to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// A WAV of 32-bit float samples: one slice a channel, all of the same length, at `rate` Hz.
pub fn float_wav(rate: u32, channels: &[Vec<f32>]) -> Vec<u8> {
    let count = u16::try_from(channels.len()).expect("few channels");
    let frames = channels.first().map_or(0, Vec::len);
    let length = u32::try_from(frames * channels.len() * 4).expect("a short recording");
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(3u16.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(count) * 4).to_le_bytes());
    bytes.extend((count * 4).to_le_bytes());
    bytes.extend(32u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    for frame in 0..frames {
        for channel in channels {
            bytes.extend(channel[frame].to_le_bytes());
        }
    }
    bytes
}

/// The samples of a 16-bit mono WAV at our rate.
fn samples(wav: &[u8]) -> Option<Vec<[u8; 2]>> {
    let mut rest = wav.strip_prefix(b"RIFF")?.get(8..)?;
    let mut fits = false;
    loop {
        let length = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?) as usize;
        let body = rest.get(8..)?;
        match &rest[..4] {
            b"fmt " => {
                fits = body.get(2..4)? == 1u16.to_le_bytes()
                    && body.get(4..8)? == RATE.to_le_bytes()
                    && body.get(14..16)? == 16u16.to_le_bytes();
            }
            b"data" if fits => {
                return Some(
                    body.get(..length.min(body.len()))?
                        .chunks_exact(2)
                        .map(|word| [word[0], word[1]])
                        .collect(),
                );
            }
            _ => {}
        }
        rest = body.get(length + length % 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let data = [1, 2, 3, 4, 5, 6];
        assert_eq!(samples(&wav(1, &data)), Some(vec![[1, 2], [3, 4], [5, 6]]));
        assert_eq!(samples(b"RIFF"), None);
    }
}
