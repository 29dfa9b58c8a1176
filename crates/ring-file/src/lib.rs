#![doc = include_str!("../README.md")]
//! # Code map
//!
//! | module | duty |
//! |---|---|
//! | `create` | making a ring file and writing to it |
//! | `temp` | the file in the making |
//! | `folder` | what is this user's alone |
//! | `renew` | the loss of a ring under its writer, and a new one in its place |
//! | `lock` | one writer a ring |
//! | `open` | opening for reading; what is mapped and what is not |
//! | `mapped`, `pread` | the two ways to the words |
//! | `witness` | samples that tell a ring from another one in its place |
//! | `bus`, `mark` | files that are truncated under a mapping, and grow again; all `unsafe` is in `mapped` and here |
//! | `place` | where rings lie and are found |
//! | `status` | whether the writer lives |
//! | `info`, `text` | description of a ring, as data and as text |
//! | `error` | typed errors |

#[cfg(not(unix))]
compile_error!(
    "soundfall-ring-file needs a Unix system (Linux, macOS, BSD); other systems have no back end yet"
);

mod bus;
mod create;
mod error;
mod folder;
mod info;
mod lock;
mod mapped;
mod mark;
mod open;
mod place;
mod pread;
mod renew;
mod status;
mod temp;
mod text;
mod witness;

pub use create::{CreateOptions, FileRingWriter, create};
pub use error::{CreateError, Distrust, NoRing, OpenError};
pub use info::{GapInfo, RingInfo, inspect};
pub use mapped::{MappedStorage, MappedWriteStorage};
pub use open::{Access, OpenRing, Standing, open};
pub use place::{DefaultPlace, Places, RING_FILE_NAME, default_path, find_ring, ring_candidates};
pub use pread::PreadStorage;
pub use renew::{NewRing, Renewal, RingLoss};
pub use status::{WriterStatus, unix_now_ns, writer_status};
