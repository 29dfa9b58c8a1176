//! A display that runs for long: what it holds must not grow, while settings change and sources
//! come and go.
//!
//! Two displays without a window at once, as far as the machine has a sound server: `live` on a
//! device that is unplugged and plugged in again, and `view` on a ring whose writer ends and starts
//! again. Settings of both change all the time, in a cycle. Judges counts and memory, never times.

use crate::figures::Figures;
use crate::place::Place;
use crate::program::{Program, Running};
use crate::pulse::{NullSink, PulseServer};
use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

/// How a display is changed over and over: seconds into the cycle and what is set.
const CYCLE: [(f64, &str); 14] = [
    (2.0, "window-size=4096"),
    (6.0, "colormap=magma"),
    (10.0, "span=20"),
    (14.0, "show=all"),
    (18.0, "hop=1024"),
    (22.0, "scale=mel"),
    (26.0, "overlay=on"),
    (30.0, "window-size=512"),
    (34.0, "span=3"),
    (38.0, "show=none"),
    (42.0, "scale=log"),
    (46.0, "overlay=off"),
    (50.0, "hop=512"),
    (54.0, "window-size=2048"),
];
/// The cycle sets these back at its end.
const CYCLE_END: [&str; 2] = ["colormap=viridis", "span=10"];
/// Length of the cycle; means over it do not depend on where they begin.
const CYCLE_SECS: f64 = 60.0;
/// How long a source is there, and how long away, in a cycle.
const SOURCE_SECS: [f64; 2] = [25.0, 5.0];
/// Growth that is none.
const FLAT: f64 = 0.01;
/// What of [`Figures::NAMES`] is shown and not judged: work under way, and times.
const NOT_JUDGED: [&str; 2] = ["tasks", "p99_ms"];

/// How long and how often is looked.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// Length of the run, seconds. Growth is judged from three cycles of a minute on.
    pub seconds: f64,
    /// From one sample to the next.
    pub every: Duration,
}

/// The figures of a display at a moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Since the start.
    pub secs: f64,
    /// `live` or `view`.
    pub display: &'static str,
    /// What it holds.
    pub figures: Figures,
}

/// The first line of [`Sample::csv`]'s table.
pub fn csv_head() -> String {
    format!("secs,display,{}", Figures::NAMES.join(","))
}

impl Sample {
    /// As a line of a table of values.
    pub fn csv(&self) -> String {
        let values = self.figures.values().map(|value| format!("{value:.2}"));
        format!("{:.1},{},{}", self.secs, self.display, values.join(","))
    }
}

/// How a figure of a display went.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// `live` or `view`.
    pub display: &'static str,
    /// One of [`Figures::NAMES`].
    pub name: &'static str,
    /// Its mean over the first cycle after the first minute, and over the last one.
    pub means: [f64; 2],
    /// Its largest value after the first minute.
    pub largest: f64,
    /// Whether it has to be flat.
    pub judged: bool,
}

impl Curve {
    /// Growth from the one mean to the other, as a part of the first.
    pub fn growth(&self) -> f64 {
        (self.means[1] - self.means[0]) / self.means[0].max(1.0)
    }

    /// Whether it has grown though it must not.
    pub fn grows(&self) -> bool {
        self.judged && self.growth() > FLAT
    }
}

impl Soak {
    /// Runs it; `seen` gets every sample at once. `Err` says what went wrong with a display: it
    /// ended, panicked, or gave no figures.
    pub fn run(&self, mut seen: impl FnMut(&Sample)) -> Result<Vec<Sample>, String> {
        let mut displays = vec![Display::of_a_ring(self.seconds)];
        displays.extend(Display::of_a_device(self.seconds));
        let start = Instant::now();
        let mut samples = Vec::new();
        let mut next = self.every;
        while start.elapsed().as_secs_f64() < self.seconds {
            let secs = start.elapsed().as_secs_f64();
            for display in &mut displays {
                display.source.come_and_go(secs);
                if !display.running.is_running() && secs < self.seconds - 5.0 {
                    return Err(format!(
                        "{} ended after {secs:.0} s\n{}",
                        display.name,
                        display.running.said()
                    ));
                }
            }
            if start.elapsed() >= next {
                next += self.every;
                for display in &displays {
                    let figures = Figures::of(display.running.id(), &display.running.said());
                    let Some(figures) = figures else { continue };
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
    let mut displays: Vec<&'static str> = samples.iter().map(|sample| sample.display).collect();
    displays.sort_unstable();
    displays.dedup();
    let end = samples.iter().map(|sample| sample.secs).fold(0.0, f64::max);
    // As many whole cycles as there are.
    let last = (end / CYCLE_SECS).floor() * CYCLE_SECS;
    if last < 3.0 * CYCLE_SECS {
        return Vec::new();
    }
    let mut curves = Vec::new();
    for display in displays {
        let of_it = || {
            samples
                .iter()
                .filter(move |sample| sample.display == display)
        };
        for (index, name) in Figures::NAMES.into_iter().enumerate() {
            let values = |from: f64| {
                of_it()
                    .filter(move |sample| (from..from + CYCLE_SECS).contains(&sample.secs))
                    .map(move |sample| sample.figures.values()[index])
            };
            let mean = |from: f64| values(from).sum::<f64>() / values(from).count().max(1) as f64;
            let later = of_it().filter(|sample| sample.secs >= CYCLE_SECS);
            curves.push(Curve {
                display,
                name,
                means: [mean(CYCLE_SECS), mean(last - CYCLE_SECS)],
                largest: later
                    .map(|sample| sample.figures.values()[index])
                    .fold(0.0, f64::max),
                judged: !NOT_JUDGED.contains(&name),
            });
        }
    }
    curves
}

/// The curves as a table for reading.
pub fn table(curves: &[Curve]) -> String {
    let mut text = format!(
        "{:<8}{:<11}{:>12}{:>12}{:>12}{:>10}\n",
        "display", "what", "2nd minute", "last minute", "largest", "growth"
    );
    for curve in curves {
        let verdict = match (curve.judged, curve.grows()) {
            (false, _) => "",
            (true, true) => "  GROWS",
            (true, false) => "  flat",
        };
        let _ = writeln!(
            text,
            "{:<8}{:<11}{:>12.2}{:>12.2}{:>12.2}{:>8.2} %{verdict}",
            curve.display,
            curve.name,
            curve.means[0],
            curve.means[1],
            curve.largest,
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
    fn of_a_ring(seconds: f64) -> Self {
        let writer = Writer::start(Place::new());
        let ring = writer.place.path("ring");
        let program = Program::new(["view", "--headless", "-v", "--ring"]).arg(ring);
        Self {
            name: "view",
            running: with_changes(program, seconds).start(),
            source: Source::Ring(writer),
        }
    }

    /// `None` where there is no sound server.
    fn of_a_device(seconds: f64) -> Option<Self> {
        let server = PulseServer::start(&[]).ok()?;
        let device = Device::plugged_into(server);
        let program = device.server.env().into_iter().fold(
            Program::new(["live", "--headless", "-v", "--device", "soak.monitor"]),
            |program, (name, value)| program.env(name, value),
        );
        Some(Self {
            name: "live",
            running: with_changes(program, seconds).start(),
            source: Source::Device(device),
        })
    }
}

/// The changes of the cycle over and over. One more than asked for: the run is ended from outside.
fn with_changes(program: Program, seconds: f64) -> Program {
    let cycles = (seconds / CYCLE_SECS).ceil() as u32;
    let changes = (0..=cycles).flat_map(|cycle| {
        let begin = f64::from(cycle) * CYCLE_SECS;
        let end = CYCLE_END.map(|set| (CYCLE_SECS - 2.0, set));
        let all = CYCLE.into_iter().chain(end);
        all.map(move |(at, set)| format!("{}:{set}", begin + at))
    });
    changes.fold(program, |program, change| {
        program.args(["--change", &change])
    })
}

enum Source {
    Ring(Writer),
    Device(Device),
}

impl Source {
    /// There or away, as it has to be at this time.
    fn come_and_go(&mut self, secs: f64) {
        let there = secs % (SOURCE_SECS[0] + SOURCE_SECS[1]) < SOURCE_SECS[0];
        match self {
            Self::Ring(writer) => writer.be(there),
            Self::Device(device) => device.be(there),
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
                let figures = Figures {
                    memory_mb: value(secs),
                    tasks: secs,
                    ..Figures::default()
                };
                Sample {
                    secs,
                    display: "view",
                    figures,
                }
            })
            .collect()
    }

    fn memory(samples: &[Sample]) -> Curve {
        curves(samples)
            .into_iter()
            .find(|curve| curve.name == "memory_mb")
            .expect("a curve")
    }

    #[test]
    fn growth_after_the_first_minute_is_found_and_waves_are_not() {
        // The start is steep, then a wave as long as the cycle.
        let wave = |secs: f64| {
            100.0 - 50.0 * (-secs / 10.0).exp()
                + 10.0 * (secs / CYCLE_SECS * std::f64::consts::TAU).sin()
        };
        let flat = memory(&samples(10, wave));
        assert!(!flat.grows() && flat.growth().abs() < 0.005, "{flat:?}");
        assert!(flat.largest > 109.0);
        // A quarter of a percent a minute.
        let grows = memory(&samples(10, |secs| wave(secs) + secs / 60.0 * 0.25));
        assert!(grows.grows(), "{grows:?}");
    }

    #[test]
    fn work_under_way_is_shown_and_not_judged() {
        let all = curves(&samples(5, |_| 1.0));
        let tasks = all
            .iter()
            .find(|curve| curve.name == "tasks")
            .expect("a curve");
        assert!(tasks.growth() > 1.0 && !tasks.grows());
        assert!(table(&all).contains("flat") && !table(&all).contains("GROWS"));
        assert!(curves(&samples(2, |_| 1.0)).is_empty(), "too short");
    }

    #[test]
    fn the_table_of_values_has_a_name_for_every_column() {
        let sample = &samples(1, |_| 1.0)[0];
        assert_eq!(
            csv_head().split(',').count(),
            sample.csv().split(',').count()
        );
    }
}
