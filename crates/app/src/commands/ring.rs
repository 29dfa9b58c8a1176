//! `soundfall ring info`: describes a ring as text or JSON.

use std::path::PathBuf;

use anyhow::Result;
use soundfall_ring_file::{find_ring, inspect};

use crate::advice;
use crate::stdout::print;

pub fn run(path: Option<PathBuf>, json: bool) -> Result<()> {
    let info = match path {
        Some(path) => inspect(&path)?,
        None => find_ring(false)
            .map_err(|none| advice::no_ring(&none, "soundfall ring info PATH"))?
            .info(),
    };
    if json {
        return print(&serde_json::to_string_pretty(&info)?);
    }
    print(&info.to_string())
}
