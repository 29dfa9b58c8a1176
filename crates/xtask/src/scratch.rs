//! A folder for one test, gone with it.
//!
//! Only for tests.

#![allow(clippy::expect_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// The folder.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A new empty folder; `name` keeps the tests of one run apart.
    pub(crate) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("soundfall-xtask-{}-{name}", process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).expect("a folder in the temporary one");
        Self(folder.canonicalize().expect("it was just made"))
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// A path in it.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// A file in it, with its folders.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("folders");
        fs::write(&path, content).expect("a file");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
