//! Audio files, decoded packet by packet: WAV (RF64 too), FLAC, MP3, Ogg Vorbis, AAC in M4A or ADTS.
//!
//! Never trusts a file: whatever it holds, the outcome is samples or a [`FileError`]. It does not resample, mix
//! or pace.

mod coded;
mod error;
mod wav;
mod whole;

use std::fmt;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use coded::Coded;
pub use error::FileError;
use wav::WavFile;
pub use whole::cut_frames;

/// Damaged packets in a row after which a file is given up.
const MAX_DAMAGED_IN_A_ROW: u32 = 64;
/// Most frames that one damaged packet, or one step over a hole, may stand for.
const MAX_HOLE: u64 = 65_536;

/// An open audio file and the place reached in it.
pub struct AudioFile {
    path: PathBuf,
    source: Source,
    rate: u32,
    channels: u32,
    total_frames: Option<u64>,
    /// Frames decoded at opening, not read yet (interleaved).
    first: Vec<f32>,
    scratch: Vec<f32>,
    damaged_packets: u64,
    damaged_in_a_row: u32,
    last_was_damaged: bool,
}

impl fmt::Debug for AudioFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioFile")
            .field("path", &self.path)
            .field("rate", &self.rate)
            .field("channels", &self.channels)
            .field("total_frames", &self.total_frames)
            .finish_non_exhaustive()
    }
}

/// What a file is read with.
enum Source {
    /// Plain samples.
    Wav(WavFile),
    /// Everything else.
    Coded(Coded),
}

/// A whole file in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Sampling rate in Hz.
    pub rate: u32,
    /// Number of channels.
    pub channels: u32,
    /// Samples, interleaved.
    pub interleaved: Vec<f32>,
}

impl AudioFile {
    /// Opens a file and decodes its first packet, so that rate and channels are known for certain.
    ///
    /// # Errors
    /// Any [`FileError`] but `TooLong`.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let at = || path.to_path_buf();
        let meta =
            std::fs::metadata(path).map_err(|source| FileError::Open { path: at(), source })?;
        if !meta.is_file() {
            return Err(FileError::NotAFile { path: at() });
        }
        if meta.len() == 0 {
            return Err(FileError::Empty { path: at() });
        }
        let source = File::open(path).map_err(|source| FileError::Open { path: at(), source })?;
        let read = |error| unreadable(path, error);
        let plain = WavFile::open(source.try_clone().map_err(read)?).map_err(read)?;
        let (source, total_frames) = match plain {
            Some(wav) => {
                let total_frames = wav.total_frames;
                (Source::Wav(wav), total_frames)
            }
            None => {
                let (coded, frames) = Coded::open(path, wav::rewound(source).map_err(read)?)?;
                (Source::Coded(coded), frames)
            }
        };
        let mut file = Self {
            path: at(),
            source,
            rate: 0,
            channels: 0,
            total_frames,
            first: Vec::new(),
            scratch: Vec::new(),
            damaged_packets: 0,
            damaged_in_a_row: 0,
            last_was_damaged: false,
        };
        let mut first = Vec::new();
        if file.read(&mut first)? == 0 {
            return Err(FileError::NoAudio { path: at() });
        }
        file.first = first;
        Ok(file)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sampling rate in Hz.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> u32 {
        self.channels
    }

    /// Length in frames as the file states it; many formats do not, and a truncated file is shorter.
    #[must_use]
    pub fn total_frames(&self) -> Option<u64> {
        self.total_frames
    }

    /// Packets that could not be decoded so far; silence stands in for them where their length is known.
    #[must_use]
    pub fn damaged_packets(&self) -> u64 {
        self.damaged_packets
    }

    /// True if what [`AudioFile::read`] gave last is silence in place of a packet that could not be decoded.
    #[must_use]
    pub fn last_was_damaged(&self) -> bool {
        self.last_was_damaged
    }

    /// Appends the next packet's frames (interleaved f32, nominally −1..1) and returns how many there are; 0 is
    /// the end.
    ///
    /// # Errors
    /// [`FileError::Read`] where it cannot go on, [`FileError::Changes`] where rate or channels change.
    pub fn read(&mut self, interleaved: &mut Vec<f32>) -> Result<usize, FileError> {
        if !self.first.is_empty() {
            let frames = self.first.len() / self.channels.max(1) as usize;
            interleaved.append(&mut self.first);
            return Ok(frames);
        }
        loop {
            let step = match &mut self.source {
                Source::Wav(wav) => wav.step(&mut self.scratch),
                Source::Coded(coded) => {
                    let out = &mut self.scratch;
                    catch_unwind(AssertUnwindSafe(|| coded.step(out))).unwrap_or_else(|_| {
                        Step::Failed("its decoder failed on damaged data".to_owned())
                    })
                }
            };
            match step {
                Step::End => return Ok(0),
                Step::Skip => {}
                Step::Failed(message) => {
                    return Err(unreadable(&self.path, message));
                }
                Step::Damaged(frames) => {
                    self.damaged_packets += 1;
                    self.damaged_in_a_row += 1;
                    if self.damaged_in_a_row > MAX_DAMAGED_IN_A_ROW {
                        let message = format!("{MAX_DAMAGED_IN_A_ROW} damaged packets in a row");
                        return Err(unreadable(&self.path, message));
                    }
                    // Known from the second packet on.
                    let frames = frames.min(MAX_HOLE) as usize;
                    if frames > 0 && self.channels > 0 {
                        self.last_was_damaged = true;
                        interleaved
                            .resize(interleaved.len() + frames * self.channels as usize, 0.0);
                        return Ok(frames);
                    }
                }
                Step::Decoded {
                    rate,
                    channels,
                    frames,
                } => {
                    self.damaged_in_a_row = 0;
                    if rate == 0 || channels == 0 || frames == 0 {
                        continue;
                    }
                    if self.rate == 0 {
                        (self.rate, self.channels) = (rate, channels);
                    }
                    if (rate, channels) != (self.rate, self.channels) {
                        let name =
                            |rate: u32, channels: u32| format!("{channels} channels at {rate} Hz");
                        return Err(FileError::Changes {
                            path: self.path.clone(),
                            from: name(self.rate, self.channels),
                            to: name(rate, channels),
                        });
                    }
                    self.last_was_damaged = false;
                    interleaved.extend_from_slice(&self.scratch);
                    return Ok(frames);
                }
            }
        }
    }

    /// Goes to a frame: [`AudioFile::read`] gives it next, exactly as it gives it when everything before is read too.
    /// Beyond the last frame is the end. What a format cannot search is read from its start.
    ///
    /// # Errors
    /// As [`AudioFile::rewind`] and [`AudioFile::read`].
    pub fn seek(&mut self, frame: u64) -> Result<(), FileError> {
        let (rate, channels) = (self.rate, self.channels);
        self.first.clear();
        self.last_was_damaged = false;
        let out = &mut self.first;
        let found = match &mut self.source {
            Source::Wav(wav) => {
                let sought = wav.seek(frame);
                sought.map_err(|error| unreadable(&self.path, error))?;
                true
            }
            Source::Coded(coded) => {
                let seek = || coded.seek(frame, rate, channels, out);
                catch_unwind(AssertUnwindSafe(seek)).unwrap_or(false)
            }
        };
        if found {
            Ok(())
        } else {
            self.read_up_to(frame)
        }
    }

    /// How many frames can be read, whatever is stated: found out without decoding more than the end, where the format
    /// can be searched. Goes back to the first frame.
    ///
    /// # Errors
    /// As [`AudioFile::rewind`].
    pub fn count_frames(&mut self) -> Result<u64, FileError> {
        let coded = match &mut self.source {
            Source::Coded(coded) => coded,
            Source::Wav(wav) => {
                let frames = wav.count_frames();
                let frames = frames.map_err(|error| unreadable(&self.path, error))?;
                self.seek(0)?;
                return Ok(frames);
            }
        };
        let (rate, channels) = (self.rate, self.channels);
        let stated = self.total_frames.filter(|_| coded.states_frames());
        let mut part = Vec::new();
        // Of the last packet that is there; of all packets where it is not found.
        let find = || {
            let mut has = |frame| coded.seek(frame, rate, channels, &mut part);
            let last = stated.map(|frames| frames.saturating_sub(1));
            last.filter(|last| has(*last)).or_else(|| {
                let last = coded.last_packet(rate)?;
                coded.seek(last, rate, channels, &mut part).then_some(last)
            })
        };
        let last = catch_unwind(AssertUnwindSafe(find)).unwrap_or(None);
        let mut frames = 0;
        match last {
            Some(last) => {
                frames = last;
                self.first = part;
            }
            None => self.rewind()?,
        }
        let mut packet = Vec::new();
        // What cannot be read does not count.
        while let Ok(more @ 1..) = self.read(&mut packet) {
            frames += more as u64;
            packet.clear();
        }
        self.rewind()?;
        Ok(frames)
    }

    /// Goes to a frame by reading everything before it.
    fn read_up_to(&mut self, frame: u64) -> Result<(), FileError> {
        self.rewind()?;
        let (mut at, mut packet) = (0_u64, Vec::new());
        while at < frame {
            packet.clear();
            let frames = self.read(&mut packet)? as u64;
            if frames == 0 {
                return Ok(());
            }
            if at + frames > frame {
                packet.drain(..(frame - at) as usize * self.channels as usize);
                self.first = packet;
                return Ok(());
            }
            at += frames;
        }
        Ok(())
    }

    /// Goes back to the first frame, by opening the file again.
    ///
    /// # Errors
    /// As [`AudioFile::open`]; [`FileError::Changes`] when the file was replaced by another format.
    pub fn rewind(&mut self) -> Result<(), FileError> {
        let fresh = Self::open(&self.path)?;
        if (fresh.rate, fresh.channels) != (self.rate, self.channels) {
            let name = |file: &Self| format!("{} channels at {} Hz", file.channels, file.rate);
            return Err(FileError::Changes {
                path: self.path.clone(),
                from: name(self),
                to: name(&fresh),
            });
        }
        *self = fresh;
        Ok(())
    }
}

fn unreadable(path: &Path, message: impl fmt::Display) -> FileError {
    FileError::Read {
        path: path.to_path_buf(),
        message: message.to_string(),
    }
}

/// Decodes a whole file, up to `max_bytes` of f32 samples.
///
/// # Errors
/// As [`AudioFile::open`] and [`AudioFile::read`]; [`FileError::TooLong`] above the limit.
pub fn decode_all(path: &Path, max_bytes: u64) -> Result<Decoded, FileError> {
    let mut file = AudioFile::open(path)?;
    let mut interleaved = Vec::new();
    while file.read(&mut interleaved)? > 0 {
        if interleaved.len() as u64 * 4 > max_bytes {
            return Err(FileError::TooLong {
                path: path.to_path_buf(),
                max_bytes,
            });
        }
    }
    Ok(Decoded {
        rate: file.rate,
        channels: file.channels,
        interleaved,
    })
}

/// What became of one packet.
enum Step {
    Decoded {
        rate: u32,
        channels: u32,
        frames: usize,
    },
    /// Not decodable; its length in frames where it states one.
    Damaged(u64),
    Skip,
    End,
    Failed(String),
}

impl WavFile {
    /// The next frames.
    fn step(&mut self, out: &mut Vec<f32>) -> Step {
        out.clear();
        match self.read(out) {
            Ok(0) => Step::End,
            Ok(frames) => Step::Decoded {
                rate: self.rate,
                channels: u32::from(self.channels),
                frames,
            },
            Err(error) => Step::Failed(error.to_string()),
        }
    }
}
