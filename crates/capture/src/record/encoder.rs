//! The audio file that is written: its format, its frames, its header.
//!
//! Frames go in interleaved. It never reads a ring.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::RecordError;
use super::flac::Flac;
use super::wav::Wav;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudioFormat {
    /// WAVE with 32-bit float samples.
    Wav,
    /// FLAC with 24-bit samples.
    Flac,
}

impl AudioFormat {
    /// The format that the ending of the name says.
    ///
    /// # Errors
    /// [`RecordError::UnknownFormat`].
    pub fn of(path: &Path) -> Result<Self, RecordError> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("wav" | "wave" | "rf64") => Ok(Self::Wav),
            Some("flac") => Ok(Self::Flac),
            _ => Err(RecordError::UnknownFormat {
                path: path.to_path_buf(),
            }),
        }
    }
}

/// A file being written.
pub(super) struct Encoder {
    path: PathBuf,
    kind: Kind,
    channels: usize,
    /// Frames between two headers.
    header_interval: u64,
    frames: u64,
    /// Frames when the header was last brought up to date.
    header_frames: u64,
    /// Device and inode of a file that is to stay at `path`.
    identity: Option<(u64, u64)>,
    moved: bool,
}

enum Kind {
    Wav(Wav),
    Flac(Box<Flac>),
}

impl Encoder {
    /// Makes the file. A file that cannot be made leaves nothing behind, and one that is to be overwritten is there until
    /// the new one has its header.
    pub(super) fn create(
        path: &Path,
        overwrite: bool,
        channels: u32,
        rate: u32,
    ) -> Result<Self, RecordError> {
        format_for(path, channels, rate)?;
        let new = NewFile::open(path, overwrite);
        let new = new.map_err(|e| RecordError::file(path, "make it", e))?;
        let mut encoder = new.begun(|file| Self::begin(file, path, channels, rate))?;
        // A device or pipe is no file that somebody could take away.
        let meta = encoder.file().metadata().ok();
        let meta = meta.filter(std::fs::Metadata::is_file);
        encoder.identity = meta.map(|meta| (meta.dev(), meta.ino()));
        Ok(encoder)
    }

    /// Begins in an open, empty file; `path` says the format, and names it in errors.
    pub(super) fn begin(
        file: File,
        path: &Path,
        channels: u32,
        rate: u32,
    ) -> Result<Self, RecordError> {
        let kind = match format_for(path, channels, rate)? {
            AudioFormat::Wav => Wav::create(file, channels, rate).map(Kind::Wav),
            AudioFormat::Flac => Flac::create(file, channels, rate)
                .map(Box::new)
                .map(Kind::Flac),
        };
        Ok(Self {
            kind: kind.map_err(|e| RecordError::file(path, "write it", e))?,
            path: path.to_path_buf(),
            channels: channels as usize,
            header_interval: u64::from(rate),
            frames: 0,
            header_frames: 0,
            identity: None,
            moved: false,
        })
    }

    /// Removes the file; never a device that was given as one.
    pub(super) fn discard(self) {
        let Self { path, kind, .. } = self;
        drop(kind);
        if path.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            std::fs::remove_file(path).ok();
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self) -> &File {
        match &self.kind {
            Kind::Wav(wav) => wav.file(),
            Kind::Flac(flac) => flac.file(),
        }
    }

    /// Whether the file was not at its path when that was last looked at.
    pub(super) fn is_moved(&self) -> bool {
        self.moved
    }

    /// Looks whether the file is where it was made, and has what was written.
    fn look(&mut self) -> Result<(), RecordError> {
        let Some(identity) = self.identity else {
            return Ok(());
        };
        let at_path = self.path.metadata();
        self.moved = !at_path.is_ok_and(|meta| (meta.dev(), meta.ino()) == identity);
        let written = match &self.kind {
            Kind::Wav(wav) => wav.bytes(),
            Kind::Flac(flac) => flac.bytes(),
        };
        match self.file().metadata() {
            Ok(meta) if meta.len() < written => Err(RecordError::CutOff {
                path: self.path.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Number of channels.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Frames taken so far.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Samples that were clipped.
    pub(super) fn clipped(&self) -> u64 {
        match &self.kind {
            Kind::Wav(_) => 0,
            Kind::Flac(flac) => flac.clipped(),
        }
    }

    /// Appends whole frames.
    pub(super) fn write(&mut self, interleaved: &[f32]) -> Result<(), RecordError> {
        let written = match &mut self.kind {
            Kind::Wav(wav) => wav.write(interleaved),
            Kind::Flac(flac) => flac.write(interleaved),
        };
        written.map_err(|e| RecordError::file(&self.path, "write it", e))?;
        self.frames += (interleaved.len() / self.channels) as u64;
        if self.frames - self.header_frames >= self.header_interval {
            self.update_header()?;
        }
        Ok(())
    }

    /// Appends silence. A long one takes little time and room: a WAV file gets a hole, FLAC blocks of one value.
    pub(super) fn write_silence(&mut self, frames: u64) -> Result<(), RecordError> {
        let written = match &mut self.kind {
            Kind::Wav(wav) => wav.write_silence(frames),
            Kind::Flac(flac) => flac.write_silence(frames),
        };
        written.map_err(|e| RecordError::file(&self.path, "write it", e))?;
        self.frames += frames;
        if self.frames - self.header_frames >= self.header_interval {
            self.update_header()?;
        }
        Ok(())
    }

    /// Brings the header up to date: from here on a reader finds what was written so far.
    pub(super) fn update_header(&mut self) -> Result<(), RecordError> {
        self.header_frames = self.frames;
        // First: the header of a file that was cut off says what is left.
        self.look()?;
        match &mut self.kind {
            Kind::Wav(wav) => wav.update_header(),
            Kind::Flac(flac) => flac.update_header(),
        }
        .map_err(|e| RecordError::file(&self.path, "write its header", e))
    }

    /// Completes the file.
    pub(super) fn finish(&mut self) -> Result<(), RecordError> {
        self.look()?;
        match &mut self.kind {
            Kind::Wav(wav) => wav.update_header(),
            Kind::Flac(flac) => flac.finish(),
        }
        .map_err(|e| RecordError::file(&self.path, "complete it", e))
    }

    /// After a failure: leaves what was written whole as a readable file.
    pub(super) fn salvage(&mut self) {
        match &mut self.kind {
            Kind::Wav(wav) => wav.salvage(),
            Kind::Flac(flac) => flac.salvage(),
        }
    }
}

/// The format that the ending says, where it holds so many channels at that rate.
fn format_for(path: &Path, channels: u32, rate: u32) -> Result<AudioFormat, RecordError> {
    let format = AudioFormat::of(path)?;
    if format == AudioFormat::Flac && channels > Flac::MAX_CHANNELS {
        return Err(RecordError::Channels {
            path: path.to_path_buf(),
            channels,
            max: Flac::MAX_CHANNELS,
        });
    }
    if format == AudioFormat::Flac && rate > Flac::MAX_RATE {
        return Err(RecordError::Rate {
            path: path.to_path_buf(),
            rate,
            max: Flac::MAX_RATE,
        });
    }
    Ok(format)
}

/// A file that is being made.
struct NewFile {
    file: File,
    /// What is removed if it comes to nothing.
    made: Option<PathBuf>,
    /// Where it goes once it has a header.
    goes_to: Option<PathBuf>,
}

impl NewFile {
    fn open(path: &Path, overwrite: bool) -> io::Result<Self> {
        if !overwrite {
            let file = File::create_new(path)?;
            return Ok(Self {
                file,
                made: Some(path.to_path_buf()),
                goes_to: None,
            });
        }
        // A link's target is what is meant; devices and pipes cannot be replaced by a file.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if let (true, Some(name)) = (target.is_file(), target.file_name()) {
            let mut beside = std::ffi::OsString::from(".");
            beside.push(name);
            beside.push(format!(".{}.part", std::process::id()));
            let beside = target.with_file_name(beside);
            // In a folder that takes no new file the old one is written over.
            if let Ok(file) = File::create_new(&beside) {
                return Ok(Self {
                    file,
                    made: Some(beside),
                    goes_to: Some(target),
                });
            }
        }
        let is_new = !path.exists();
        Ok(Self {
            file: File::create(path)?,
            made: is_new.then(|| path.to_path_buf()),
            goes_to: None,
        })
    }

    /// Writes the beginning and puts the file in its place; where that fails it is gone.
    fn begun(
        self,
        begin: impl FnOnce(File) -> Result<Encoder, RecordError>,
    ) -> Result<Encoder, RecordError> {
        let Self {
            file,
            made,
            goes_to,
        } = self;
        let begun = begin(file).and_then(|encoder| {
            if let (Some(made), Some(path)) = (&made, &goes_to) {
                std::fs::rename(made, path)
                    .map_err(|e| RecordError::file(path, "put it in its place", e))?;
            }
            Ok(encoder)
        });
        if let (Err(_), Some(made)) = (&begun, made) {
            std::fs::remove_file(made).ok();
        }
        begun
    }
}
