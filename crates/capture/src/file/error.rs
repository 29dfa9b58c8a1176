//! Errors of audio files.

use std::io;
use std::path::PathBuf;

/// Why a file cannot be played (further). Every text is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is not there or may not be read.
    #[error("{}: cannot open: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory, a pipe or another thing that is no file.
    #[error("{}: is not a regular file; give an audio file", path.display())]
    NotAFile {
        /// What was given.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("{}: is empty; give an audio file", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No known format.
    #[error("{}: not an audio file that can be read ({message}); known are WAV, FLAC, MP3, Ogg Vorbis, AAC/M4A", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        message: String,
    },
    /// The format is known, the codec within is not.
    #[error("{}: its codec is not supported ({message}); known are PCM, ADPCM, FLAC, MP3, Vorbis, AAC-LC", path.display())]
    UnsupportedCodec {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        message: String,
    },
    /// No track with sound, or one without a single frame.
    #[error("{}: has no sound in it", path.display())]
    NoAudio {
        /// The file.
        path: PathBuf,
    },
    /// Reading or decoding failed on the way.
    #[error("{}: cannot be read further: {message}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        message: String,
    },
    /// Rate or channels change within the file.
    #[error("{}: changes from {from} to {to} on the way; convert it to one format first", path.display())]
    Changes {
        /// The file.
        path: PathBuf,
        /// Format at the start.
        from: String,
        /// Format found later.
        to: String,
    },
    /// It would not fit into memory.
    #[error("{}: decoded, it is larger than {max_bytes} bytes; give a shorter span", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit in bytes of f32 samples.
        max_bytes: u64,
    },
}
