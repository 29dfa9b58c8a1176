//! Errors of ring files. Every text names the path.

use std::io;
use std::path::PathBuf;

use soundfall_ring::HeaderError;

/// Why a folder or file is not taken for this user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It is a link, or not what it should be.
    #[error("is {0}")]
    Kind(&'static str),
    /// It belongs to another user: the number of that one.
    #[error("belongs to another user (number {0})")]
    Owner(u32),
    /// Others may write to it: its mode.
    #[error("can be written to by others (mode {0:04o})")]
    Mode(u32),
    /// Others may take it away and put another in its place: the mode of the folder it lies in.
    #[error("lies in a folder in which others may replace it (mode {0:04o})")]
    Above(u32),
}

/// Why a ring file was not created. Nothing is left behind, nothing was overwritten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The path names no file.
    #[error("{} names no file; give a path that ends in a file name", path.display())]
    NoFileName {
        /// The path given.
        path: PathBuf,
    },
    /// The directory could not be made or used.
    #[error("cannot use the directory {}: {source}; choose another place", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder that should be this user's alone is not.
    #[error("{} {why}, so no ring is made in it: somebody else may have put it there; remove it or choose another path", path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: Distrust,
    },
    /// Something that is not a regular file lies at the path.
    #[error("{} is {what}, not a ring file; remove it or choose another path", path.display())]
    Occupied {
        /// The path given.
        path: PathBuf,
        /// What lies there.
        what: &'static str,
    },
    /// A regular file that is no ring lies at the path.
    #[error("{} exists and is not a ring, so it is not overwritten; remove it or choose another path", path.display())]
    NotOurs {
        /// The path given.
        path: PathBuf,
    },
    /// Something lies at the path and cannot be examined, so it is not overwritten.
    #[error("{0}; choose another path")]
    Unreadable(#[source] OpenError),
    /// Somebody put another file in the place of a ring that was being written.
    #[error("another file lies at {} now, so it is not overwritten; remove it, and a new ring is made there", path.display())]
    Taken {
        /// The path of the ring.
        path: PathBuf,
    },
    /// Another writer holds the ring.
    #[error("the ring {} is already written by {}; stop that one or choose another path", path.display(), writer(*pid))]
    AlreadyWritten {
        /// The path given.
        path: PathBuf,
        /// The other writer's process id, if it has written it down already.
        pid: Option<u32>,
    },
    /// The file system is too small or full.
    #[error("no room for a ring of {needed_bytes} bytes in {} ({available_bytes} bytes free); ask for a shorter history, fewer channels or another place", dir.display())]
    NoRoom {
        /// Directory of the ring.
        dir: PathBuf,
        /// Size of the ring.
        needed_bytes: u64,
        /// Free bytes there.
        available_bytes: u64,
    },
    /// Another system call failed.
    #[error("cannot {action} {}: {source}; choose another place", path.display())]
    System {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The header was refused.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

/// Why a ring file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing lies at the path.
    #[error("no ring at {}; start a writer, or give the right path", path.display())]
    NotFound {
        /// The path given.
        path: PathBuf,
    },
    /// A link, directory, device or pipe lies at the path.
    #[error("{} is {what}, not a ring file; give the path of the file itself", path.display())]
    NotAFile {
        /// The path given.
        path: PathBuf,
        /// What lies there.
        what: &'static str,
    },
    /// The folder or file belongs to somebody else or may be written to by others, and nobody gave
    /// its path.
    #[error("{} {why}, so it is not shown by itself; give its path to see it all the same", path.display())]
    NotOurs {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong with it.
        why: Distrust,
    },
    /// The file is no ring, or a damaged one.
    #[error("{}: {source}{}", path.display(), advice(source))]
    Header {
        /// The path given.
        path: PathBuf,
        /// What is wrong with it.
        source: HeaderError,
    },
    /// Another system call failed.
    #[error("cannot {action} {}: {source}", path.display())]
    System {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why no ring was found. Names every ring that was passed over and why.
#[derive(Debug, thiserror::Error)]
#[error("no ring found{}", passed_over(refused))]
#[non_exhaustive]
pub struct NoRing {
    /// What lies where rings are looked for and was not taken.
    pub refused: Vec<OpenError>,
}

fn passed_over(refused: &[OpenError]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    let words: Vec<String> = refused.iter().map(OpenError::to_string).collect();
    format!(" ({})", words.join("; "))
}

/// What to do about a refused header, where its own text does not say.
fn advice(error: &HeaderError) -> &'static str {
    match error {
        HeaderError::TooShort(_) | HeaderError::NotARing(_) => "; give the path of a ring",
        HeaderError::Format(_) => "; it was not made by a working writer: start the writer again",
        _ => "",
    }
}

fn writer(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

/// Name of the kind of file; `None` for a regular file.
pub(crate) fn unusual(kind: rustix::fs::FileType) -> Option<&'static str> {
    use rustix::fs::FileType;
    match kind {
        FileType::RegularFile => None,
        FileType::Directory => Some("a directory"),
        FileType::Symlink => Some("a symbolic link"),
        FileType::Fifo => Some("a pipe"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        FileType::Unknown => Some("something unknown"),
    }
}
