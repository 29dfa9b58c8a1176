//! Opening a ring file for reading. Never takes a lock, never writes, never maps a file that
//! somebody else could truncate, never follows a link at the path.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;
use soundfall_ring::{Header, HeaderError, ReadError, RingReader, SharedRing};

use crate::error::{OpenError, unusual};
use crate::folder::{Folder, FolderError, check_owner};
use crate::mapped::{MappedStorage, check_size};
use crate::mark::Lost;
use crate::pread::PreadStorage;
use crate::witness::Witness;

/// How the samples of a ring file are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Access {
    /// Through a read-only mapping.
    Mapped,
    /// With `pread`: the ring belongs to another user, others may write to it, most of its file is holes, the
    /// caller asked for it, or dozens of rings are mapped already.
    Pread,
}

/// Where a ring that was opened stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// The path leads to it, and it is whole.
    There,
    /// Another file lies at the path: a writer was started anew. Open it again.
    Replaced,
    /// The same file, in which another ring begins: it was written over from its beginning, or cut
    /// off and grown again. Open it again.
    Restarted,
    /// The file cannot be read to its end any more: it was cut off, or its medium fails.
    Broken(ReadError),
    /// Nothing lies at the path; the file that is open still gives its sound.
    Deleted,
}

/// How a ring's path came about, and so what may lie there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// The user gave it: any ring.
    Given,
    /// It was looked for: only a ring of this user's alone. In a folder of this user's alone, if so
    /// it says.
    Found { private: bool },
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
    trust: Trust,
    safe_read: bool,
    witness: Witness,
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
    /// Where the ring stands now. To be asked now and then, some times a second: a ring of the base
    /// format that was written over from its beginning is told from the old one by its sequence, or
    /// by what lies where nothing can have changed since the last time.
    pub fn standing(&mut self) -> Standing {
        match self.path.symlink_metadata() {
            Ok(meta) if (meta.dev(), meta.ino()) != self.identity => return Standing::Replaced,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Standing::Deleted,
            _ => {}
        }
        match self.ring.check() {
            Ok(()) if self.witness.agrees(&*self.ring) => Standing::There,
            Ok(()) | Err(ReadError::Replaced) => Standing::Restarted,
            // Whole again: what was behind the cut is not.
            Err(_) if !self.is_short() && self.reads() => Standing::Restarted,
            Err(error) => Standing::Broken(error),
        }
    }

    /// Opens what lies at the path now, under the same conditions.
    ///
    /// # Errors
    /// [`OpenError`], whatever lies there.
    pub fn reopen(&self) -> Result<Self, OpenError> {
        open_trusting(&self.path, self.safe_read, self.trust)
    }

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
        self.lost.is_lost() || self.is_short()
    }

    fn is_short(&self) -> bool {
        check_size(&self.file, self.ring.format().total_bytes()).is_err()
    }

    /// Whether the medium gives the header.
    fn reads(&self) -> bool {
        let words = self.file.metadata().map_or(0, |meta| meta.len() / 8);
        let header = Header::parse(&PreadStorage::new(Arc::clone(&self.file), words));
        !matches!(header, Err(HeaderError::Storage(_)))
    }

    /// Size of the file in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |meta| meta.len())
    }

    /// How much of the file the file system stores, in bytes; the rest are holes, which read as
    /// zeros. Nothing where it does not say.
    pub fn stored_bytes(&self) -> Option<u64> {
        stored_bytes(&self.file)
    }

    /// Whether far more sound is said to be written than the file system stores: no working writer
    /// wrote it.
    pub fn is_hollow(&self) -> bool {
        is_hollow(&self.file, &self.ring)
    }
}

fn stored_bytes(file: &File) -> Option<u64> {
    let blocks = file.metadata().ok()?.blocks();
    // A header is never all holes: there are file systems that always say 0.
    (blocks > 0).then(|| blocks.saturating_mul(512))
}

/// Less than a quarter is stored of what is said to be written, header aside.
fn is_hollow(file: &File, ring: &SharedRing) -> bool {
    let format = ring.format();
    let frames = ring.written_frames().min(format.capacity_frames);
    let written = frames
        .saturating_mul(format.channels.into())
        .saturating_mul(8);
    stored_bytes(file).is_some_and(|stored| stored < written / 4)
}

/// Opens the ring at `path`, which the user gave, for reading. With `safe_read` it is read with
/// `pread` in any case.
///
/// # Errors
/// [`OpenError`], whatever lies at the path.
pub fn open(path: &Path, safe_read: bool) -> Result<OpenRing, OpenError> {
    open_trusting(path, safe_read, Trust::Given)
}

/// Opens the ring at `path`, which nobody gave, if it is of this user alone; so must its folder be,
/// if `private`.
pub(crate) fn open_found(
    path: &Path,
    safe_read: bool,
    private: bool,
) -> Result<OpenRing, OpenError> {
    open_trusting(path, safe_read, Trust::Found { private })
}

fn open_trusting(path: &Path, safe_read: bool, trust: Trust) -> Result<OpenRing, OpenError> {
    let file = match trust {
        Trust::Given => open_file(path)?,
        Trust::Found { private } => open_in_own_folder(path, private)?,
    };
    let file = Arc::new(regular(file, path)?);
    let system = |action, source| OpenError::System {
        action,
        path: path.to_owned(),
        source,
    };
    let meta = file.metadata().map_err(|e| system("examine", e))?;
    let stat = rustix::fs::fstat(&file).map_err(|errno| system("examine", errno.into()))?;
    let ours = check_owner(&stat);
    if let (Trust::Found { .. }, Err(why)) = (trust, ours) {
        return Err(OpenError::NotOurs {
            path: path.to_owned(),
            why,
        });
    }
    let header_error = |source| OpenError::Header {
        path: path.to_owned(),
        source,
    };

    // The header is read with `pread` first: a mapping is made only of what is known to be there.
    let careful = PreadStorage::new(Arc::clone(&file), meta.len() / 8);
    let header = Header::parse(&careful).map_err(header_error)?;
    let words = header.format.total_words();
    let bytes = usize::try_from(header.format.total_bytes()).ok();

    let storage = PreadStorage::new(Arc::clone(&file), words);
    let careful: SharedRing = Arc::new(RingReader::new(storage).map_err(header_error)?);
    // Reading holes through a mapping makes a memory file system fill them.
    let mapped = match bytes {
        Some(bytes) if ours.is_ok() && !safe_read && !is_hollow(&file, &careful) => {
            MappedStorage::map(Arc::clone(&file), bytes).map_err(|source| system("map", source))?
        }
        _ => None,
    };
    let lost = mapped.as_ref().map(|storage| storage.lost().clone());
    let (ring, access): (SharedRing, Access) = if let Some(storage) = mapped {
        let reader = RingReader::new(storage).map_err(header_error)?;
        (Arc::new(reader), Access::Mapped)
    } else {
        (careful, Access::Pread)
    };
    Ok(OpenRing {
        ring,
        path: path.to_owned(),
        access,
        file,
        lost: lost.unwrap_or_default(),
        identity: (meta.dev(), meta.ino()),
        trust,
        safe_read,
        witness: Witness::default(),
    })
}

/// Whether the file at `path` is a ring or at least starts like one (damaged, cut off, a later
/// version).
pub(crate) fn looks_like_ring(path: &Path) -> Result<bool, OpenError> {
    let file = regular(open_file(path)?, path)?;
    let words = file.metadata().map_or(0, |meta| meta.len() / 8);
    let parsed = Header::parse(&PreadStorage::new(Arc::new(file), words));
    Ok(!matches!(
        parsed,
        Err(HeaderError::NotARing(_) | HeaderError::TooShort(_) | HeaderError::Storage(_))
    ))
}

/// For reading, without waiting (a pipe).
const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// Opens the file at `path` without following a link there.
fn open_file(path: &Path) -> Result<OwnedFd, OpenError> {
    rustix::fs::open(path, FLAGS | OFlags::NOFOLLOW, Mode::empty())
        .map_err(|errno| refused(errno, path))
}

/// Opens the file by way of its folder, which is looked at first, if it has to be private.
fn open_in_own_folder(path: &Path, private: bool) -> Result<OwnedFd, OpenError> {
    let not_found = || OpenError::NotFound {
        path: path.to_owned(),
    };
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(not_found());
    };
    let folder = if private {
        Folder::open_private(dir)
    } else {
        Folder::open(dir)
    };
    let folder = folder.map_err(|error| match error {
        FolderError::NotPrivate(why) => OpenError::NotOurs {
            path: dir.to_owned(),
            why,
        },
        FolderError::System(Errno::NOENT) => not_found(),
        FolderError::System(errno) => refused(errno, dir),
    })?;
    folder
        .open_file(name, FLAGS)
        .map_err(|errno| refused(errno, path))
}

/// What the system's refusal to open something means.
fn refused(errno: Errno, path: &Path) -> OpenError {
    let path = path.to_owned();
    match errno {
        Errno::NOENT | Errno::NOTDIR => OpenError::NotFound { path },
        Errno::LOOP => OpenError::NotAFile {
            path,
            what: "a symbolic link",
        },
        Errno::NXIO => OpenError::NotAFile {
            path,
            what: "a socket or pipe",
        },
        other => OpenError::System {
            action: "open",
            path,
            source: other.into(),
        },
    }
}

/// The open file, if it is a regular one.
fn regular(file: OwnedFd, path: &Path) -> Result<File, OpenError> {
    let stat = rustix::fs::fstat(&file).map_err(|errno| OpenError::System {
        action: "examine",
        path: path.to_owned(),
        source: errno.into(),
    })?;
    match unusual(FileType::from_raw_mode(stat.st_mode)) {
        Some(what) => Err(OpenError::NotAFile {
            path: path.to_owned(),
            what,
        }),
        None => Ok(file.into()),
    }
}
