//! Creating a ring file and writing to it. Never truncates or reuses a file that a reader may
//! have mapped, never overwrites anything that is not a ring, never leaves a half-made file.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
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
    made: Made,
    path: PathBuf,
    label: String,
    // Last: released after the ring is closed.
    _lock: RingLock,
}

/// A ring file that was made.
#[derive(Debug)]
pub(crate) struct Made {
    writer: RingWriter<MappedWriteStorage>,
    lost: Lost,
    file: File,
    /// Device and inode; the open file keeps the inode from being used anew.
    identity: (u64, u64),
}

impl FileRingWriter {
    /// Where the ring lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the ring's file was truncated under this writer, also where it has grown again. What is
    /// written since then goes nowhere: see [`FileRingWriter::loss`] and [`FileRingWriter::renewal`].
    pub fn is_lost(&self) -> bool {
        self.made.lost.is_lost()
    }

    /// Gives a sign of life with the time of now.
    pub fn heartbeat_now(&self) {
        self.made.writer.heartbeat(unix_now_ns());
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn file(&self) -> &File {
        &self.made.file
    }

    /// Device and inode of the file.
    pub(crate) fn identity(&self) -> (u64, u64) {
        self.made.identity
    }

    pub(crate) fn replace(&mut self, made: Made) {
        self.made = made;
    }
}

impl Deref for FileRingWriter {
    type Target = RingWriter<MappedWriteStorage>;
    fn deref(&self) -> &Self::Target {
        &self.made.writer
    }
}

impl DerefMut for FileRingWriter {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.made.writer
    }
}

impl Drop for FileRingWriter {
    fn drop(&mut self) {
        // A writer that panics is no clean close: readers shall find it dead.
        if !std::thread::panicking() {
            self.made.writer.close();
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

    let made = make_at(dir, name, path, options.format, &options.label, || {
        refuse_occupied(path)
    })?;
    Ok(FileRingWriter {
        made,
        path: path.to_owned(),
        label: options.label.clone(),
        _lock: lock,
    })
}

/// Makes a ring under a temporary name and puts it at `path`, after a last look there that says whether there is a file
/// to be replaced. We hold the lock.
pub(crate) fn make_at(
    dir: &Path,
    name: &OsStr,
    path: &Path,
    format: RingFormat,
    label: &str,
    last_look: impl FnOnce() -> Result<bool, CreateError>,
) -> Result<Made, CreateError> {
    let temp = TempFile::create(dir, name)?;
    let bytes = format.total_bytes();
    allocate(&temp, dir, bytes)?;
    let too_large = || no_room(dir, bytes);
    let storage =
        MappedWriteStorage::map(&temp.file, usize::try_from(bytes).map_err(|_| too_large())?)
            .map_err(|source| temp.error("map", source))?;
    let lost = storage.lost();
    let extension = Extension {
        epoch: random().map_err(|source| temp.error("find a random number for", source))?,
        start_unix_ns: unix_now_ns(),
        label: label.to_owned(),
        writer_pid: std::process::id(),
    };
    let writer = RingWriter::create(storage, &format, &extension)?;
    let meta = temp.file.metadata();
    let meta = meta.map_err(|source| temp.error("examine", source))?;
    let replace = last_look()?;
    Ok(Made {
        writer,
        lost,
        file: temp.rename(path, replace)?,
        identity: (meta.dev(), meta.ino()),
    })
}

/// The directory and the file name of a path.
pub(crate) fn split(path: &Path) -> Result<(&Path, &OsStr), CreateError> {
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

/// Refuses a path at which something other than a ring lies; true where a ring does.
fn refuse_occupied(path: &Path) -> Result<bool, CreateError> {
    let stat = match rustix::fs::lstat(path) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(false),
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
        Ok(true) => Ok(true),
        // Gone meanwhile: its owner removed it.
        Err(OpenError::NotFound { .. }) => Ok(false),
        Ok(false) => Err(CreateError::NotOurs {
            path: path.to_owned(),
        }),
        Err(source) => Err(CreateError::Unreadable(source)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_file_that_appears_after_the_last_look_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ring");
        let format = RingFormat::new(8_000, 1, 800, 80).unwrap();
        let make = |replace: bool| {
            let look = || {
                std::fs::write(&path, "precious").unwrap();
                Ok(replace)
            };
            make_at(dir.path(), OsStr::new("ring"), &path, format, "x", look)
        };
        let error = make(false).unwrap_err();
        assert!(matches!(error, CreateError::Taken { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        assert_eq!(dir.path().read_dir().unwrap().count(), 1, "no leftovers");
        make(true).unwrap();
        assert!(looks_like_ring(&path).unwrap());
    }

    #[test]
    fn what_appears_while_a_ring_is_made_is_looked_at_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ring");
        assert!(!refuse_occupied(&path).unwrap());
        std::fs::write(&path, "precious").unwrap();
        assert!(refuse_occupied(&path).is_err());
    }
}
