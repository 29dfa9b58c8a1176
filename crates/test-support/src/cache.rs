//! Where the tests keep what takes long to make, from one run to the next.
//!
//! Creates nothing.

use std::env;
use std::path::PathBuf;

/// `SOUNDFALL_CACHE`, else `~/.cache/soundfall`; the same that `cargo xtask` uses.
pub(crate) fn folder() -> PathBuf {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("SOUNDFALL_CACHE")
        .or_else(|| variable("HOME").map(|home| home.join(".cache/soundfall")))
        .unwrap_or_else(|| env::temp_dir().join("soundfall-cache"))
}
