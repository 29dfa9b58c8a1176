//! Figures of a running display: its own line a second (`-v`) and what the kernel says of its
//! process, or those of a page.
//!
//! Only reads; on systems without `/proc` the kernel's figures are 0.

use std::fs;

/// Figures at a moment: a name and a value each, always in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(pub Vec<(String, f64)>);

impl Figures {
    /// Those of the display of process `pid`, which has said `said` on stderr; `None` before its
    /// first line of figures.
    ///
    /// `memory_mb`: resident memory of its own, without the ring's shared pages. `handles`: files,
    /// sockets, pipes, devices; `files`: regular files among them. `threads`. `entities`, and
    /// `assets`: pictures and meshes, of its world. `tasks`: analysis jobs under way. `p99_ms`: of the
    /// times of the main schedule since the start 99 of 100 are below.
    pub fn of(pid: u32, said: &str) -> Option<Self> {
        let line = said
            .lines()
            .rev()
            .find(|line| line.contains("  entities "))?;
        let value = |name: &str| field(line, name).and_then(|text| text.parse::<f64>().ok());
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
        let p99 = field(line, "main")?
            .trim_end_matches(" ms")
            .split_once('/')?
            .1
            .parse()
            .ok()?;
        let values = [
            ("memory_mb", kernel("RssAnon:") / 1024.0),
            ("handles", handles.len() as f64),
            ("files", files.count() as f64),
            ("threads", kernel("Threads:")),
            ("entities", value("entities")?),
            ("assets", value("assets")?),
            ("tasks", value("tasks")?),
            ("p99_ms", p99),
        ];
        let named = values.map(|(name, value)| (name.to_owned(), value));
        Some(Self(named.into()))
    }

    /// Those of the page: the newest line of `said` that is an object of numbers in JSON.
    pub fn of_page(said: &str) -> Option<Self> {
        let line = said.lines().rev().find(|line| line.starts_with('{'))?;
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        let values = object.as_object()?.iter();
        let named = values.map(|(name, value)| Some((name.clone(), value.as_f64()?)));
        named.collect::<Option<_>>().map(Self)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value)
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
        let value = |name: &str| figures.get(name).expect("a figure");
        assert_eq!(value("entities"), 123.0);
        assert_eq!((value("assets"), value("tasks")), (45.0, 2.0));
        assert_eq!(value("p99_ms"), 2.52);
        assert_eq!(field(LINE, "quality"), Some("full"));
        if cfg!(target_os = "linux") {
            assert!(value("memory_mb") > 0.1 && value("threads") >= 1.0);
            assert!(value("handles") >= value("files"));
        }
        assert_eq!(Figures::of(std::process::id(), "soundfall: words\n"), None);
    }
    #[test]
    fn the_page_gives_its_figures_as_json() {
        let said = "serving\n{\"a_mb\":1.5}\n{\"a_mb\":2.5,\"b\":3}\nwords\n";
        let figures = Figures::of_page(said).expect("figures");
        assert_eq!(
            (figures.get("a_mb"), figures.get("b")),
            (Some(2.5), Some(3.0))
        );
        assert_eq!(figures.get("c"), None);
        assert_eq!(Figures::of_page("{\"a\":\"b\"}"), None);
        assert_eq!(Figures::of_page("words"), None);
    }
}
