//! The audio file that is written: its format, its frames, its header.
//!
//! Frames go in interleaved. It never reads a ring.

use std::fs::{File, OpenOptions};
use std::io;
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
}

enum Kind {
    Wav(Wav),
    Flac(Box<Flac>),
}

impl Encoder {
    /// Makes the file.
    pub(super) fn create(
        path: &Path,
        overwrite: bool,
        channels: u32,
        rate: u32,
    ) -> Result<Self, RecordError> {
        // Refused before anything is made.
        Self::format_of(path, channels)?;
        let file = open(path, overwrite).map_err(|e| RecordError::file(path, "make it", e))?;
        Self::begin(file, path, channels, rate)
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

    /// Appends silence.
    pub(super) fn write_silence(&mut self, mut frames: u64) -> Result<(), RecordError> {
        let zeros = vec![0.0; 4096 * self.channels];
        while frames > 0 {
            let part = frames.min(4096);
            self.write(&zeros[..part as usize * self.channels])?;
            frames -= part;
        }
        Ok(())
    }

    /// Brings the header up to date: from here on a reader finds what was written so far.
    pub(super) fn update_header(&mut self) -> Result<(), RecordError> {
        self.header_frames = self.frames;
        match &mut self.kind {
            Kind::Wav(wav) => wav.update_header(),
            Kind::Flac(flac) => flac.update_header(),
        }
        .map_err(|e| RecordError::file(&self.path, "write its header", e))
    }

    /// Completes the file.
    pub(super) fn finish(&mut self) -> Result<(), RecordError> {
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

    /// The format that the ending says, where it holds so many channels.
    fn format_of(path: &Path, channels: u32) -> Result<AudioFormat, RecordError> {
        let format = AudioFormat::of(path)?;
        if format == AudioFormat::Flac && channels > Flac::MAX_CHANNELS {
            return Err(RecordError::Channels {
                path: path.to_path_buf(),
                channels,
                max: Flac::MAX_CHANNELS,
            });
        }
        Ok(format)
    }

    /// Begins in an open, empty file; `path` says the format, and names it in errors.
    pub(super) fn begin(
        file: File,
        path: &Path,
        channels: u32,
        rate: u32,
    ) -> Result<Self, RecordError> {
        let kind = match Self::format_of(path, channels)? {
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
        })
    }
}

fn open(path: &Path, overwrite: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    if overwrite {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path)
}
