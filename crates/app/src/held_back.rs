//! Keeps one complaint of a C library from stderr. Where `XDG_RUNTIME_DIR` is missing, Mesa's choice of a device asks
//! libwayland, which prints that line for every question; there is no other way to tell it not to but its environment,
//! which a program cannot change safely for itself. Whatever else is printed meanwhile is passed on afterwards.

#[cfg(target_os = "linux")]
pub use linux::HeldBack;
#[cfg(not(target_os = "linux"))]
pub use other::HeldBack;

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// Stderr as it was, while it is turned away.
static KEPT: Mutex<Option<Arc<File>>> = Mutex::new(None);

/// Stderr for our own words, while it is turned away; none at other times.
pub fn stderr() -> Option<Arc<File>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{Read as _, Seek as _, Write as _};
    use std::path::Path;
    use std::sync::{Arc, PoisonError};

    use filedescriptor::{FileDescriptor, StdioDescriptor};
    use rustix::fs::{MemfdFlags, memfd_create};

    use super::KEPT;

    /// What libwayland says.
    const COMPLAINT: &str = "error: XDG_RUNTIME_DIR is invalid or not set";

    /// Until it is dropped, stderr is turned away where libwayland would complain.
    pub struct HeldBack {
        /// The words of others, and stderr itself.
        turned: Option<(File, FileDescriptor)>,
    }

    impl HeldBack {
        /// From now on, if there is anything to complain about.
        pub fn begin() -> Self {
            let runtime = std::env::var_os("XDG_RUNTIME_DIR");
            let is_valid = runtime.is_some_and(|path| Path::new(&path).is_absolute());
            Self {
                turned: (!is_valid).then(turn).flatten(),
            }
        }
    }

    /// None where it cannot be done: then the complaint is seen.
    fn turn() -> Option<(File, FileDescriptor)> {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_some() {
            return None;
        }
        let words = File::from(memfd_create("stderr", MemfdFlags::CLOEXEC).ok()?);
        let stderr = FileDescriptor::redirect_stdio(&words, StdioDescriptor::Stderr).ok()?;
        *kept = Some(Arc::new(stderr.as_file().ok()?));
        Some((words, stderr))
    }

    impl Drop for HeldBack {
        fn drop(&mut self) {
            let Some((mut words, stderr)) = self.turned.take() else {
                return;
            };
            // Nothing can be done where this fails.
            let _ = FileDescriptor::redirect_stdio(&stderr, StdioDescriptor::Stderr);
            *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let mut bytes = Vec::new();
            let _ = words.rewind().and_then(|()| words.read_to_end(&mut bytes));
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                if !line.starts_with(COMPLAINT.as_bytes()) {
                    let _ = std::io::stderr().write_all(line);
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// Nobody complains here.
    pub struct HeldBack;

    impl HeldBack {
        /// Does nothing.
        pub fn begin() -> Self {
            Self
        }
    }
}
