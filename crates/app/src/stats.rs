//! Where `--stats` goes, and the memory of this process. The figures themselves are `figures`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::figures::{Memory, Stats, round};
use anyhow::{Context, Result};

/// The largest memory seen so far, bits of an f64 (positive floats order as their bits do).
static MAX_MEMORY_BITS: AtomicU64 = AtomicU64::new(0);

/// Where `--stats` goes.
#[derive(Clone, Debug)]
pub enum StatsTo {
    /// `-`
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for StatsTo {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdout
        } else {
            Self::File(path.to_owned())
        }
    }
}

impl StatsTo {
    /// Writes the object.
    pub fn write(&self, stats: &Stats) -> Result<()> {
        let text = serde_json::to_string_pretty(stats)?;
        match self {
            Self::Stdout => crate::stdout::print(&text),
            Self::File(path) => std::fs::write(path, text + "\n")
                .with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

/// KiB in a line of one of Linux's tables; none where there is no such table or line.
fn table_kib(table: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(table).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A line of `/proc/self/status` in MB; 0 where there is no such file.
fn status_mb(name: &str) -> f64 {
    let kib = table_kib("/proc/self/status", name).unwrap_or(0);
    round(kib as f64 / 1024.0, 1)
}

/// Memory that programs can have without pushing others out, where the system says so.
pub fn available_memory_bytes() -> Option<u64> {
    table_kib("/proc/meminfo", "MemAvailable:").map(|kib| kib.saturating_mul(1024))
}

/// Resident memory of our own, the ring's shared pages aside. Remembers the largest value seen.
pub fn own_memory_mb() -> f64 {
    let own = status_mb("RssAnon:");
    MAX_MEMORY_BITS.fetch_max(own.to_bits(), Ordering::Relaxed);
    own
}

/// Memory of a run: what it was at the start, is now, and was at most when looked at.
pub fn memory_since(start_mb: f64) -> Memory {
    let end = own_memory_mb();
    Memory {
        start: start_mb,
        end,
        max: f64::from_bits(MAX_MEMORY_BITS.load(Ordering::Relaxed)),
    }
}
