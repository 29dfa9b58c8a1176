//! Why a recording could not start or continue.

use std::io;
use std::path::{Path, PathBuf};

use soundfall_ring::ReadError;

/// Every text is one line: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file's ending names no format.
    #[error("{}: end the name in .wav or .flac", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is there already.
    #[error("{}: exists already; choose another name or ask to overwrite it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The format holds fewer channels.
    #[error("{}: FLAC holds at most {max} channels, the ring has {channels}; record to .wav", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// Channels of the ring.
        channels: u32,
        /// Largest count allowed.
        max: u32,
    },
    /// No room is left.
    #[error("{}: the disk is full; make room or record elsewhere, what was written until now can be read", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no longer where it was made.
    #[error("{}: somebody removed, moved or replaced it while it was recorded; the sound went on into the file as it was opened, wherever that is now", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
    },
    /// The file became shorter while it was written.
    #[error("{}: somebody cut it off while it was recorded; what is left can be read", path.display())]
    CutOff {
        /// The file.
        path: PathBuf,
    },
    /// FLAC states rates up to a limit.
    #[error("{}: FLAC holds rates of at most {max} Hz, the ring has {rate} Hz; record to .wav", path.display())]
    Rate {
        /// The file.
        path: PathBuf,
        /// Rate of the ring in Hz.
        rate: u32,
        /// Highest rate allowed, in Hz.
        max: u32,
    },
    /// The span to save is empty.
    #[error("frames {start} to {end}: an empty span; give a later end")]
    EmptySpan {
        /// First frame.
        start: u64,
        /// Frame after the last one.
        end: u64,
    },
    /// A part of the span is not in the ring, or went while it was saved.
    #[error("frames {start} to {end}: the ring holds {oldest} to {newest}; choose a span inside")]
    SpanGone {
        /// First frame.
        start: u64,
        /// Frame after the last one.
        end: u64,
        /// Oldest frame in the ring.
        oldest: u64,
        /// Frame after the newest one.
        newest: u64,
    },
    /// The ring cannot be read.
    #[error("the ring cannot be read on: {0}")]
    Ring(ReadError),
    /// The capture has ended and its ring is gone.
    #[error("the capture has ended and left no ring; there is nothing to record")]
    Over,
    /// A fault of ours.
    #[error("{}: the recording failed by a fault of this program; what was written until then can be read", path.display())]
    Panicked {
        /// The file.
        path: PathBuf,
    },
    /// The thread could not be started.
    #[error("cannot start the recording thread: {source}; the machine is out of threads or memory")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
}

impl RecordError {
    /// Sorts what the system says about a file.
    pub(super) fn file(path: &Path, action: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::DiskFull { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::File {
                path,
                action,
                source,
            },
        }
    }
}
