//! Creating a ring file and writing to it. Never truncates or reuses a file that a reader may
//! have mapped, never overwrites anything that is not a ring, never leaves a half-made file.

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use soundfall_ring::{Extension, RingFormat, RingWriter};

use crate::error::{CreateError, OpenError, unusual};
use crate::folder::{Folder, FolderError};
use crate::lock::RingLock;
use crate::mapped::MappedWriteStorage;
use crate::mark::Lost;
use crate::open::looks_like_ring;
use crate::place::is_private_place;
use crate::status::unix_now_ns;
use crate::temp::{TempFile, allocate, no_room, random, remove_leftovers};

/// What ring to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOptions {
    /// Where; see [`crate::default_path`]. Missing directories are made, for this user only.
    pub path: PathBuf,
    /// Its fixed facts.
    pub format: RingFormat,
    /// Name of the source, up to 256 bytes.
    pub label: String,
}

/// The one writer of a ring file.
///
/// Use it like the [`RingWriter`] it derefs to: write blocks, and call
/// [`heartbeat`](FileRingWriter::heartbeat_now) at least every 250 ms. Dropping it closes the ring
/// and releases the lock; the file stays, so that its history can still be read.
#[derive(Debug)]
pub struct FileRingWriter {
    writer: RingWriter<MappedWriteStorage>,
    path: PathBuf,
    lost: Lost,
    // Last: released after the ring is closed.
    _lock: RingLock,
}

impl FileRingWriter {
    /// Where the ring lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the ring's file was truncated under this writer, also where it has grown again. What
    /// was written before, and what is written since, is gone: drop this writer and create a new
    /// ring.
    pub fn is_lost(&self) -> bool {
        self.lost.is_lost()
    }

    /// Gives a sign of life with the time of now.
    pub fn heartbeat_now(&self) {
        self.writer.heartbeat(unix_now_ns());
    }
}

impl Deref for FileRingWriter {
    type Target = RingWriter<MappedWriteStorage>;
    fn deref(&self) -> &Self::Target {
        &self.writer
    }
}

impl DerefMut for FileRingWriter {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.writer
    }
}

impl Drop for FileRingWriter {
    fn drop(&mut self) {
        // A writer that panics is no clean close: readers shall find it dead.
        if !std::thread::panicking() {
            self.writer.close();
        }
    }
}

/// Creates a ring file and becomes its writer. A ring that lies at the path is replaced by a new
/// file; readers of the old one keep it until they check again.
///
/// # Errors
/// [`CreateError`]; then nothing was left behind and nothing overwritten.
pub fn create(options: &CreateOptions) -> Result<FileRingWriter, CreateError> {
    let path = options.path.as_path();
    let (dir, name) = split(path)?;
    make_dir(dir)?;
    refuse_occupied(path)?;
    let lock = RingLock::take(path)?;
    refuse_occupied(path)?;
    remove_leftovers(dir, name);

    let temp = TempFile::create(dir, name)?;
    let bytes = options.format.total_bytes();
    allocate(&temp, dir, bytes)?;
    let too_large = || no_room(dir, bytes);
    let storage =
        MappedWriteStorage::map(&temp.file, usize::try_from(bytes).map_err(|_| too_large())?)
            .map_err(|source| temp.error("map", source))?;
    let lost = storage.lost();
    let extension = Extension {
        epoch: random().map_err(|source| temp.error("find a random number for", source))?,
        start_unix_ns: unix_now_ns(),
        label: options.label.clone(),
        writer_pid: std::process::id(),
    };
    let writer = RingWriter::create(storage, &options.format, &extension)?;
    temp.rename(path)?;
    Ok(FileRingWriter {
        writer,
        path: path.to_owned(),
        lost,
        _lock: lock,
    })
}

/// The directory and the file name of a path.
fn split(path: &Path) -> Result<(&Path, &OsStr), CreateError> {
    let name = path.file_name().ok_or_else(|| CreateError::NoFileName {
        path: path.to_owned(),
    })?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    Ok((dir, name))
}

/// Makes the directory and what leads to it, for this user only. One that is this user's alone by
/// its name has to be that.
fn make_dir(dir: &Path) -> Result<(), CreateError> {
    let error = |source| CreateError::Directory {
        path: dir.to_owned(),
        source,
    };
    // A link in its place would be followed.
    let private = is_private_place(dir);
    let there = dir.symlink_metadata().is_ok();
    if !(private && there) {
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(dir);
        made.map_err(error)?;
    }
    if !private {
        return Ok(());
    }
    match Folder::open_private(dir) {
        Ok(_) => Ok(()),
        Err(FolderError::NotPrivate(why)) => Err(CreateError::NotPrivate {
            path: dir.to_owned(),
            why,
        }),
        Err(FolderError::System(errno)) => Err(error(errno.into())),
    }
}

/// Refuses a path at which something other than a ring lies.
fn refuse_occupied(path: &Path) -> Result<(), CreateError> {
    let stat = match rustix::fs::lstat(path) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => {
            return Err(CreateError::System {
                action: "examine",
                path: path.to_owned(),
                source: errno.into(),
            });
        }
    };
    if let Some(what) = unusual(rustix::fs::FileType::from_raw_mode(stat.st_mode)) {
        return Err(CreateError::Occupied {
            path: path.to_owned(),
            what,
        });
    }
    match looks_like_ring(path) {
        // Gone meanwhile: its writer replaced or its owner removed it.
        Ok(true) | Err(OpenError::NotFound { .. }) => Ok(()),
        Ok(false) => Err(CreateError::NotOurs {
            path: path.to_owned(),
        }),
        Err(source) => Err(CreateError::Unreadable(source)),
    }
}
