//! One writer a ring: a lock on the file `<ring>.lock`. The lock is the kernel's, so it ends with
//! the process however that ends; a leftover file locks nothing. Never waits.
//!
//! The ring itself cannot carry the lock, because every new ring is a new file.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

use crate::error::{CreateError, unusual};

/// The lock of one ring; released, and its file removed, on drop.
#[derive(Debug)]
pub(crate) struct RingLock {
    path: PathBuf,
    file: File,
}

impl RingLock {
    /// Takes the lock of the ring at `ring` and writes our process id into its file.
    pub(crate) fn take(ring: &Path) -> Result<Self, CreateError> {
        const TRIES: usize = 16;
        let path = lock_path(ring);
        let system = |action, source| CreateError::System {
            action,
            path: path.clone(),
            source,
        };
        for _ in 0..TRIES {
            let mut file = open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(CreateError::AlreadyWritten {
                        path: ring.to_owned(),
                        pid: read_pid(&mut file),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(system("lock", source)),
            }
            // Its holder may have removed the file between our opening and locking it.
            if !is_same(&file, &path) {
                continue;
            }
            let lock = Self { path, file };
            if let Err(error) = lock.write_pid() {
                tracing::debug!(%error, "the process id was not written to the lock file");
            }
            return Ok(lock);
        }
        Err(system("lock", io::ErrorKind::ResourceBusy.into()))
    }

    fn write_pid(&self) -> io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{}\n", std::process::id()).as_bytes())
    }
}

impl Drop for RingLock {
    fn drop(&mut self) {
        // While the lock is held: a process that opened the file before sees that it is gone and tries again.
        if is_same(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// `<ring>.lock`.
fn lock_path(ring: &Path) -> PathBuf {
    let mut name = OsString::from(ring);
    name.push(".lock");
    name.into()
}

fn open(path: &Path) -> Result<File, CreateError> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let system = |action, errno: rustix::io::Errno| CreateError::System {
        action,
        path: path.to_owned(),
        source: errno.into(),
    };
    let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| {
        if errno == rustix::io::Errno::LOOP {
            CreateError::Occupied {
                path: path.to_owned(),
                what: "a symbolic link",
            }
        } else {
            system("open the lock file", errno)
        }
    })?;
    let stat = rustix::fs::fstat(&file).map_err(|errno| system("examine the lock file", errno))?;
    match unusual(FileType::from_raw_mode(stat.st_mode)) {
        Some(what) => Err(CreateError::Occupied {
            path: path.to_owned(),
            what,
        }),
        None => Ok(file.into()),
    }
}

/// Whether `path` still leads to `file`.
fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// The process id in a lock file that somebody else holds.
fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
