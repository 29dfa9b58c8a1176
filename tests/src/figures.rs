//! Figures of a running display: its own line a second (`-v`), and what the kernel says of its
//! process.
//!
//! Only reads; on systems without `/proc` the kernel's figures are 0.

use std::fs;

/// Figures at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Resident memory of its own, MB: without the ring's shared pages.
    pub memory_mb: f64,
    /// Open handles: files, sockets, pipes, devices.
    pub handles: f64,
    /// Regular files among them.
    pub files: f64,
    /// Threads.
    pub threads: f64,
    /// Entities of its world.
    pub entities: f64,
    /// Pictures and meshes of its world.
    pub assets: f64,
    /// Analysis jobs under way.
    pub tasks: f64,
    /// Of the times of the main schedule since the start 99 of 100 are below, ms.
    pub p99_ms: f64,
}

impl Figures {
    /// Names of [`Self::values`].
    pub const NAMES: [&str; 8] = [
        "memory_mb",
        "handles",
        "files",
        "threads",
        "entities",
        "assets",
        "tasks",
        "p99_ms",
    ];

    /// All of them, in the order of [`Self::NAMES`].
    pub fn values(&self) -> [f64; 8] {
        [
            self.memory_mb,
            self.handles,
            self.files,
            self.threads,
            self.entities,
            self.assets,
            self.tasks,
            self.p99_ms,
        ]
    }

    /// Those of process `pid`, which has said `said` on stderr; `None` before its first line of
    /// figures.
    pub fn of(pid: u32, said: &str) -> Option<Self> {
        let line = said
            .lines()
            .rev()
            .find(|line| line.contains("  entities "))?;
        let value = |name: &str| Some(field(line, name)?.parse::<f64>().unwrap_or(0.0));
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let kernel = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        let handles: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        let files = handles
            .iter()
            .filter(|handle| fs::metadata(handle.path()).is_ok_and(|metadata| metadata.is_file()));
        Some(Self {
            memory_mb: kernel("RssAnon:") / 1024.0,
            handles: handles.len() as f64,
            files: files.count() as f64,
            threads: kernel("Threads:"),
            entities: value("entities")?,
            assets: value("assets")?,
            tasks: value("tasks")?,
            p99_ms: field(line, "main")?
                .trim_end_matches(" ms")
                .split_once('/')?
                .1
                .parse()
                .ok()?,
        })
    }
}

/// The value of a name in a line of `-v`: parts are two spaces apart, `NAME VALUE` each.
pub fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split("  ")
        .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "   3.0 s  180 frames  main 1.10/2.52 ms  columns 2248/2248  quality full  \
                        lost 0  laps 0  latency 39 ms  entities 123  assets 45  tasks 2";

    #[test]
    fn the_newest_line_counts() {
        let said = format!(
            "soundfall: words\n{}\n{LINE}\nsoundfall: more words\n",
            LINE.replace("entities 123", "entities 100")
        );
        let figures = Figures::of(std::process::id(), &said).expect("figures");
        assert_eq!(figures.entities, 123.0);
        assert_eq!((figures.assets, figures.tasks), (45.0, 2.0));
        assert_eq!(figures.p99_ms, 2.52);
        assert_eq!(field(LINE, "quality"), Some("full"));
        if cfg!(target_os = "linux") {
            assert!(figures.memory_mb > 0.1 && figures.threads >= 1.0);
            assert!(figures.handles >= figures.files);
        }
        assert_eq!(Figures::of(std::process::id(), "soundfall: words\n"), None);
    }
}
