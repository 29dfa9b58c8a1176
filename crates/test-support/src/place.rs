//! Temporary folders: private, in memory where possible, gone afterwards.
//!
//! Never uses the user's own runtime folder or ring.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

use crate::skip::Reason;

/// A private temporary folder, removed when dropped.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
}

impl Place {
    /// A new empty folder, below `/dev/shm` where that exists: rings there never wait
    /// for a disk.
    pub fn new() -> Self {
        let builder = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix("soundfall-test-");
            builder
        };
        let memory = Path::new("/dev/shm");
        let folder = memory
            .is_dir()
            .then(|| builder().tempdir_in(memory).ok())
            .flatten()
            .unwrap_or_else(|| builder().tempdir().expect("a temporary folder"));
        Self { folder }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Path of something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a writable temporary folder");
        path
    }

    /// Makes a pipe in it that nobody writes or reads.
    pub fn pipe(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()), "a pipe");
        path
    }

    /// Names of what is in it, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.folder())
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

/// Names of what is in a folder, sorted; empty where there is no folder.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A disk of a few bytes: a memory file system of its own, unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    place: Place,
}

impl SmallDisk {
    /// Mounts one of `kib` KiB; needs the rights of root, otherwise the reason why not.
    pub fn mount(kib: u32) -> Result<Self, Reason> {
        let place = Place::new();
        let size = format!("size={kib}k,mode=0700");
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "soundfall-test"])
            .arg(place.folder())
            .output()
            .map_err(|error| Reason::NoMount(format!("cannot start mount: {error}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Reason::NoMount(said));
        }
        Ok(Self { place })
    }

    /// The disk as a folder.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.place.folder())
            .status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_private_and_goes_away() {
        let place = Place::new();
        let path = place.write("a.txt", "a");
        assert_eq!(place.names(), ["a.txt"]);
        drop(place);
        assert!(!path.exists());
    }
}
