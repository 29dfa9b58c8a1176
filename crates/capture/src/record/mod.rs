//! Recording: what is captured goes into an audio file, live or a span of the history.
//!
//! A live recording gets every block from the writer of the capture before the ring does, so it is whole whatever
//! becomes of the ring. Its file is written on a thread of its own: a slow or full disk never disturbs the capture. Never
//! overwrites a file unless asked to.
//!
//! | file | samples | limits |
//! |---|---|---|
//! | `.wav` | 32-bit float, as they are in the ring | none: beyond 4 GiB the header becomes RF64 (EBU Tech 3306) |
//! | `.flac` | 24-bit, rounded; what is beyond ±1 is clipped and counted; compressed by fixed predictors | 8 channels |
//!
//! Time stays true: gaps are silence in the file, and so is what a disk was too slow for. Both are reported. Silence of
//! hours takes no time: a WAV file gets a hole (which takes no room where the file system has holes), a FLAC file blocks
//! of one value, and no checksum of the whole where the silence is longer than a gigabyte of samples.
//! The header is brought up to date about once a second, so that a file whose program died can be read up to there.

mod encoder;
mod error;
pub(crate) mod feed;
mod flac;
mod recorder;
mod span;
mod wav;

use std::path::PathBuf;

use soundfall_ring::GapReason;

pub use encoder::AudioFormat;
pub use error::RecordError;
pub use recorder::Recorder;
pub use span::{save_span, save_span_into};

/// What to record and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordConfig {
    /// The file; its ending, `.wav` or `.flac`, says the format.
    pub path: PathBuf,
    /// Replace a file that is there.
    pub overwrite: bool,
    /// First frame (absolute); `None` is the live edge. A frame that is already gone from the ring is silence.
    pub from_frame: Option<u64>,
}

impl RecordConfig {
    /// From now on, into a new file.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            overwrite: false,
            from_frame: None,
        }
    }
}

/// Something that happened while recording. Frames count from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordEvent {
    /// Sound that was lost before it reached the ring; silence stands in for it.
    Gap {
        /// Its first frame in the file.
        at_frame: u64,
        /// Length in frames.
        length_frames: u64,
        /// Why.
        reason: GapReason,
    },
    /// The file could not be written as fast as the ring went round; silence stands in for what was overwritten.
    Overrun {
        /// First frame of the silence in the file.
        at_frame: u64,
        /// Length in frames.
        length_frames: u64,
    },
    /// The ring's writer ended; the file is complete.
    WriterEnded,
    /// Somebody removed, moved or replaced the file. It is written on as it was opened.
    FileMoved {
        /// What, in one line.
        message: String,
    },
    /// The file takes no more (a full disk). It is complete up to there; the capture goes on.
    Failed {
        /// What, in one line.
        message: String,
    },
}

/// Numbers of a recording so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordStats {
    /// Frames in the file.
    pub frames: u64,
    /// Gaps of the ring in it.
    pub gaps: u64,
    /// Frames of silence in place of lost ones: gaps and overruns.
    pub lost_frames: u64,
    /// Samples that were clipped (FLAC).
    pub clipped: u64,
    /// Nothing more is written: it was stopped, the writer ended, or it failed.
    pub finished: bool,
}

/// A finished recording.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The file.
    pub path: PathBuf,
    /// Absolute frame of the ring that is the file's first one.
    pub first_frame: u64,
    /// The numbers.
    pub stats: RecordStats,
    /// What ended it before its time.
    pub failure: Option<RecordError>,
}
