//! `soundfall ring info`: describes a ring as text or JSON.

use std::path::PathBuf;

use anyhow::{Context, Result};
use soundfall_ring_file::{find_ring, inspect};

use crate::stdout::print;

pub fn run(path: Option<PathBuf>, json: bool) -> Result<()> {
    let path = match path {
        Some(path) => path,
        None => find_ring().context(
            "no ring found; start `soundfall capture`, or name one: soundfall ring info PATH",
        )?,
    };
    let info = inspect(&path)?;
    if json {
        return print(&serde_json::to_string_pretty(&info)?);
    }
    print(&info.to_string())
}
