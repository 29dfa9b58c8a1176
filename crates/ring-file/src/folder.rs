//! A folder that is held open: what is opened in it is opened there, wherever its path leads
//! meanwhile. Never follows a link inside it. A private folder is one that is this user's alone.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::error::{Distrust, unusual};

/// Who may change a folder or file besides its owner: its group and everybody.
const OTHERS_WRITE: u32 = 0o022;

/// What a handle of a folder is opened for: to open what is in it. Where the system has it, without the
/// right to read the folder itself.
#[cfg(target_os = "linux")]
const HANDLE: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const HANDLE: OFlags = OFlags::RDONLY;

/// Only the owner of something in such a folder may take it away.
const STICKY: u32 = 0o1000;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

/// Why a folder was not opened.
#[derive(Debug)]
pub(crate) enum FolderError {
    /// It is not this user's alone.
    NotPrivate(Distrust),
    /// The system refused.
    System(Errno),
}

impl Folder {
    /// Opens the folder at `path`, which the user chose: links on the way are followed.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        Self::open_with(path, OFlags::empty())
    }

    /// Opens the folder at `path` if it is private: a folder and no link, of this user, in which no
    /// other user may write, and which no other user may take away. So whatever is done by its path
    /// later is done in the same folder.
    pub(crate) fn open_private(path: &Path) -> Result<Self, FolderError> {
        let folder = Self::open_with(path, OFlags::NOFOLLOW).map_err(|error| match error {
            FolderError::System(Errno::LOOP | Errno::NOTDIR) => {
                let kind = rustix::fs::lstat(path)
                    .ok()
                    .and_then(|stat| unusual(FileType::from_raw_mode(stat.st_mode)));
                FolderError::NotPrivate(Distrust::Kind(kind.unwrap_or("no folder")))
            }
            other => other,
        })?;
        let stat = rustix::fs::fstat(&folder.0).map_err(FolderError::System)?;
        check_owner(&stat).map_err(FolderError::NotPrivate)?;
        let above = rustix::fs::openat(&folder.0, "..", HANDLE | OFlags::CLOEXEC, Mode::empty());
        if let Ok(stat) = above.and_then(rustix::fs::fstat) {
            let mode = mode_of(&stat);
            if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 {
                return Err(FolderError::NotPrivate(Distrust::Above(mode)));
            }
        }
        Ok(folder)
    }

    fn open_with(path: &Path, more: OFlags) -> Result<Self, FolderError> {
        let flags = HANDLE | OFlags::DIRECTORY | OFlags::CLOEXEC | more;
        let handle = rustix::fs::open(path, flags, Mode::empty());
        handle.map(Self).map_err(FolderError::System)
    }

    /// Opens a file in it for reading, which must not be a link.
    pub(crate) fn open_file(&self, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(&self.0, name, flags | OFlags::NOFOLLOW, Mode::empty())
    }
}

fn mode_of(stat: &Stat) -> u32 {
    #[allow(clippy::useless_conversion, reason = "u16 on some systems")]
    let mode = u32::from(stat.st_mode);
    mode & 0o7777
}

/// Whether a folder or file belongs to this user and no other may write to it.
pub(crate) fn check_owner(stat: &Stat) -> Result<(), Distrust> {
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(Distrust::Owner(stat.st_uid));
    }
    let mode = mode_of(stat);
    if mode & OTHERS_WRITE != 0 {
        return Err(Distrust::Mode(mode));
    }
    Ok(())
}
