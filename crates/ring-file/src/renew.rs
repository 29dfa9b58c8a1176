//! The loss of a ring's file under its writer, and the new ring that takes its place. Never
//! overwrites a file that somebody else put there.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use soundfall_ring::RingFormat;

use crate::create::{FileRingWriter, Made, make_at, split};
use crate::error::CreateError;
use crate::mapped::check_size;

/// What became of the file that a writer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RingLoss {
    /// It was cut off. What is written since then goes nowhere, and its readers see an error.
    Truncated,
    /// Somebody else wrote into it. Its readers see another ring, or none.
    Overwritten,
    /// Nothing lies at its path: it was removed or moved. Those who have it open read on.
    Removed,
    /// Another file lies at its path. Those who have it open read on.
    Replaced,
}

impl fmt::Display for RingLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "was truncated",
            Self::Overwritten => "was overwritten",
            Self::Removed => "was removed",
            Self::Replaced => "was replaced by another file",
        })
    }
}

/// A new ring in the place of one that was lost: what it takes to make it, on any thread.
#[derive(Clone, Debug)]
pub struct Renewal {
    path: PathBuf,
    format: RingFormat,
    label: String,
    /// Device and inode of the lost file, which may still lie at the path.
    lost: (u64, u64),
}

/// A new ring, for [`FileRingWriter::adopt`].
#[derive(Debug)]
pub struct NewRing(pub(crate) Made);

impl FileRingWriter {
    /// What became of the file, if it is not as it was made. Two system calls.
    pub fn loss(&self) -> Option<RingLoss> {
        let bytes = self.format().total_bytes();
        if self.is_lost() || check_size(self.file(), bytes).is_err() {
            return Some(RingLoss::Truncated);
        }
        if !self.owns_header() {
            return Some(RingLoss::Overwritten);
        }
        match identity_at(self.path()) {
            Ok(Some(there)) if there != self.identity() => Some(RingLoss::Replaced),
            Ok(None) => Some(RingLoss::Removed),
            _ => None,
        }
    }

    /// What a new ring in this one's place takes: the same path, format and label. The writer may go
    /// on meanwhile.
    pub fn renewal(&self) -> Renewal {
        Renewal {
            path: self.path().to_owned(),
            format: *self.format(),
            label: self.label().to_owned(),
            lost: self.identity(),
        }
    }

    /// Goes over to a new ring, from frame 0; the old one is closed. The lock stays.
    pub fn adopt(&mut self, new: NewRing) {
        self.close();
        self.replace(new.0);
        self.heartbeat_now();
    }
}

impl Renewal {
    /// Makes the new ring, as [`create`](crate::create) does: whole or not at all. Makes no folders.
    ///
    /// # Errors
    /// [`CreateError`]; [`CreateError::Taken`] where somebody else's file lies at the path.
    pub fn make(&self) -> Result<NewRing, CreateError> {
        let (dir, name) = split(&self.path)?;
        self.refuse_others()?;
        let made = make_at(dir, name, &self.path, self.format, &self.label, || {
            self.refuse_others()
        })?;
        Ok(NewRing(made))
    }

    /// True where the lost file still lies there.
    fn refuse_others(&self) -> Result<bool, CreateError> {
        let path = || self.path.clone();
        match identity_at(&self.path) {
            Ok(Some(there)) if there != self.lost => Err(CreateError::Taken { path: path() }),
            Ok(there) => Ok(there.is_some()),
            Err(source) => Err(CreateError::System {
                action: "examine",
                path: path(),
                source,
            }),
        }
    }
}

/// Device and inode of what lies at a path, links not followed; `None` for nothing.
fn identity_at(path: &Path) -> std::io::Result<Option<(u64, u64)>> {
    match path.symlink_metadata() {
        Ok(meta) => Ok(Some((meta.dev(), meta.ino()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
