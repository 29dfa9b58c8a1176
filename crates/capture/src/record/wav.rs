//! WAVE files with 32-bit float samples: RIFF up to 4 GiB, RF64 (EBU Tech 3306) beyond.
//!
//! Room for RF64's sizes is left at the start, so that a file grows over the limit in place. Never reads.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Most bytes behind a RIFF chunk's length.
const RIFF_LIMIT: u64 = u32::MAX as u64;
/// Silence is written out up to so many bytes; a longer one becomes a hole.
const SHORT_SILENCE: u64 = 1 << 20;
/// KSDATAFORMAT_SUBTYPE_IEEE_FLOAT.
const FLOAT_GUID: [u8; 16] = [
    3, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71,
];

/// A WAVE file being written.
pub(super) struct Wav {
    file: File,
    channels: u16,
    rate: u32,
    /// Frames that are whole in the file.
    frames: u64,
    limit: u64,
    bytes: Vec<u8>,
}

impl Wav {
    pub(super) fn create(file: File, channels: u32, rate: u32) -> io::Result<Self> {
        Self::with_limit(file, channels, rate, RIFF_LIMIT)
    }

    fn with_limit(file: File, channels: u32, rate: u32, limit: u64) -> io::Result<Self> {
        let channels = u16::try_from(channels).map_err(io::Error::other)?;
        let mut wav = Self {
            file,
            channels,
            rate,
            frames: 0,
            limit,
            bytes: Vec::new(),
        };
        wav.update_header()?;
        Ok(wav)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Length of the file up to the last whole frame.
    pub(super) fn bytes(&self) -> u64 {
        self.header().len() as u64 + self.data_bytes()
    }

    /// Appends whole frames.
    pub(super) fn write(&mut self, interleaved: &[f32]) -> io::Result<()> {
        self.bytes.clear();
        self.bytes
            .extend(interleaved.iter().flat_map(|sample| sample.to_le_bytes()));
        self.file.write_all(&self.bytes)?;
        self.frames += (interleaved.len() / usize::from(self.channels)) as u64;
        Ok(())
    }

    /// Appends silence: the file becomes longer, and where its file system can, the silence takes no room.
    pub(super) fn write_silence(&mut self, frames: u64) -> io::Result<()> {
        let bytes = frames.checked_mul(4 * u64::from(self.channels));
        let bytes = bytes.ok_or(io::ErrorKind::FileTooLarge)?;
        let end = self.file.seek(SeekFrom::End(0))?;
        let longer = end.checked_add(bytes).ok_or(io::ErrorKind::FileTooLarge)?;
        // What is no file cannot be made longer, only written to.
        if bytes < SHORT_SILENCE || self.file.set_len(longer).is_err() {
            io::copy(&mut io::repeat(0).take(bytes), &mut self.file)?;
        }
        self.file.seek(SeekFrom::End(0))?;
        self.frames += frames;
        Ok(())
    }

    /// Writes the header for what is in the file by now.
    pub(super) fn update_header(&mut self) -> io::Result<()> {
        let header = self.header();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// Cuts off a part frame and tells what is left; what cannot be done is left as it is.
    pub(super) fn salvage(&mut self) {
        if let Ok(meta) = self.file.metadata() {
            let data = meta.len().saturating_sub(self.header().len() as u64);
            let there = data / (4 * u64::from(self.channels));
            self.frames = self.frames.min(there);
        }
        self.file.set_len(self.bytes()).ok();
        self.update_header().ok();
    }

    fn data_bytes(&self) -> u64 {
        self.frames * 4 * u64::from(self.channels)
    }

    fn header(&self) -> Vec<u8> {
        let (channels, data) = (self.channels, self.data_bytes());
        let wide = channels > 2;
        let frame_bytes = channels.saturating_mul(4);
        let mut format = Vec::new();
        let tag: u16 = if wide { 0xfffe } else { 3 };
        format.extend(tag.to_le_bytes());
        format.extend(channels.to_le_bytes());
        format.extend(self.rate.to_le_bytes());
        format.extend(self.rate.wrapping_mul(u32::from(frame_bytes)).to_le_bytes());
        format.extend(frame_bytes.to_le_bytes());
        format.extend(32u16.to_le_bytes());
        if wide {
            // Size of what follows, valid bits, no loudspeaker positions, kind of samples.
            format.extend(22u16.to_le_bytes());
            format.extend(32u16.to_le_bytes());
            format.extend(0u32.to_le_bytes());
            format.extend(FLOAT_GUID);
        } else {
            format.extend(0u16.to_le_bytes());
        }
        // RIFF, its length and WAVE; the room; fmt; fact; the head of data.
        let head = 12 + 8 + 28 + 8 + format.len() as u64 + 12 + 8;
        let riff = head - 8 + data;
        let long = riff > self.limit;
        let short = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let length = |value: u64| if long { u32::MAX } else { short(value) }.to_le_bytes();
        let mut header = Vec::new();
        header.extend(if long { b"RF64" } else { b"RIFF" });
        header.extend(length(riff));
        header.extend(b"WAVE");
        header.extend(if long { b"ds64" } else { b"JUNK" });
        header.extend(28u32.to_le_bytes());
        for value in [riff, data, self.frames] {
            header.extend(if long { value } else { 0 }.to_le_bytes());
        }
        header.extend(0u32.to_le_bytes());
        header.extend(b"fmt ");
        header.extend((format.len() as u32).to_le_bytes());
        header.extend(format);
        header.extend(b"fact");
        header.extend(4u32.to_le_bytes());
        header.extend(length(self.frames));
        header.extend(b"data");
        header.extend(length(data));
        header
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::file::{AudioFile, decode_all};

    fn read_u32(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    fn read_u64(bytes: &[u8], at: usize) -> u64 {
        u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
    }

    #[test]
    fn other_programs_read_any_channel_count() {
        let dir = tempfile::tempdir().unwrap();
        for channels in [1u32, 2, 3, 8, 64] {
            let path = dir.path().join(format!("{channels}.wav"));
            let samples: Vec<f32> = (0..1_000 * channels)
                .map(|i| i as f32 / 7.0 - 3.0)
                .collect();
            let mut wav = Wav::create(File::create(&path).unwrap(), channels, 44_100).unwrap();
            wav.write(&samples[..400 * channels as usize]).unwrap();
            wav.write(&samples[400 * channels as usize..]).unwrap();
            wav.update_header().unwrap();
            let mut reader = hound::WavReader::open(&path).unwrap();
            let spec = reader.spec();
            assert_eq!(
                (
                    u32::from(spec.channels),
                    spec.sample_rate,
                    spec.bits_per_sample
                ),
                (channels, 44_100, 32)
            );
            assert_eq!(spec.sample_format, hound::SampleFormat::Float);
            let read: Vec<f32> = reader.samples().map(Result::unwrap).collect();
            assert_eq!(read, samples);
        }
    }

    #[test]
    fn beyond_the_limit_the_file_is_rf64_and_its_samples_stay_where_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.wav");
        let file = File::create(&path).unwrap();
        let mut wav = Wav::with_limit(file, 3, 48_000, 2_000).unwrap();
        let samples: Vec<f32> = (0..3_000).map(|i| i as f32).collect();
        wav.write(&samples[..300]).unwrap();
        wav.update_header().unwrap();
        assert_eq!(&std::fs::read(&path).unwrap()[..4], b"RIFF");
        wav.write(&samples[300..]).unwrap();
        wav.update_header().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(
            (&bytes[..4], &bytes[8..16]),
            (&b"RF64"[..], &b"WAVEds64"[..])
        );
        assert_eq!((read_u32(&bytes, 4), read_u32(&bytes, 16)), (u32::MAX, 28));
        assert_eq!(read_u64(&bytes, 20), bytes.len() as u64 - 8);
        assert_eq!(
            (read_u64(&bytes, 28), read_u64(&bytes, 36)),
            (12_000, 1_000)
        );
        let data = bytes.len() - 12_000;
        assert_eq!(
            (&bytes[data - 8..data - 4], read_u32(&bytes, data - 4)),
            (&b"data"[..], u32::MAX)
        );
        let read: Vec<f32> = bytes[data..]
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        assert_eq!(read, samples);
    }

    #[test]
    fn rf64_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        for channels in [1u32, 2, 3, 19, 27, 64] {
            let path = dir.path().join(format!("{channels}.wav"));
            let file = File::create(&path).unwrap();
            let mut wav = Wav::with_limit(file, channels, 96_000, 2_000).unwrap();
            let samples: Vec<f32> = (0..2_000 * channels)
                .map(|i| i as f32 / 128.0 - 9.0)
                .collect();
            wav.write(&samples).unwrap();
            wav.update_header().unwrap();
            assert_eq!(&std::fs::read(&path).unwrap()[..4], b"RF64");
            let file = AudioFile::open(&path).unwrap();
            assert_eq!(file.total_frames(), Some(2_000));
            let read = decode_all(&path, 1 << 30).unwrap();
            assert_eq!((read.rate, read.channels), (96_000, channels));
            assert!(read.interleaved == samples, "{channels}");
        }
    }

    /// Ten hours of eight channels, 55 GB: a hole, written at once.
    #[test]
    fn silence_of_hours_is_a_hole() {
        use std::os::unix::fs::MetadataExt;
        const FRAMES: u64 = 10 * 3_600 * 48_000;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("away.wav");
        let mut wav = Wav::create(File::create(&path).unwrap(), 8, 48_000).unwrap();
        wav.write(&[0.5; 800]).unwrap();
        wav.write_silence(FRAMES).unwrap();
        wav.write(&[0.25; 800]).unwrap();
        wav.write_silence(5).unwrap();
        wav.update_header().unwrap();
        let meta = std::fs::metadata(&path).unwrap();
        assert!(meta.len() > 55_000_000_000);
        // Where the file system has no holes this test would fill the disk.
        assert!(meta.blocks() * 512 < 10_000_000, "{} blocks", meta.blocks());
        let mut file = AudioFile::open(&path).unwrap();
        assert_eq!(file.total_frames(), Some(FRAMES + 205));
        let mut samples = Vec::new();
        file.read(&mut samples).unwrap();
        assert_eq!(samples[..800], [0.5; 800]);
        assert!(samples[800..].iter().all(|sample| *sample == 0.0));
        let mut end = [0; 32 * 105];
        let mut bytes = File::open(&path).unwrap();
        bytes.seek(SeekFrom::End(-(end.len() as i64))).unwrap();
        bytes.read_exact(&mut end).unwrap();
        let end = end.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        assert_eq!(
            end.collect::<Vec<_>>(),
            [vec![0.25; 800], vec![0.0; 40]].concat()
        );
    }
}
