//! Displays that run for long: what they hold must not grow, while settings change and sources come
//! and go.
//!
//! Without a window, all at once: `view` on a ring whose writer ends and starts again; `live` on a
//! device that is unplugged and plugged in again, where there is a sound server; and the page with a
//! microphone that goes and comes back, where that is asked for. Settings change all the time, in the
//! cycle of `tests/soak.json`. Judges counts and memory, never times.

use crate::figures::Figures;
use crate::place::Place;
use crate::program::{Program, Running};
use crate::pulse::{NullSink, PulseServer};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Growth that is none.
const FLAT: f64 = 0.01;
/// Memory settles in about this many cycles: what was freed is kept by the allocator, in pieces that do not
/// fit each other at first. Longer runs are judged from there on.
const SETTLED: usize = 10;
/// Growth of memory that is none while it settles. What is kept for ever of every change grows by more: the
/// rows of one change are tens of megabytes, and there are sixteen changes in a cycle.
const SETTLING: f64 = 0.05;
/// Changes by less than this are none, whatever they are a part of: an entity, a page of memory.
const LEAST: f64 = 0.5;
/// What is shown and not judged: work under way, times, and what others decide on (the browser's own
/// memory).
const NOT_JUDGED: [&str; 4] = ["tasks", "p99_ms", "jobs_p99_ms", "browser_mb"];
/// How long before the end all sources are there.
const BACK_SECS: f64 = 10.0;
/// Minutes that a table shows.
const SHOWN: usize = 7;

/// What happens over and over; the page reads the same file.
#[derive(Clone, Debug, PartialEq)]
struct Cycle {
    /// Its length; means over it do not depend on where they begin.
    secs: f64,
    /// How long a source is there, and how long away.
    source_secs: [f64; 2],
    /// Seconds into the cycle and what is set. The last ones set back what is not set before.
    changes: Vec<(f64, String)>,
}

impl Cycle {
    fn read() -> Self {
        let text = include_str!("../soak.json");
        let all: Value = serde_json::from_str(text).expect("JSON");
        let number = |value: &Value| value.as_f64().expect("a number");
        let changes = all["changes"].as_array().expect("a list").iter();
        Self {
            secs: number(&all["cycle_secs"]),
            source_secs: ["there", "away"].map(|name| number(&all["source_secs"][name])),
            changes: changes
                .map(|change| {
                    let set = change[1].as_str().expect("a setting");
                    (number(&change[0]), set.to_owned())
                })
                .collect(),
        }
    }

    /// Whether a source is there at this time.
    fn is_there(&self, secs: f64) -> bool {
        let [there, away] = self.source_secs;
        secs % (there + away) < there
    }

    /// The changes over and over, as options, on a run a round longer than asked for: it is ended from
    /// outside. (Without a length it would end with its source.)
    fn change(&self, program: Program, seconds: f64) -> Program {
        let rounds = (seconds / self.secs).ceil() as u32;
        let end = f64::from(rounds + 1) * self.secs;
        let program = program.args(["--seconds", &end.to_string()]);
        (0..=rounds)
            .flat_map(|round| {
                let begin = f64::from(round) * self.secs;
                let all = self.changes.iter();
                all.map(move |(at, set)| format!("{}:{set}", begin + at))
            })
            .fold(program, |program, change| {
                program.args(["--change", &change])
            })
    }
}

/// How long and how often is looked.
#[derive(Clone, Debug)]
pub struct Soak<'a> {
    /// Length of the run, seconds. Growth is judged from three cycles of a minute on.
    pub seconds: f64,
    /// From one sample to the next.
    pub every: Duration,
    /// The script that runs the page in a browser, `web/bench/soak.mjs`; none: no page.
    pub page: Option<&'a Path>,
}

/// The figures of a display at a moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Since the start.
    pub secs: f64,
    /// `live`, `view` or `page`.
    pub display: &'static str,
    /// What it holds.
    pub figures: Figures,
}

/// The first line of [`Sample::csv`]'s table.
pub const CSV_HEAD: &str = "secs,display,name,value";

impl Sample {
    /// As lines of a table of values.
    pub fn csv(&self) -> String {
        let Self { secs, display, .. } = self;
        let values = self.figures.0.iter();
        let lines = values.map(|(name, value)| format!("{secs:.1},{display},{name},{value:.2}\n"));
        lines.collect()
    }
}

/// How a figure of a display went.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// `live`, `view` or `page`.
    pub display: &'static str,
    /// One of its [`Figures`].
    pub name: String,
    /// Least, mean and largest value of each whole cycle but the first.
    pub cycles: Vec<[f64; 3]>,
    /// The cycle that growth is measured from.
    pub first: usize,
    /// Growth that is none, as a part; nothing: not judged.
    pub flat: Option<f64>,
}

impl Curve {
    /// Growth of least, mean and largest value from the cycle that counts to the last one.
    fn changes(&self) -> [f64; 3] {
        let [first, last] = [self.cycles[self.first], self.cycles[self.cycles.len() - 1]];
        [0, 1, 2].map(|which| last[which] - first[which])
    }

    /// Growth of the mean, as a part of the first.
    pub fn growth(&self) -> f64 {
        self.changes()[1] / self.cycles[self.first][1].max(1.0)
    }

    /// Whether it has grown though it must not. What is kept for ever makes the least, the mean and the
    /// largest value larger; a wave that is met at another place makes only one of them so.
    pub fn grows(&self) -> bool {
        let first = self.cycles[self.first];
        let changes = self.changes();
        self.flat
            .is_some_and(|flat| (0..3).all(|which| changes[which] > LEAST.max(flat * first[which])))
    }
}

impl Soak<'_> {
    /// Runs it; `seen` gets every sample at once. `Err` says what went wrong with a display: it
    /// ended, panicked, or gave no figures.
    pub fn run(&self, mut seen: impl FnMut(&Sample)) -> Result<Vec<Sample>, String> {
        let cycle = Cycle::read();
        let mut displays = vec![Display::of_a_ring(&cycle, self.seconds)];
        displays.extend(Display::of_a_device(&cycle, self.seconds));
        // The start, however long it takes, is none of the first minute.
        for display in &mut displays {
            display.begin();
        }
        displays.extend(self.page.map(|script| Display::page(script, self)));
        let start = Instant::now();
        let mut samples = Vec::new();
        let mut next = self.every;
        while start.elapsed().as_secs_f64() < self.seconds {
            let secs = start.elapsed().as_secs_f64();
            // A source that is away at the end is an error of the run.
            let ends_soon = secs > self.seconds - BACK_SECS;
            for display in &mut displays {
                display.source.be(cycle.is_there(secs) || ends_soon);
            }
            let ended = displays
                .iter_mut()
                .position(|display| !display.running.is_running());
            if let Some(index) = ended {
                let Display { name, running, .. } = displays.swap_remove(index);
                let outcome = running.wait();
                let (status, said) = (outcome.status, outcome.stderr);
                return Err(format!("{name} ended after {secs:.0} s: {status}\n{said}"));
            }
            if start.elapsed() >= next {
                next += self.every;
                for display in &displays {
                    let Some(figures) = display.figures() else {
                        continue;
                    };
                    let sample = Sample {
                        secs,
                        display: display.name,
                        figures,
                    };
                    seen(&sample);
                    samples.push(sample);
                }
            }
            thread::sleep(Duration::from_millis(100));
        }
        for display in displays {
            let name = display.name;
            display.running.interrupt();
            let outcome = display.running.wait();
            if !outcome.status.success() || outcome.stderr.contains("panicked at") {
                return Err(format!("{name}: {}\n{}", outcome.status, outcome.stderr));
            }
            if !samples.iter().any(|sample| sample.display == name) {
                return Err(format!("{name}: no figures\n{}", outcome.stderr));
            }
        }
        Ok(samples)
    }
}

/// How every figure of every display went; empty where the run was shorter than three cycles.
pub fn curves(samples: &[Sample]) -> Vec<Curve> {
    let cycle = Cycle::read().secs;
    let mut displays: Vec<&'static str> = samples.iter().map(|sample| sample.display).collect();
    displays.sort_unstable();
    displays.dedup();
    let end = samples.iter().map(|sample| sample.secs).fold(0.0, f64::max);
    // The last sample lies a little before the end.
    let cycles = ((end + 0.2 * cycle) / cycle).floor() as usize;
    if cycles < 3 {
        return Vec::new();
    }
    let mut curves = Vec::new();
    for display in displays {
        let of_it: Vec<&Sample> = samples
            .iter()
            .filter(|sample| sample.display == display)
            .collect();
        for (name, _) in of_it
            .iter()
            .flat_map(|sample| &sample.figures.0)
            .take(of_it[0].figures.0.len())
        {
            let values = |cycle_number: usize| {
                let from = cycle_number as f64 * cycle;
                let times = from..from + cycle;
                let there = of_it
                    .iter()
                    .filter(move |sample| times.contains(&sample.secs));
                there.filter_map(|sample| sample.figures.get(name))
            };
            let of_cycle = |number: usize| {
                let values: Vec<f64> = values(number).collect();
                [
                    values.iter().copied().fold(f64::INFINITY, f64::min),
                    values.iter().sum::<f64>() / values.len().max(1) as f64,
                    values.iter().copied().fold(0.0, f64::max),
                ]
            };
            let (first, flat) = match name.ends_with("_mb") {
                true if cycles > 2 * SETTLED => (SETTLED - 1, FLAT),
                true => (0, SETTLING),
                false => (0, FLAT),
            };
            curves.push(Curve {
                display,
                name: name.clone(),
                cycles: (1..cycles).map(of_cycle).collect(),
                first,
                flat: (!NOT_JUDGED.contains(&name.as_str())).then_some(flat),
            });
        }
    }
    curves
}

/// The curves as a table for reading, in Markdown.
pub fn table(curves: &[Curve]) -> String {
    let longest = curves.iter().map(|curve| curve.cycles.len()).max();
    let last = longest.unwrap_or(1) - 1;
    let mut shown: Vec<usize> = (0..SHOWN)
        .map(|column| column * last / (SHOWN - 1))
        .collect();
    shown.dedup();
    let mut text = format!("| {:<8}| {:<14}|", "display", "what");
    for &minute in &shown {
        let _ = write!(text, "{:>10} |", format!("min {}", minute + 2));
    }
    let _ = writeln!(
        text,
        "{:>10} |{:>9} | {:<8}|",
        "largest", "growth", "verdict"
    );
    let _ = write!(text, "|---|---|");
    for _ in &shown {
        text.push_str("---:|");
    }
    text.push_str("---:|---:|---|\n");
    for curve in curves {
        let verdict = match (curve.flat, curve.grows()) {
            (None, _) => "",
            (_, true) => "GROWS",
            (_, false) => "flat",
        };
        let _ = write!(text, "| {:<8}| {:<14}|", curve.display, curve.name);
        for &minute in &shown {
            match curve.cycles.get(minute) {
                Some([_, mean, _]) => drop(write!(text, "{mean:>10.2} |")),
                None => drop(write!(text, "{:>10} |", "")),
            }
        }
        let _ = writeln!(
            text,
            "{:>10.2} |{:>7.2} % | {verdict:<8}|",
            curve
                .cycles
                .iter()
                .map(|[_, _, most]| *most)
                .fold(0.0, f64::max),
            100.0 * curve.growth()
        );
    }
    text
}

/// A display and what it hears.
struct Display {
    name: &'static str,
    running: Running,
    source: Source,
}

impl Display {
    fn of_a_ring(cycle: &Cycle, seconds: f64) -> Self {
        let writer = Writer::start(Place::new());
        let ring = writer.place.path("ring");
        let program = Program::new(["view", "--headless", "-v", "--ring"]).arg(ring);
        Self {
            name: "view",
            running: cycle.change(program, seconds).start(),
            source: Source::Ring(writer),
        }
    }

    /// `None` where there is no sound server.
    fn of_a_device(cycle: &Cycle, seconds: f64) -> Option<Self> {
        let server = PulseServer::start(&[]).ok()?;
        let device = Device::plugged_into(server);
        let program = device.server.env().into_iter().fold(
            Program::new(["live", "--headless", "-v", "--device", "soak.monitor"]),
            |program, (name, value)| program.env(name, value),
        );
        Some(Self {
            name: "live",
            running: cycle.change(program, seconds).start(),
            source: Source::Device(device),
        })
    }

    /// The script takes the cycle from the same file, and its microphone away by itself.
    fn page(script: &Path, soak: &Soak<'_>) -> Self {
        let program = Program::other("node", [script])
            .env("SOUNDFALL_SOAK_SECS", soak.seconds.to_string())
            .env(
                "SOUNDFALL_SOAK_EVERY_SECS",
                soak.every.as_secs_f64().to_string(),
            );
        Self {
            name: "page",
            running: program.start(),
            source: Source::Own,
        }
    }

    /// Waits for its first figures.
    fn begin(&mut self) {
        let id = self.running.id();
        self.running.wait_for("it gave figures", |running| {
            Figures::of(id, &running.said()).is_some()
        });
    }

    fn figures(&self) -> Option<Figures> {
        let said = self.running.said();
        match self.source {
            Source::Own => Figures::of_page(&said),
            Source::Ring(_) | Source::Device(_) => Figures::of(self.running.id(), &said),
        }
    }
}

enum Source {
    Ring(Writer),
    Device(Device),
    /// The display's own affair.
    Own,
}

impl Source {
    fn be(&mut self, there: bool) {
        match self {
            Self::Ring(writer) => writer.be(there),
            Self::Device(device) => device.be(there),
            Self::Own => {}
        }
    }
}

/// A process that writes a ring.
struct Writer {
    place: Place,
    process: Option<Running>,
}

impl Writer {
    fn start(place: Place) -> Self {
        let mut writer = Self {
            place,
            process: None,
        };
        writer.be(true);
        let ring = writer.place.path("ring");
        if let Some(process) = &mut writer.process {
            process.wait_until("there is a ring", || ring.exists());
        }
        writer
    }

    fn be(&mut self, there: bool) {
        if there == self.process.is_some() {
            return;
        }
        match self.process.take() {
            // The one way out and the other in turns: asked to end, and killed.
            Some(process) if process.id() % 2 == 0 => {
                process.interrupt();
                drop(process.wait());
            }
            Some(process) => drop(process),
            None => {
                let capture = ["capture", "--signal", "chord", "--channels", "8", "--ring"];
                let program = Program::new(capture).arg(self.place.path("ring"));
                self.process = Some(program.start());
            }
        }
    }
}

/// A null sink of a private server; its monitor is the device.
struct Device {
    server: PulseServer,
    module: Option<u32>,
}

impl Device {
    fn plugged_into(server: PulseServer) -> Self {
        let mut device = Self {
            server,
            module: None,
        };
        device.be(true);
        device
    }

    fn be(&mut self, there: bool) {
        if there == self.module.is_some() {
            return;
        }
        match self.module.take() {
            Some(module) => self.server.unplug(module).expect("the server unplugs"),
            None => {
                let sink = NullSink::new("soak", 2, 48_000);
                self.module = Some(self.server.plug(&sink).expect("the server plugs in"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of a run of `minutes` in which a figure goes as `value` says of the seconds.
    fn samples(minutes: u32, value: impl Fn(f64) -> f64) -> Vec<Sample> {
        (0..minutes * 12)
            .map(|number| {
                let secs = 5.0 * f64::from(number);
                let values = [
                    ("memory_mb", value(secs)),
                    ("entities", value(secs)),
                    ("tasks", secs),
                ];
                let named = values.map(|(name, value)| (name.to_owned(), value));
                Sample {
                    secs,
                    display: "view",
                    figures: Figures(named.into()),
                }
            })
            .collect()
    }

    fn curve(name: &str, samples: &[Sample]) -> Curve {
        curves(samples)
            .into_iter()
            .find(|curve| curve.name == name)
            .expect("a curve")
    }

    #[test]
    fn growth_after_the_first_minute_is_found_and_waves_are_not() {
        let entities = |value: &dyn Fn(f64) -> f64| curve("entities", &samples(10, value));
        // The start is steep, then a wave as long as the cycle.
        let wave = |secs: f64| {
            100.0 - 50.0 * (-secs / 10.0).exp() + 10.0 * (secs / 60.0 * std::f64::consts::TAU).sin()
        };
        let flat = entities(&wave);
        assert!(!flat.grows() && flat.growth().abs() < 0.005, "{flat:?}");
        assert_eq!(flat.cycles.len(), 9, "every minute but the first");
        assert!(flat.cycles[8][2] > 109.0);
        // A quarter of a percent a minute.
        let grows = entities(&|secs| wave(secs) + secs / 60.0 * 0.25);
        assert!(grows.grows(), "{grows:?}");
        // Of few things a part of one is none, and one is one.
        assert!(!entities(&|secs| 10.0 + secs / 60.0 * 0.04).grows());
        assert!(entities(&|secs| 10.0 + secs / 60.0 * 0.12).grows());
        // Now and then a peak, later more often.
        let peaks = entities(&|secs| 100.0 + 50.0 * f64::from(secs % 60.0 < 20.0 + secs / 60.0));
        assert!(peaks.growth() > FLAT && !peaks.grows());
    }

    #[test]
    fn memory_may_settle_and_not_grow() {
        let settles = |secs: f64| 400.0 - 15.0 * (-secs / 120.0).exp();
        let memory = |minutes, value: &dyn Fn(f64) -> f64| {
            curve("memory_mb", &samples(minutes, value)).grows()
        };
        assert!(!memory(5, &settles) && !memory(60, &settles));
        // What is kept for ever, ten megabytes a minute, is seen in five minutes; far less in an hour.
        assert!(memory(5, &|secs| settles(secs) + secs / 60.0 * 10.0));
        assert!(memory(60, &|secs| settles(secs) + secs / 60.0 * 0.1));
    }

    #[test]
    fn work_under_way_is_shown_and_not_judged() {
        let all = curves(&samples(5, |_| 1.0));
        let tasks = all
            .iter()
            .find(|curve| curve.name == "tasks")
            .expect("a curve");
        assert!(tasks.growth() > 1.0 && !tasks.grows());
        let table = table(&all);
        assert!(table.contains("flat") && !table.contains("GROWS"));
        let columns = |line: &str| line.matches('|').count();
        let first = table.lines().next().map(columns);
        assert!(table.lines().all(|line| Some(columns(line)) == first));
        assert!(curves(&samples(2, |_| 1.0)).is_empty(), "too short");
    }

    #[test]
    fn the_table_of_values_has_a_name_for_every_column() {
        let sample = &samples(1, |_| 1.0)[0];
        let columns = CSV_HEAD.split(',').count();
        assert_eq!(sample.csv().lines().count(), 3);
        for line in sample.csv().lines() {
            assert_eq!(line.split(',').count(), columns);
        }
    }

    #[test]
    fn the_cycle_ends_as_it_began() {
        let cycle = Cycle::read();
        let last = cycle.changes.last().expect("changes").0;
        assert!(last < cycle.secs);
        assert!(cycle.is_there(0.0) && !cycle.is_there(cycle.source_secs[0] + 0.1));
        // Whatever is changed is changed twice at least: there and back.
        let name = |set: &str| set.split('=').next().unwrap_or_default().to_owned();
        for (_, set) in &cycle.changes {
            let times = cycle.changes.iter();
            assert!(
                times.filter(|(_, other)| name(other) == name(set)).count() >= 2,
                "{set}"
            );
        }
    }
}
