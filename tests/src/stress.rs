//! A display under more than it can bear: 64 channels at 192 kHz, shown once and three times, with
//! processor time taken away by other processes, with a slow disk under a recording.
//!
//! Judges what must hold on any machine: nothing is lost, or the loss is counted and said; less is
//! analysed in named steps, or not less; everything is made good afterwards. Never judges times.

use crate::figures::field;
use crate::outcome::{Outcome, number};
use crate::place::Place;
use crate::program::{Program, Running};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Channels and rate of the sound.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Channels.
    pub channels: u32,
    /// Hz.
    pub rate: u32,
}

/// As much as the program promises to bear.
pub const MOST: Shape = Shape {
    channels: 64,
    rate: 192_000,
};

/// What takes away from the program, in the middle half of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Nothing.
    None,
    /// Busy processes, two a processor.
    Processor,
    /// Another writer that waits for the disk each time, under a recording.
    Disk,
}

/// Something to bear for a while.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What it is called.
    pub name: &'static str,
    /// Displays of the ring.
    pub viewers: usize,
    /// What is taken away meanwhile.
    pub load: Load,
}

/// The scenes, in their order.
pub const SCENES: [Scene; 4] = [
    Scene {
        name: "one viewer",
        viewers: 1,
        load: Load::None,
    },
    Scene {
        name: "three viewers",
        viewers: 3,
        load: Load::None,
    },
    Scene {
        name: "busy processors",
        viewers: 1,
        load: Load::Processor,
    },
    Scene {
        name: "slow disk",
        viewers: 1,
        load: Load::Disk,
    },
];

/// The longest recording: a second of the largest shape is 49 MB.
const RECORDED_SECS: f64 = 40.0;

/// The time that a viewer gets, once nothing is taken away any more, until its quality is full.
const RECOVERY: Duration = Duration::from_secs(600);

/// What a scene came to.
#[derive(Clone, Debug, Default)]
pub struct Result {
    /// Frames in the ring.
    pub frames: f64,
    /// Frames lost before it.
    pub lost: f64,
    /// Times a viewer was overtaken, all viewers together.
    pub laps: f64,
    /// Steps of reduced quality, all viewers together.
    pub quality_steps: f64,
    /// The least quality of any viewer.
    pub lowest: String,
    /// Columns due, and analysed, of all viewers.
    pub columns: [f64; 2],
    /// Seconds after the load until the quality was found full: a quarter of the scene at least.
    pub recovery_secs: f64,
    /// What must not be, a line each.
    pub faults: Vec<String>,
}

impl Scene {
    /// Plays it for so many seconds; a recording is written into `disk`.
    pub fn play(&self, shape: Shape, seconds: f64, disk: &Path) -> Result {
        let seconds = match self.load {
            Load::Disk => seconds.min(RECORDED_SECS),
            _ => seconds,
        };
        let place = Place::new();
        let ring = place.path("ring");
        let recording = (self.load == Load::Disk).then(|| disk.join("stress.wav"));
        let mut capture = Program::new(["capture", "--signal", "pink", "--history", "10"])
            .args(["--channels", &shape.channels.to_string()])
            .args(["--rate", &shape.rate.to_string()])
            .args(["--stats", "-", "--ring"])
            .arg(&ring);
        if let Some(path) = &recording {
            capture = capture.arg("--record").arg(path).arg("--overwrite");
        }
        let mut capture = capture.start();
        capture.wait_until("there is a ring", || ring.exists());
        let mut viewers: Vec<Running> = (0..self.viewers)
            .map(|_| {
                let view = ["view", "--headless", "-v", "--stats", "-", "--ring"];
                Program::new(view).arg(&ring).start()
            })
            .collect();
        let quarter = Duration::from_secs_f64(seconds / 4.0);
        thread::sleep(quarter);
        let loads = Loads::begin(self.load, disk);
        thread::sleep(2 * quarter);
        drop(loads);
        let end = |viewer: Running| {
            viewer.interrupt();
            viewer.wait()
        };
        // The first one has the machine to itself, and is back at full quality before it ends.
        let others: Vec<Outcome> = viewers.drain(1..).map(end).collect();
        thread::sleep(quarter);
        let relieved = Instant::now();
        while viewers
            .iter_mut()
            .any(|viewer| viewer.is_running() && figure(&viewer.said(), "quality") != Some("full"))
            && relieved.elapsed() < RECOVERY
        {
            thread::sleep(Duration::from_millis(100));
        }
        let recovery_secs = relieved.elapsed().as_secs_f64();
        // The viewers before the writer, so that there is something to be made good until their end.
        let mut viewers: Vec<Outcome> = viewers.into_iter().map(end).collect();
        let relieved = viewers.len();
        viewers.extend(others);
        capture.interrupt();
        let capture = capture.wait();
        let info = Program::new(["ring", "info", "--json"]).arg(&ring).run();
        let recorded = recording.as_deref().map(size_of);
        if let Some(path) = &recording {
            let _ = fs::remove_file(path);
        }
        let mut result = judge(shape, &capture, &info, recorded, &viewers, relieved);
        result.recovery_secs = quarter.as_secs_f64() + recovery_secs;
        result
    }
}

/// What the newest line of a viewer's figures says.
fn figure<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    let line = said.lines().rev().find(|line| line.contains("  laps "))?;
    field(line, name)
}

/// Bytes of a recording: 32-bit samples, and less than [`HEADER`] before them.
fn size_of(wav: &Path) -> u64 {
    fs::metadata(wav).map_or(0, |metadata| metadata.len())
}

/// More than the header of a recording has.
const HEADER: f64 = 4096.0;

/// The first viewers, so many of them, were relieved before their end.
fn judge(
    shape: Shape,
    capture: &Outcome,
    info: &Outcome,
    recorded_bytes: Option<u64>,
    viewers: &[Outcome],
    relieved: usize,
) -> Result {
    let mut result = Result::default();
    let mut fault = |text: String| result.faults.push(text);
    for outcome in viewers.iter().chain([capture, info]) {
        if !outcome.status.success() || outcome.stderr.contains("panicked at") {
            fault(format!(
                "soundfall {} ended with {}: {}",
                outcome.line,
                outcome.status,
                outcome.stderr.lines().last().unwrap_or_default()
            ));
        }
    }
    let [written, described] = [capture, info].map(|outcome| read(&outcome.stdout));
    let (frames, lost) = (
        value(&written, "frames_written"),
        value(&written, "lost_frames"),
    );
    // A loss is in three places: the figures, the ring, and on stderr.
    let in_the_ring: f64 = described["gaps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|gap| value(gap, "length_frames"))
        .sum();
    let gaps = value(&described, "gap_total");
    let (listed, said) = (
        described["gaps"].as_array().map_or(0, Vec::len) as f64,
        capture.stderr.matches("of sound lost").count() as f64,
    );
    // The ring lists its last gaps; where it has had more, their frames are not all there.
    if lost != in_the_ring && gaps == listed {
        fault(format!(
            "{lost} frames lost, {in_the_ring} in the gaps of the ring"
        ));
    }
    if gaps != said {
        fault(format!("{gaps} gaps, {said} of them said"));
    }
    if let Some(bytes) = recorded_bytes {
        // Silence stands in for what the disk was too slow for, which is said.
        let whole = frames * 4.0 * f64::from(shape.channels);
        let missing = whole - bytes as f64;
        let said = capture.stderr.contains("the recording ended");
        if !(-HEADER..=0.0).contains(&missing) && !said {
            fault(format!(
                "a recording of {bytes} bytes for {whole} bytes of sound"
            ));
        }
    }
    (result.frames, result.lost) = (frames, lost);
    result.lowest = "full".to_owned();
    for (index, viewer) in viewers.iter().enumerate() {
        let stats = read(&viewer.stdout);
        let mut fault = |text: String| result.faults.push(format!("a viewer: {text}"));
        let [due, analysed, dropped, laps] =
            ["columns_due", "columns_analysed", "columns_dropped", "laps"]
                .map(|name| value(&stats, name));
        if due != analysed + dropped || due == 0.0 {
            fault(format!(
                "{due} columns due, {analysed} analysed, {dropped} dropped"
            ));
        }
        let steps = value(&stats, "quality_steps");
        // What was left out, or not yet done, is lost where the ring is written over it: both are said.
        let said = steps > 0.0 || viewer.stderr.contains("the analysis did not keep up");
        if dropped > 0.0 && laps == 0.0 && !said {
            fault(format!("{dropped} columns dropped, and nothing said"));
        }
        if laps > 0.0 && figure(&viewer.stderr, "laps") == Some("0") {
            fault(format!("{laps} laps, and its line says none"));
        }
        let (now, lowest) = (
            stats["quality"]["now"].as_str().unwrap_or("?"),
            stats["quality"]["lowest"].as_str().unwrap_or("?"),
        );
        if (steps > 0.0) != (lowest != "full") {
            fault(format!(
                "{steps} steps of quality down, the least was {lowest}"
            ));
        }
        if index < relieved && now != "full" {
            fault(format!("still {now} at the end"));
        }
        result.laps += laps;
        result.quality_steps += steps;
        if lowest != "full" {
            result.lowest = lowest.to_owned();
        }
        result.columns[0] += due;
        result.columns[1] += analysed;
    }
    result
}

fn read(text: &str) -> Value {
    serde_json::from_str(text.trim()).unwrap_or_default()
}

/// A number, or 0 where there is none: a process that ended early is a fault already.
fn value(object: &Value, name: &str) -> f64 {
    object[name].as_f64().map_or(0.0, |_| number(object, name))
}

/// What takes processor or disk away; ends when dropped.
#[derive(Default)]
struct Loads {
    processes: Vec<Child>,
    writer: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Loads {
    fn begin(load: Load, disk: &Path) -> Self {
        let mut loads = Self::default();
        match load {
            Load::None => {}
            Load::Processor => {
                let processors = thread::available_parallelism().map_or(2, usize::from);
                loads.processes = (0..2 * processors)
                    .filter_map(|_| {
                        let mut shell = Command::new("sh");
                        shell.args(["-c", "while :; do :; done"]);
                        shell.stdin(Stdio::null()).spawn().ok()
                    })
                    .collect();
            }
            Load::Disk => {
                let go_on = Arc::new(AtomicBool::new(true));
                let (path, asked) = (disk.join("stress-load"), Arc::clone(&go_on));
                let writer = thread::spawn(move || {
                    let block = vec![0x5a; 8 << 20];
                    while asked.load(Ordering::Relaxed) {
                        let written = File::create(&path).and_then(|mut file| {
                            for _ in 0..8 {
                                file.write_all(&block)?;
                                file.sync_all()?;
                            }
                            Ok(())
                        });
                        if written.is_err() {
                            thread::sleep(Duration::from_millis(100));
                        }
                    }
                    let _ = fs::remove_file(&path);
                });
                loads.writer = Some((go_on, writer));
            }
        }
        loads
    }
}

impl Drop for Loads {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
        if let Some((go_on, writer)) = self.writer.take() {
            go_on.store(false, Ordering::Relaxed);
            let _ = writer.join();
        }
    }
}
