//! Where rings lie by default, and where to look for one. Never creates anything.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::error::{Distrust, NoRing, OpenError};
use crate::folder::{Folder, FolderError};
use crate::open::{OpenRing, open, open_found};
use crate::status::{WriterStatus, unix_now_ns, writer_status};

/// Name of the ring file in its directory, the same for all AUDITAB programs.
pub const RING_FILE_NAME: &str = "audiotab_ringbuf";

/// Room that a ring leaves to others in a memory file system.
const SPARE_BYTES: u64 = 16 << 20;

/// Where a new ring goes when the user names no place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DefaultPlace {
    /// The ring's path.
    pub path: PathBuf,
    /// One line for the user when the place is not a good one.
    pub warning: Option<String>,
}

/// The surroundings that decide on the place; [`Places::from_env`] asks the system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// `$SOUNDFALL_RING`: this path and no other.
    pub ring: Option<PathBuf>,
    /// `$XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// `/dev/shm`.
    pub shm_dir: Option<PathBuf>,
    /// The platform's temporary directory.
    pub temp_dir: PathBuf,
}

impl Places {
    /// What the environment says. Relative and empty paths in it are ignored.
    pub fn from_env() -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let shm = Path::new("/dev/shm");
        Self {
            ring: var("SOUNDFALL_RING").map(PathBuf::from),
            runtime_dir: var("XDG_RUNTIME_DIR")
                .map(PathBuf::from)
                .filter(|path| path.is_absolute()),
            shm_dir: shm.is_dir().then(|| shm.to_owned()),
            temp_dir: std::env::temp_dir(),
        }
    }

    /// The private directories, best first; `true` for those that should lie in memory.
    fn dirs(&self) -> Vec<(PathBuf, bool)> {
        let private = private_name();
        let runtime = self
            .runtime_dir
            .iter()
            .map(|dir| (dir.join("soundfall"), true));
        let shm = self.shm_dir.iter().map(|dir| (dir.join(&private), true));
        runtime
            .chain(shm)
            .chain([(self.temp_dir.join(&private), false)])
            .collect()
    }

    /// Where a new ring of `needed_bytes` goes.
    pub fn default_path(&self, needed_bytes: u64) -> DefaultPlace {
        if let Some(path) = &self.ring {
            return DefaultPlace {
                path: path.clone(),
                warning: None,
            };
        }
        let mut refused = Vec::new();
        for (dir, _) in self.dirs().iter().filter(|(_, memory)| *memory) {
            match refusal(dir, needed_bytes) {
                None => {
                    return DefaultPlace {
                        path: dir.join(RING_FILE_NAME),
                        warning: None,
                    };
                }
                Some(why) => refused.push(format!("{} {why}", dir.display())),
            }
        }
        if refused.is_empty() {
            refused.push("there is no memory file system for one".to_owned());
        }
        let path = self.temp_dir.join(private_name()).join(RING_FILE_NAME);
        let warning = format!(
            "the ring goes to {}, since {}; if that is a disk, its write-back can stall the capture: ask for a shorter history or set SOUNDFALL_RING",
            path.display(),
            refused.join(", and "),
        );
        DefaultPlace {
            path,
            warning: Some(warning),
        }
    }

    /// Every path at which a ring may lie, best first; they need not exist.
    pub fn candidates(&self) -> Vec<PathBuf> {
        if let Some(path) = &self.ring {
            return vec![path.clone()];
        }
        self.dirs()
            .into_iter()
            .map(|(dir, _)| dir.join(RING_FILE_NAME))
            .chain([self.temp_dir.join(RING_FILE_NAME)])
            .collect()
    }

    /// The ring to show, open: the first whose writer lives, else the first that may have a writer
    /// (a base ring does not say), else the first there is. With `safe_read` it is read with `pread`
    /// in any case.
    ///
    /// Only rings of this user alone count, in folders of this user alone where those are private
    /// ones; but `ring`, which the user named.
    ///
    /// # Errors
    /// [`NoRing`], which names what was passed over.
    pub fn find_ring(&self, safe_read: bool) -> Result<OpenRing, NoRing> {
        let now = unix_now_ns();
        let private: Vec<PathBuf> = self.dirs().into_iter().map(|(dir, _)| dir).collect();
        let mut refused = Vec::new();
        let mut best: Option<(u8, OpenRing)> = None;
        for path in self.candidates() {
            let opened = if self.ring.is_some() {
                open(&path, safe_read)
            } else {
                let own_folder = path
                    .parent()
                    .is_some_and(|dir| private.iter().any(|p| p == dir));
                open_found(&path, safe_read, own_folder)
            };
            match opened {
                Ok(open) => {
                    let rank = match writer_status(&*open.ring, now) {
                        WriterStatus::Alive => 0,
                        WriterStatus::Silent | WriterStatus::Unknown => 1,
                        WriterStatus::Dead | WriterStatus::Closed => 2,
                    };
                    if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                        best = Some((rank, open));
                    }
                }
                Err(OpenError::NotFound { .. }) => {}
                Err(error) => refused.push(error),
            }
        }
        best.map(|(_, open)| open).ok_or(NoRing { refused })
    }
}

/// Where a new ring of `needed_bytes` goes when the user names no place.
pub fn default_path(needed_bytes: u64) -> DefaultPlace {
    Places::from_env().default_path(needed_bytes)
}

/// Every path at which a ring may lie, best first.
pub fn ring_candidates() -> Vec<PathBuf> {
    Places::from_env().candidates()
}

/// The ring to show when the user names none, open; see [`Places::find_ring`].
///
/// # Errors
/// [`NoRing`], which names what was passed over.
pub fn find_ring(safe_read: bool) -> Result<OpenRing, NoRing> {
    Places::from_env().find_ring(safe_read)
}

/// Name of a private folder in a folder that all users share.
fn private_name() -> String {
    format!("soundfall-{}", rustix::process::geteuid().as_raw())
}

/// Whether a ring's folder is one of those that are this user's alone by their name.
pub(crate) fn is_private_place(dir: &Path) -> bool {
    dir.file_name() == Some(OsStr::new(&private_name()))
        || Places::from_env()
            .dirs()
            .iter()
            .any(|(private, _)| private == dir)
}

/// Free bytes where `dir` is or would be.
pub(crate) fn available_bytes(dir: &Path) -> Option<u64> {
    let stat = dir
        .ancestors()
        .filter(|dir| dir.as_os_str() != OsStr::new(""))
        .find_map(|dir| rustix::fs::statvfs(dir).ok())?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// Why a ring of `needed_bytes` is not put into `dir`, which need not be there yet: the words after
/// its name.
fn refusal(dir: &Path, needed_bytes: u64) -> Option<String> {
    match Folder::open_private(dir) {
        Ok(_) if may_write(dir) => {}
        Err(FolderError::System(rustix::io::Errno::NOENT)) => {
            let parent = dir.parent().filter(|parent| parent.is_dir());
            let Some(parent) = parent else {
                return Some("has no folder to be made in".to_owned());
            };
            if !may_write(parent) {
                return Some("cannot be made".to_owned());
            }
        }
        Err(FolderError::NotPrivate(why)) => return Some(not_private(why)),
        Ok(_) | Err(FolderError::System(_)) => return Some("cannot be written to".to_owned()),
    }
    let Some(available) = available_bytes(dir) else {
        return Some("does not say how much room it has".to_owned());
    };
    (available < needed_bytes.saturating_add(SPARE_BYTES)).then(|| {
        format!("has no room for {needed_bytes} bytes ({available} are free, {SPARE_BYTES} of them are left to others)")
    })
}

fn not_private(why: Distrust) -> String {
    format!("{why} and is not used: somebody else may have put it there")
}

fn may_write(dir: &Path) -> bool {
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
