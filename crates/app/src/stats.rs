//! Where `--stats` goes, and the memory of this process. The figures themselves are `figures`.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::figures::{Memory, Stats, round};
use crate::output::{Files, Output};
use anyhow::Result;

/// The largest memory seen so far, bits of an f64 (positive floats order as their bits do).
static MAX_MEMORY_BITS: AtomicU64 = AtomicU64::new(0);

/// Where `--stats` goes.
#[derive(Clone, Debug)]
pub enum StatsTo {
    /// `-`
    Stdout,
    /// A file, a pipe or a device.
    File(Output),
}

impl StatsTo {
    /// Judges the path of `--stats`.
    pub fn judge(path: Option<&Path>, files: &mut Files) -> Result<Option<Self>> {
        let judged = path.map(|path| match path == Path::new("-") {
            true => Ok(Self::Stdout),
            false => files.figures(path).map(Self::File),
        });
        judged.transpose()
    }

    /// Writes the object.
    pub fn write(&self, stats: &Stats) -> Result<()> {
        let text = serde_json::to_string_pretty(stats)?;
        match self {
            Self::Stdout => crate::stdout::print(&text),
            Self::File(output) => output.write((text + "\n").as_bytes()),
        }
    }
}

/// KiB in a line of one of Linux's tables; none where there is no such table or line.
fn table_kib(table: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(table).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Bytes that this process may still take: of the machine, and of the group it runs in; none where the system does not
/// say.
pub fn available_bytes() -> Option<u64> {
    let machine = table_kib("/proc/meminfo", "MemAvailable:").map(|kib| kib.saturating_mul(1024));
    let number = |path: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let group = number("/sys/fs/cgroup/memory.max")
        .map(|most| most.saturating_sub(number("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    machine.into_iter().chain(group).min()
}

/// A line of `/proc/self/status` in MB; 0 where there is no such file.
fn status_mb(name: &str) -> f64 {
    let kib = table_kib("/proc/self/status", name).unwrap_or(0);
    round(kib as f64 / 1024.0, 1)
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
