//! Opening a ring file for reading. Never takes a lock, never writes, never maps a file that
//! somebody else could truncate, never follows a link at the path.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;
use soundfall_ring::{Header, HeaderError, RingReader, SharedRing};

use crate::bus::Lost;
use crate::error::{OpenError, unusual};
use crate::mapped::{MappedStorage, check_size};
use crate::pread::PreadStorage;

/// How the samples of a ring file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Access {
    /// Through a read-only mapping.
    Mapped,
    /// With `pread`: the ring belongs to another user, others may write to it, the caller asked
    /// for it, or dozens of rings are mapped already.
    Pread,
}

/// A ring file that is open for reading.
#[non_exhaustive]
pub struct OpenRing {
    /// The ring; stays readable when the file at `path` is replaced or removed.
    pub ring: SharedRing,
    /// Where it was found.
    pub path: PathBuf,
    /// How it is read.
    pub access: Access,
    file: Arc<File>,
    lost: Lost,
    /// Device and inode; the open file keeps the inode from being used anew.
    identity: (u64, u64),
}

impl std::fmt::Debug for OpenRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenRing")
            .field("path", &self.path)
            .field("access", &self.access)
            .field("format", self.ring.format())
            .finish_non_exhaustive()
    }
}

impl OpenRing {
    /// Whether the path now leads to another file: a writer started anew, open it again. A path
    /// that leads nowhere is not a replacement.
    pub fn is_replaced(&self) -> bool {
        self.path
            .symlink_metadata()
            .is_ok_and(|meta| (meta.dev(), meta.ino()) != self.identity)
    }

    /// Whether the file became smaller than the ring in it, now or during a read. Open it again,
    /// or wait for a new ring at its path.
    pub fn shrunk(&self) -> bool {
        self.lost.is_lost() || check_size(&self.file, self.ring.format().total_bytes()).is_err()
    }

    /// Size of the file in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |meta| meta.len())
    }
}

/// Opens the ring at `path` for reading. With `safe_read` it is read with `pread` in any case.
///
/// # Errors
/// [`OpenError`], whatever lies at the path.
pub fn open(path: &Path, safe_read: bool) -> Result<OpenRing, OpenError> {
    let file = Arc::new(open_file(path)?);
    let system = |action, source| OpenError::System {
        action,
        path: path.to_owned(),
        source,
    };
    let meta = file.metadata().map_err(|e| system("examine", e))?;
    let header_error = |source| OpenError::Header {
        path: path.to_owned(),
        source,
    };

    // The header is read with `pread` first: a mapping is made only of what is known to be there.
    let careful = PreadStorage::new(Arc::clone(&file), meta.len() / 8);
    let header = Header::parse(&careful).map_err(header_error)?;
    let words = header.format.total_words();
    let bytes = usize::try_from(header.format.total_bytes()).ok();

    let ours = meta.uid() == rustix::process::geteuid().as_raw();
    let writable_by_others = meta.mode() & 0o022 != 0;
    let mapped = match bytes {
        Some(bytes) if ours && !writable_by_others && !safe_read => {
            MappedStorage::map(Arc::clone(&file), bytes).map_err(|source| system("map", source))?
        }
        _ => None,
    };
    let lost = mapped.as_ref().map(|storage| storage.lost().clone());
    let (ring, access): (SharedRing, Access) = if let Some(storage) = mapped {
        let reader = RingReader::new(storage).map_err(header_error)?;
        (Arc::new(reader), Access::Mapped)
    } else {
        let storage = PreadStorage::new(Arc::clone(&file), words);
        let reader = RingReader::new(storage).map_err(header_error)?;
        (Arc::new(reader), Access::Pread)
    };
    Ok(OpenRing {
        ring,
        path: path.to_owned(),
        access,
        file,
        lost: lost.unwrap_or_default(),
        identity: (meta.dev(), meta.ino()),
    })
}

/// Whether the file at `path` is a ring or at least starts like one (damaged, cut off, a later
/// version).
pub(crate) fn looks_like_ring(path: &Path) -> Result<bool, OpenError> {
    let file = open_file(path)?;
    let words = file.metadata().map_or(0, |meta| meta.len() / 8);
    let parsed = Header::parse(&PreadStorage::new(Arc::new(file), words));
    Ok(!matches!(
        parsed,
        Err(HeaderError::NotARing(_) | HeaderError::TooShort(_) | HeaderError::Storage(_))
    ))
}

/// Opens a regular file for reading, without waiting (a pipe) and without following a link.
fn open_file(path: &Path) -> Result<File, OpenError> {
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let not_a_file = |what| OpenError::NotAFile {
        path: path.to_owned(),
        what,
    };
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT | Errno::NOTDIR => OpenError::NotFound {
            path: path.to_owned(),
        },
        Errno::LOOP => not_a_file("a symbolic link"),
        Errno::NXIO => not_a_file("a socket or pipe"),
        other => OpenError::System {
            action: "open",
            path: path.to_owned(),
            source: other.into(),
        },
    })?;
    let stat = rustix::fs::fstat(&file).map_err(|errno| OpenError::System {
        action: "examine",
        path: path.to_owned(),
        source: errno.into(),
    })?;
    match unusual(FileType::from_raw_mode(stat.st_mode)) {
        Some(what) => Err(not_a_file(what)),
        None => Ok(file.into()),
    }
}
