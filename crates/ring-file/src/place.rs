//! Where rings lie by default, and where to look for one. Never creates anything.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::open::open;
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
        let private = format!("soundfall-{}", rustix::process::geteuid().as_raw());
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
        let wanted = needed_bytes.saturating_add(SPARE_BYTES);
        for (dir, _) in self.dirs().iter().filter(|(_, memory)| *memory) {
            let room = available_bytes(dir).is_some_and(|bytes| bytes >= wanted);
            if room && is_usable(dir) {
                return DefaultPlace {
                    path: dir.join(RING_FILE_NAME),
                    warning: None,
                };
            }
        }
        let private = format!("soundfall-{}", rustix::process::geteuid().as_raw());
        let path = self.temp_dir.join(private).join(RING_FILE_NAME);
        let warning = format!(
            "no memory file system has room for a ring of {needed_bytes} bytes, so it goes to {}; if that is a disk, its write-back can stall the capture: ask for a shorter history or set SOUNDFALL_RING",
            path.display()
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

    /// The ring to show: the first whose writer lives, else the first that may have a writer (a
    /// base ring does not say), else the first there is.
    pub fn find_ring(&self) -> Option<PathBuf> {
        let now = unix_now_ns();
        self.candidates()
            .into_iter()
            .filter_map(|path| {
                let open = open(&path, true).ok()?;
                let rank = match writer_status(&*open.ring, now) {
                    WriterStatus::Alive => 0,
                    WriterStatus::Silent | WriterStatus::Unknown => 1,
                    WriterStatus::Dead | WriterStatus::Closed => 2,
                };
                Some((rank, path))
            })
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, path)| path)
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

/// The ring to show when the user names none.
pub fn find_ring() -> Option<PathBuf> {
    Places::from_env().find_ring()
}

/// Free bytes where `dir` is or would be.
pub(crate) fn available_bytes(dir: &Path) -> Option<u64> {
    let stat = dir
        .ancestors()
        .filter(|dir| dir.as_os_str() != OsStr::new(""))
        .find_map(|dir| rustix::fs::statvfs(dir).ok())?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

/// Whether `dir` is a private directory of ours, or one can be made there.
fn is_usable(dir: &Path) -> bool {
    match dir.symlink_metadata() {
        Ok(meta) => {
            meta.is_dir()
                && meta.uid() == rustix::process::geteuid().as_raw()
                && meta.mode() & 0o022 == 0
                && may_write(dir)
        }
        Err(_) => dir
            .parent()
            .is_some_and(|parent| parent.is_dir() && may_write(parent)),
    }
}

fn may_write(dir: &Path) -> bool {
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
