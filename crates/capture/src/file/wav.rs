//! WAV files of plain samples, whole numbers or floats: RIFF, and RF64 or BW64 beyond 4 GiB, of any
//! number of channels.
//!
//! Reads what recordings are written as, which the decoder of all other formats does not: it knows
//! neither RF64 nor every count of channels. A file whose samples are coded, or whose header makes no
//! sense, is not for this one.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Chunks after which the search for the samples is given up.
const MAX_CHUNKS: usize = 4_096;
/// Longest `fmt ` chunk that is read; a plain one has 40 bytes at most.
const MAX_FORMAT: u64 = 64;
/// Bytes that are read at once, unless a single frame is longer.
const STEP_BYTES: usize = 1 << 16;
/// What programs state that cannot go back to the header of a pipe is this many bytes or more.
const ENDLESS_BYTES: u64 = 0x7fff_0000;
/// The kinds of samples in an extensible header all end like this.
const GUID_END: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// How a sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
}

impl Stored {
    fn of(tag: u16, bits: u16) -> Option<Self> {
        Some(match (tag, bits) {
            (1, 1..=8) => Self::U8,
            (1, 9..=16) => Self::I16,
            (1, 17..=24) => Self::I24,
            (1, 25..=32) => Self::I32,
            (3, 32) => Self::F32,
            (3, 64) => Self::F64,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Appends the samples, nominally −1..1.
    fn append(self, bytes: &[u8], out: &mut Vec<f32>) {
        // Full scale of whole numbers is 2^(bits − 1).
        match self {
            Self::U8 => out.extend(bytes.iter().map(|byte| (f32::from(*byte) - 128.0) / 128.0)),
            Self::I16 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_768.0),
            ),
            Self::I24 => {
                out.extend(bytes.as_chunks().0.iter().map(|[a, b, c]| {
                    (i32::from_le_bytes([0, *a, *b, *c]) >> 8) as f32 / 8_388_608.0
                }));
            }
            Self::I32 => {
                out.extend(
                    bytes.as_chunks().0.iter().map(|bytes| {
                        (f64::from(i32::from_le_bytes(*bytes)) / 2_147_483_648.0) as f32
                    }),
                );
            }
            Self::F32 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes)),
            ),
            Self::F64 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| f64::from_le_bytes(*bytes) as f32),
            ),
        }
    }
}

/// An open WAV file and the place reached in it.
#[derive(Debug)]
pub(super) struct WavFile {
    file: BufReader<File>,
    stored: Stored,
    pub(super) channels: u16,
    pub(super) rate: u32,
    /// Length in frames as the header states it; `None` where it states none.
    pub(super) total_frames: Option<u64>,
    /// Where the samples begin in the file.
    start: u64,
    /// Bytes of the samples, as far as they are stated; the file may end before.
    stated: u64,
    /// Bytes of the samples that were not read yet.
    left: u64,
    bytes: Vec<u8>,
}

/// What a `fmt ` chunk says.
struct Format {
    stored: Stored,
    channels: u16,
    rate: u32,
}

impl WavFile {
    /// Opens a file of plain samples; `None` for every other file.
    pub(super) fn open(file: File) -> io::Result<Option<Self>> {
        let file_bytes = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let Some(head) = take::<12>(&mut file)? else {
            return Ok(None);
        };
        let long = matches!(&head[..4], b"RF64" | b"BW64");
        if !(long || head.starts_with(b"RIFF")) || &head[8..] != b"WAVE" {
            return Ok(None);
        }
        let (mut format, mut long_bytes) = (None, None);
        for _ in 0..MAX_CHUNKS {
            let Some([a, b, c, d, size @ ..]) = take::<8>(&mut file)? else {
                return Ok(None);
            };
            let size = u64::from(u32::from_le_bytes(size));
            match &[a, b, c, d] {
                b"data" => {
                    let Some(format) = format else { break };
                    let stated = match long_bytes {
                        Some(bytes) if long && size == u64::from(u32::MAX) => Some(bytes),
                        _ if size == u64::from(u32::MAX) => None,
                        _ if size >= ENDLESS_BYTES && size > file_bytes => None,
                        _ => Some(size),
                    };
                    return Self::of(format, file, stated).map(Some);
                }
                b"fmt " if size <= MAX_FORMAT => {
                    let mut bytes = vec![0; size as usize];
                    if read_whole(&mut file, &mut bytes)? < bytes.len() {
                        return Ok(None);
                    }
                    let Some(found) = Format::parse(&bytes) else {
                        return Ok(None);
                    };
                    format = Some(found);
                    skip(&mut file, size % 2)?;
                }
                b"ds64" if long && size >= 28 => {
                    let Some(sizes) = take::<16>(&mut file)? else {
                        return Ok(None);
                    };
                    long_bytes = sizes.as_chunks().0.get(1).map(|b| u64::from_le_bytes(*b));
                    skip(&mut file, size - 16 + size % 2)?;
                }
                _ => skip(&mut file, size + size % 2)?,
            }
        }
        Ok(None)
    }

    fn of(
        format: Format,
        mut file: BufReader<File>,
        stated_bytes: Option<u64>,
    ) -> io::Result<Self> {
        let Format {
            stored,
            channels,
            rate,
        } = format;
        let frame_bytes = stored.bytes() as u64 * u64::from(channels);
        let stated = stated_bytes.unwrap_or(u64::MAX) / frame_bytes * frame_bytes;
        Ok(Self {
            start: file.stream_position()?,
            file,
            stored,
            channels,
            rate,
            total_frames: stated_bytes.map(|bytes| bytes / frame_bytes),
            stated,
            left: stated,
            bytes: Vec::new(),
        })
    }

    /// The number of frames that are stated and there.
    pub(super) fn count_frames(&self) -> io::Result<u64> {
        let frame_bytes = self.stored.bytes() as u64 * u64::from(self.channels);
        let bytes = self.file.get_ref().metadata()?.len();
        let there = bytes.saturating_sub(self.start) / frame_bytes;
        Ok(self.total_frames.unwrap_or(there).min(there))
    }

    /// Goes to a frame; beyond the last one is the end.
    pub(super) fn seek(&mut self, frame: u64) -> io::Result<()> {
        let frame_bytes = self.stored.bytes() as u64 * u64::from(self.channels);
        let at = frame.saturating_mul(frame_bytes).min(self.stated);
        // The most a file can be long.
        let place = self.start.saturating_add(at).min(i64::MAX as u64);
        self.file.seek(SeekFrom::Start(place))?;
        self.left = self.stated - at;
        Ok(())
    }

    /// Appends the next frames, interleaved, and gives their number; 0 is the end. A frame that is cut off
    /// is left out.
    pub(super) fn read(&mut self, interleaved: &mut Vec<f32>) -> io::Result<usize> {
        let frame_bytes = self.stored.bytes() * usize::from(self.channels);
        let most = (STEP_BYTES / frame_bytes).max(1) * frame_bytes;
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(most);
        self.bytes.resize(most, 0);
        let got = read_whole(&mut self.file, &mut self.bytes)?;
        self.left = if got < most {
            0
        } else {
            self.left - most as u64
        };
        let frames = got / frame_bytes;
        self.stored
            .append(&self.bytes[..frames * frame_bytes], interleaved);
        Ok(frames)
    }
}

impl Format {
    /// `None` where samples are coded, or the numbers do not fit together.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let short = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let rate = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?);
        let (channels, frame_bytes, bits) = (short(2)?, short(12)?, short(14)?);
        let tag = match short(0)? {
            0xfffe if bytes.get(26..40)? == GUID_END => short(24)?,
            tag => tag,
        };
        let stored = Stored::of(tag, bits)?;
        // A field of 16 bits: what does not fit into it is not told.
        let whole = stored.bytes().checked_mul(usize::from(channels))?;
        let fits = u16::try_from(whole).map_or(true, |whole| whole == frame_bytes);
        (channels > 0 && rate > 0 && fits).then_some(Self {
            stored,
            channels,
            rate,
        })
    }
}

/// The next bytes; `None` where the file ends before.
fn take<const N: usize>(file: &mut BufReader<File>) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    let whole = read_whole(file, &mut bytes)? == N;
    Ok(whole.then_some(bytes))
}

/// Reads until the buffer is full or the file ends.
fn read_whole(file: &mut BufReader<File>, bytes: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < bytes.len() {
        match file.read(&mut bytes[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

fn skip(file: &mut BufReader<File>, bytes: u64) -> io::Result<()> {
    let bytes = i64::try_from(bytes).map_err(io::Error::other)?;
    file.seek_relative(bytes)
}

/// Where a file that was opened for another reader begins anew.
pub(super) fn rewound(mut file: File) -> io::Result<File> {
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    /// A file of these chunks, as it is read.
    fn read(head: &[u8; 4], chunks: &[(&[u8; 4], u32, &[u8])]) -> Option<(WavFile, Vec<f32>)> {
        let path = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = [&head[..], b"\0\0\0\0WAVE"].concat();
        for (name, size, content) in chunks {
            bytes.extend([&name[..], &size.to_le_bytes(), content].concat());
            bytes.extend(vec![0; content.len() % 2]);
        }
        std::fs::write(path.path(), bytes).unwrap();
        let mut file = WavFile::open(File::open(path.path()).unwrap()).unwrap()?;
        let mut samples = Vec::new();
        while file.read(&mut samples).unwrap() > 0 {}
        Some((file, samples))
    }

    fn fmt(tag: u16, channels: u16, frame_bytes: u16, bits: u16) -> Vec<u8> {
        let mut bytes = [tag, channels].map(u16::to_le_bytes).concat();
        bytes.extend([44_100u32, 0].map(u32::to_le_bytes).concat());
        bytes.extend([frame_bytes, bits].map(u16::to_le_bytes).concat());
        bytes
    }

    #[test]
    fn every_kind_of_sample_is_full_scale_at_one() {
        let half: [(u16, u16, &[u8]); 6] = [
            (1, 8, &[192, 0]),
            (1, 16, &[0, 0x40, 0, 0x80]),
            (1, 24, &[0, 0, 0x40, 0, 0, 0x80]),
            (1, 32, &[0, 0, 0, 0x40, 0, 0, 0, 0x80]),
            (3, 32, &[0, 0, 0, 0x3f, 0, 0, 0x80, 0xbf]),
            (
                3,
                64,
                &[0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf],
            ),
        ];
        for (tag, bits, bytes) in half {
            let format = fmt(tag, 1, bits / 8, bits);
            let chunks = [
                (b"LIST", 3, &b"abc"[..]),
                (b"fmt ", 16, &format),
                (b"data", bytes.len() as u32, bytes),
                (b"LIST", 4, b"\x01\x02\x03\x04"),
            ];
            let (file, samples) = read(b"RIFF", &chunks).unwrap();
            assert_eq!((file.channels, file.rate), (1, 44_100));
            assert_eq!(
                (file.total_frames, &samples[..]),
                (Some(2), &[0.5, -1.0][..])
            );
        }
    }

    #[test]
    fn lengths_that_are_not_stated_and_frames_that_are_cut_off() {
        let format = fmt(1, 2, 4, 16);
        let sound = [1, 0, 2, 0, 3, 0, 4, 0, 5];
        let whole: Vec<f32> = [1.0, 2.0, 3.0, 4.0].map(|n| n / 32_768.0).to_vec();
        for (stated, total) in [
            (u32::MAX, None),
            (0x7fff_f000, None),
            (4_000, Some(1_000)),
            (9, Some(2)),
        ] {
            let chunks = [(b"fmt ", 16, &format[..]), (b"data", stated, &sound)];
            let (file, samples) = read(b"RIFF", &chunks).unwrap();
            assert_eq!((file.total_frames, samples), (total, whole.clone()));
        }
        // RF64 states it elsewhere.
        let ds64 = [9u64, 4, 1, 0].map(u64::to_le_bytes).concat();
        let chunks = [
            (b"ds64", 28, &ds64[..28]),
            (b"fmt ", 16, &format),
            (b"data", u32::MAX, &sound),
        ];
        for head in [b"RF64", b"BW64"] {
            let (file, samples) = read(head, &chunks).unwrap();
            assert_eq!((file.total_frames, &samples[..]), (Some(1), &whole[..2]));
        }
    }

    #[test]
    fn what_is_coded_or_makes_no_sense_is_not_for_this_reader() {
        let data = (b"data", 4, &[0; 4][..]);
        for format in [
            fmt(2, 1, 4, 4),       // ADPCM
            fmt(7, 1, 1, 8),       // µ-law
            fmt(0xfffe, 1, 2, 16), // extensible, and not
            fmt(1, 0, 0, 16),
            fmt(1, 2, 2, 16), // a frame of one channel
            fmt(1, 1, 5, 40),
            fmt(3, 1, 2, 16),
        ] {
            assert!(read(b"RIFF", &[(b"fmt ", 16, &format), data]).is_none());
        }
        assert!(
            read(b"RIFF", &[data]).is_none(),
            "samples before their format"
        );
        assert!(read(b"RIFX", &[(b"fmt ", 16, &fmt(1, 1, 2, 16)), data]).is_none());
        let chunk = (b"LIST", 0, &[][..]);
        let many = vec![chunk; MAX_CHUNKS + 1];
        assert!(read(b"RIFF", &many).is_none());
        assert!(read(b"RIFF", &[(b"LIST", u32::MAX, &[]), data]).is_none());
    }
}
