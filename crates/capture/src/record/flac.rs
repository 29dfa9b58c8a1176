//! FLAC files (RFC 9639) with 24-bit samples, one block after the other.
//!
//! A small encoder: fixed predictors and Rice codes, channels on their own. What it writes is never larger than the
//! samples as they are. Never reads.
//!
//! Why not a crate: flacenc 0.5.1 can encode block by block, but its Rice parameters end at 14, and where that does not
//! do it writes the residual all the same. Ten seconds of stereo noise at 24 bits, 2.9 MB as samples, became 66 MB
//! (2.8 MB here).

mod bits;
mod block;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use md5::{Digest, Md5};

use block::{encode, silent};

/// Frames a block.
const BLOCK: usize = 4096;
const BITS: u32 = 24;
/// Bytes of silence that the checksum of the whole is worth: two seconds of work. Tests make do with less.
const MAX_HASHED_SILENCE: u64 = if cfg!(test) { 1 << 27 } else { 1 << 30 };

/// A FLAC file being written.
pub(super) struct Flac {
    file: File,
    channels: usize,
    rate: u32,
    /// `None` after a silence that was too long for it.
    md5: Option<Md5>,
    /// Samples of the unfinished block, interleaved.
    pending: Vec<i32>,
    blocks: u64,
    /// Frames that are whole in the file, and the bytes up to there.
    frames: u64,
    bytes: u64,
    /// Fewest and most bytes of a block.
    sizes: (u32, u32),
    clipped: u64,
}

impl Flac {
    /// Most channels of a stream.
    pub(super) const MAX_CHANNELS: u32 = 8;
    /// Highest rate that the header states, in Hz: it has 20 bits for it.
    pub(super) const MAX_RATE: u32 = (1 << 20) - 1;

    pub(super) fn create(file: File, channels: u32, rate: u32) -> io::Result<Self> {
        let channels = channels as usize;
        let mut flac = Self {
            file,
            channels,
            rate,
            md5: Some(Md5::new()),
            pending: Vec::with_capacity(BLOCK * channels),
            blocks: 0,
            frames: 0,
            bytes: 42,
            sizes: (u32::MAX, 0),
            clipped: 0,
        };
        flac.header([0; 16])?;
        Ok(flac)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Length of the file up to the last whole block.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Samples that were clipped.
    pub(super) fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Appends whole frames.
    pub(super) fn write(&mut self, interleaved: &[f32]) -> io::Result<()> {
        for sample in interleaved {
            let (value, clipped) = to_i24(*sample);
            self.clipped += u64::from(clipped);
            self.pending.push(value);
            if self.pending.len() == BLOCK * self.channels {
                self.write_block()?;
            }
        }
        Ok(())
    }

    /// Appends everything pending as one block.
    fn write_block(&mut self) -> io::Result<()> {
        let block = encode(&self.pending, self.channels, self.blocks);
        self.file.write_all(&block)?;
        self.bytes += block.len() as u64;
        let size = block.len() as u32;
        self.sizes = (self.sizes.0.min(size), self.sizes.1.max(size));
        self.frames += (self.pending.len() / self.channels) as u64;
        self.blocks += 1;
        let samples = self.pending.iter().flat_map(|sample| {
            let [a, b, c, _] = sample.to_le_bytes();
            [a, b, c]
        });
        if let Some(md5) = &mut self.md5 {
            md5.update(samples.collect::<Vec<u8>>());
        }
        self.pending.clear();
        Ok(())
    }

    /// Appends silence. The checksum of the whole ends with a very long one: it would take minutes.
    pub(super) fn write_silence(&mut self, mut frames: u64) -> io::Result<()> {
        let block = BLOCK as u64;
        if frames >= block {
            let rest = (BLOCK - self.pending.len() / self.channels) % BLOCK;
            self.write_zeros(rest)?;
            frames -= rest as u64;
            let whole = frames / block;
            self.write_silent_blocks(whole)?;
            frames -= whole * block;
        }
        self.write_zeros(frames as usize)
    }

    fn write_zeros(&mut self, frames: usize) -> io::Result<()> {
        self.write(&vec![0.0; frames * self.channels])
    }

    /// Appends blocks of nothing but zeros; no block is under way.
    fn write_silent_blocks(&mut self, mut blocks: u64) -> io::Result<()> {
        const AT_ONCE: u64 = 1_024;
        let block_bytes = 3 * BLOCK * self.channels;
        if blocks.saturating_mul(block_bytes as u64) > MAX_HASHED_SILENCE {
            self.md5 = None;
        }
        let zeros = vec![0; block_bytes];
        while blocks > 0 {
            let (now, mut bytes) = (blocks.min(AT_ONCE), Vec::new());
            for number in self.blocks..self.blocks + now {
                let block = silent(BLOCK, self.channels, number);
                let size = block.len() as u32;
                self.sizes = (self.sizes.0.min(size), self.sizes.1.max(size));
                bytes.extend(block);
                if let Some(md5) = &mut self.md5 {
                    md5.update(&zeros);
                }
            }
            self.file.write_all(&bytes)?;
            self.bytes += bytes.len() as u64;
            self.frames += now * BLOCK as u64;
            self.blocks += now;
            blocks -= now;
        }
        Ok(())
    }

    /// Brings the header up to date with the whole blocks in the file.
    pub(super) fn update_header(&mut self) -> io::Result<()> {
        self.header([0; 16])
    }

    /// Writes the last block and the final header.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.write_block()?;
        }
        self.header(self.checksum())
    }

    /// Cuts off a part block and tells what is left; what cannot be done is left as it is.
    pub(super) fn salvage(&mut self) {
        // A file that was cut off does not grow again: zeros are no blocks.
        let length = self.file.metadata().map_or(0, |meta| meta.len());
        self.file.set_len(self.bytes.min(length)).ok();
        self.header(self.checksum()).ok();
    }

    /// Zeros where there is none.
    fn checksum(&self) -> [u8; 16] {
        let md5 = self.md5.clone();
        md5.map_or([0; 16], |md5| md5.finalize().into())
    }

    /// `fLaC` and STREAMINFO as the only metadata (RFC 9639, 8.2); a checksum of zeros says that there is none.
    fn header(&mut self, md5: [u8; 16]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(42);
        bytes.extend(b"fLaC");
        bytes.extend([0x80, 0, 0, 34]);
        bytes.extend((BLOCK as u16).to_be_bytes());
        bytes.extend((BLOCK as u16).to_be_bytes());
        for size in [self.sizes.0.min(self.sizes.1), self.sizes.1] {
            bytes.extend(&size.to_be_bytes()[1..]);
        }
        // 36 bits; 0 says that the length is not known.
        let frames = match self.frames {
            frames if frames < 1 << 36 => frames,
            _ => 0,
        };
        let packed = u64::from(self.rate) << 44
            | (self.channels as u64 - 1) << 41
            | u64::from(BITS - 1) << 36
            | frames;
        bytes.extend(packed.to_be_bytes());
        bytes.extend(md5);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }
}

/// The nearest 24-bit value, and whether it was beyond the ends; what is no number is 0.
fn to_i24(sample: f32) -> (i32, bool) {
    const FULL: f32 = 8_388_608.0;
    let scaled = (sample * FULL).round();
    let value = scaled.clamp(-FULL, FULL - 1.0);
    (value as i32, scaled != value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use soundfall_test_support::program::program;
    use soundfall_test_support::skip::skip;

    #[test]
    fn rounded_and_clipped() {
        assert_eq!(to_i24(0.5), (1 << 22, false));
        assert_eq!(to_i24(-1.0), (-(1 << 23), false));
        assert_eq!(to_i24(1.0), ((1 << 23) - 1, true));
        assert_eq!(to_i24(-3.0), (-(1 << 23), true));
        assert_eq!(to_i24(f32::NAN).0, 0);
        assert_eq!(to_i24(1.4 / 8_388_608.0), (1, false));
    }

    /// Every length of the last block, every channel count, high rates, loud noise.
    #[test]
    fn an_independent_decoder_gives_the_same_samples() {
        if let Err(reason) = program("flac", "flac") {
            let test = "record::flac::an_independent_decoder_gives_the_same_samples";
            return skip(test, &reason);
        }
        let dir = tempfile::tempdir().unwrap();
        let mut seed = 1u32;
        for (channels, rate, frames) in [
            (1, 44_100, 1),
            (2, 48_000, 4_096),
            (2, 96_000, 4_097),
            (3, 192_000, 10_000),
            (8, 384_000, 8_200),
        ] {
            let path = dir.path().join(format!("{channels}-{rate}-{frames}.flac"));
            let samples: Vec<f32> = (0..frames * channels)
                .map(|i| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (seed >> 8) as f32 / 8_388_608.0 - 1.0;
                    let tone = (i as f32 * 0.01).sin() * 0.7;
                    if i % 5_000 < 2_500 { noise } else { tone }
                })
                .collect();
            let file = File::create(&path).unwrap();
            let mut flac = Flac::create(file, channels, rate).unwrap();
            for part in samples.chunks(channels as usize * 1_000) {
                flac.write(part).unwrap();
            }
            flac.finish().unwrap();
            assert_eq!((flac.frames, flac.clipped()), (u64::from(frames), 0));
            // The reference decoder, which checks the checksum of the whole as well.
            let decoded = dir.path().join("decoded.wav");
            let output = std::process::Command::new("flac")
                .args(["-dsf", "--warnings-as-errors", "-o"])
                .args([&decoded, &path])
                .output();
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
            let reader = hound::WavReader::open(&decoded).unwrap();
            let spec = reader.spec();
            assert_eq!(
                (u32::from(spec.channels), spec.sample_rate),
                (channels, rate)
            );
            let read: Vec<i32> = reader.into_samples().map(Result::unwrap).collect();
            let expected: Vec<i32> = samples.iter().map(|sample| to_i24(*sample).0).collect();
            assert!(read == expected, "{}", path.display());
        }
    }

    #[test]
    fn a_long_silence_is_short_and_every_sample_of_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        // With a checksum of the whole, and without one.
        for frames in [1_000_000, 20_000_000] {
            let path = dir.path().join(format!("{frames}.flac"));
            let mut flac = Flac::create(File::create(&path).unwrap(), 3, 48_000).unwrap();
            flac.write(&[0.5; 300]).unwrap();
            flac.write_silence(frames).unwrap();
            flac.write(&[0.25; 300]).unwrap();
            flac.write_silence(7).unwrap();
            flac.finish().unwrap();
            assert_eq!(flac.md5.is_some(), frames == 1_000_000);
            assert!(flac.bytes < 500_000, "{}", flac.bytes);
            let mut file = crate::file::AudioFile::open(&path).unwrap();
            assert_eq!(file.total_frames(), Some(frames + 207));
            let (mut at, mut samples) = (0, Vec::new());
            while file.read(&mut samples).unwrap() > 0 {
                for sample in samples.drain(..) {
                    let frame = at / 3;
                    let expected = match frame {
                        0..100 => 0.5,
                        _ if (frames + 100..frames + 200).contains(&frame) => 0.25,
                        _ => 0.0,
                    };
                    assert_eq!(sample, expected, "frame {frame}");
                    at += 1;
                }
            }
            assert_eq!((at, file.damaged_packets()), (3 * (frames + 207), 0));
            if let Ok(output) = std::process::Command::new("flac")
                .arg("-ts")
                .arg(&path)
                .output()
            {
                assert!(output.status.success(), "{output:?}");
            }
        }
    }
}
