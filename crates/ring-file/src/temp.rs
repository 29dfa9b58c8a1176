//! A ring file in the making: under a temporary name, with all its blocks, gone unless it was
//! finished. Never follows a link and never opens a file that was there before.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::error::CreateError;
use crate::place::available_bytes;

/// Start and end of the names of half-made rings for `name`.
fn temp_affixes(name: &OsStr) -> (OsString, &'static str) {
    let mut start = OsString::from(".");
    start.push(name);
    start.push(".");
    (start, ".new")
}

/// Removes half-made rings of writers that were killed. We hold the lock: no other writer is
/// making one for this name.
pub(crate) fn remove_leftovers(dir: &Path, name: &OsStr) {
    let (start, end) = temp_affixes(name);
    for entry in dir.read_dir().into_iter().flatten().flatten() {
        let found = entry.file_name();
        let found = found.as_encoded_bytes();
        if found.starts_with(start.as_encoded_bytes()) && found.ends_with(end.as_bytes()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A file under a temporary name; removed on drop unless it was renamed.
pub(crate) struct TempFile {
    path: PathBuf,
    pub(crate) file: File,
}

impl TempFile {
    /// A new, empty file for this user only.
    pub(crate) fn create(dir: &Path, name: &OsStr) -> Result<Self, CreateError> {
        let (mut full, end) = temp_affixes(name);
        let error = |source| CreateError::System {
            action: "create a file in",
            path: dir.to_owned(),
            source,
        };
        full.push(format!("{:016x}{end}", random().map_err(error)?));
        let path = dir.join(full);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| error(errno.into()))?;
        Ok(Self {
            path,
            file: file.into(),
        })
    }

    /// An error that names this file.
    pub(crate) fn error(&self, action: &'static str, source: io::Error) -> CreateError {
        CreateError::System {
            action,
            path: self.path.clone(),
            source,
        }
    }

    /// Gives the file its true name. Unless something there is to be replaced, nothing is written over.
    pub(crate) fn rename(mut self, path: &Path, replace: bool) -> Result<File, CreateError> {
        let system = |source| CreateError::System {
            action: "put the new ring at",
            path: path.to_owned(),
            source,
        };
        let file = self.file.try_clone().map_err(system)?;
        match replace {
            true => std::fs::rename(&self.path, path),
            false => rename_new(&self.path, path),
        }
        .map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => CreateError::Taken {
                path: path.to_owned(),
            },
            _ => system(source),
        })?;
        self.path = PathBuf::new();
        Ok(file)
    }
}

/// Renames where nothing lies at `to`.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, rustix::fs::RenameFlags::NOREPLACE) {
        // Not every file system knows it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => std::fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Gives the file all its blocks now: a writer on a sparse file dies when the disk is full.
pub(crate) fn allocate(temp: &TempFile, dir: &Path, bytes: u64) -> Result<(), CreateError> {
    let outcome = match rustix::fs::fallocate(&temp.file, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::INTR) => rustix::fs::fallocate(&temp.file, FallocateFlags::empty(), 0, bytes),
        other => other,
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(Errno::NOSPC | Errno::FBIG | Errno::DQUOT | Errno::NOMEM) => Err(no_room(dir, bytes)),
        // The file system cannot allocate ahead: write the zeros.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => fill_with_zeros(&temp.file, bytes)
            .map_err(|source| match source.kind() {
                io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::FileTooLarge => no_room(dir, bytes),
                _ => temp.error("fill", source),
            }),
        Err(errno) => Err(temp.error("allocate", errno.into())),
    }
}

fn fill_with_zeros(mut file: &File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let part = left.min(zeros.len() as u64);
        file.write_all(&zeros[..part as usize])?;
        left -= part;
    }
    Ok(())
}

/// The error that tells how much room there is and how much is needed.
pub(crate) fn no_room(dir: &Path, needed_bytes: u64) -> CreateError {
    CreateError::NoRoom {
        dir: dir.to_owned(),
        needed_bytes,
        available_bytes: available_bytes(dir).unwrap_or(0),
    }
}

/// A random number that is not 0.
pub(crate) fn random() -> io::Result<u64> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    Ok(number.max(1))
}
