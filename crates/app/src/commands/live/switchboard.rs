//! Changes the source while the display goes on: one thread that takes orders, stops one capture,
//! starts the next into a new ring, and hands its reader over. The display never waits for it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use soundfall_capture::{Capture, CaptureConfig, Signal, SourceSpec, SourceState, devices, start};
use soundfall_systems::source::{Source, SourceControl, SourceProbe};

use super::super::capture::{tell, welcome};

/// A source that can be chosen.
#[derive(Clone)]
struct Choice {
    name: String,
    spec: SourceSpec,
    /// Channels and rate belong to the source they were asked for; others bring their own.
    as_asked: bool,
}

/// What the thread and the display share.
struct Shared {
    current: Mutex<Arc<Capture>>,
    choices: Mutex<Vec<Choice>>,
    arrived: Mutex<VecDeque<Result<Source, String>>>,
}

/// Takes orders from the panel.
pub struct Switchboard {
    shared: Arc<Shared>,
    orders: Mutex<Sender<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switchboard {
    /// Around a capture that runs; `config` is what it was started with.
    pub fn new(capture: Arc<Capture>, name: String, config: CaptureConfig) -> Result<Self> {
        let mut choices = vec![Choice {
            name: name.clone(),
            spec: config.source.clone(),
            as_asked: true,
        }];
        choices.extend(Signal::ALL.iter().map(|signal| Choice {
            name: format!("signal {signal}"),
            spec: SourceSpec::Signal(*signal),
            as_asked: false,
        }));
        choices.dedup_by(|b, a| a.name == b.name);
        let mut seen = std::collections::HashSet::new();
        choices.retain(|choice| seen.insert(choice.name.clone()));
        let shared = Arc::new(Shared {
            current: Mutex::new(capture),
            choices: Mutex::new(choices),
            arrived: Mutex::default(),
        });
        let (orders, inbox) = channel();
        let theirs = shared.clone();
        std::thread::Builder::new()
            .name("switchboard".into())
            .spawn(move || serve(&theirs, &inbox, &config))
            .context("cannot start the switchboard thread")?;
        Ok(Self {
            shared,
            orders: Mutex::new(orders),
        })
    }

    /// Ends the capture that runs now.
    pub fn end(&self) {
        locked(&self.shared.current).halt();
    }
}

impl SourceControl for Switchboard {
    fn choices(&self) -> Vec<String> {
        locked(&self.shared.choices)
            .iter()
            .map(|choice| choice.name.clone())
            .collect()
    }

    fn choose(&self, name: &str) {
        // The thread lives as long as this end of the channel.
        let _ = locked(&self.orders).send(name.to_owned());
    }

    fn arrived(&self) -> Option<Result<Source, String>> {
        locked(&self.shared.arrived).pop_front()
    }
}

/// The thread: lists devices, then carries out orders.
fn serve(shared: &Shared, inbox: &Receiver<String>, config: &CaptureConfig) {
    if let Ok(list) = devices::list() {
        let mut choices = locked(&shared.choices);
        let known: Vec<String> = choices.iter().map(|choice| choice.name.clone()).collect();
        choices.extend(
            list.into_iter()
                .filter(|device| !known.contains(&device.name))
                .map(|device| Choice {
                    name: device.name,
                    spec: SourceSpec::Device {
                        name: Some(device.id),
                    },
                    as_asked: false,
                }),
        );
    }
    while let Ok(mut name) = inbox.recv() {
        // Only the last of several orders counts.
        while let Ok(later) = inbox.try_recv() {
            name = later;
        }
        let choice = locked(&shared.choices)
            .iter()
            .find(|choice| choice.name == name)
            .cloned();
        let Some(choice) = choice else { continue };
        let done = change(shared, config, &choice).map_err(|error| format!("{name}: {error:#}"));
        locked(&shared.arrived).push_back(done);
    }
}

/// Stops what runs and starts the chosen one. If that fails the history stays on screen.
fn change(shared: &Shared, config: &CaptureConfig, choice: &Choice) -> Result<Source> {
    let mut next = config.clone();
    next.source = choice.spec.clone();
    if !choice.as_asked {
        let format = *locked(&shared.current).format();
        // A signal goes on with the shape of what it follows; a device brings its own.
        let keeps = matches!(choice.spec, SourceSpec::Signal(_));
        next.channels = keeps.then_some(format.channels);
        next.sample_rate = keeps.then_some(format.sample_rate);
    }
    // The ring has one writer: the old one must be gone first.
    locked(&shared.current).halt();
    let capture = Arc::new(start(next)?);
    welcome(&capture);
    let source = shown(&capture, &choice.name)?;
    *locked(&shared.current) = capture;
    Ok(source)
}

/// The capture's ring, as any viewer opens it.
pub fn shown(capture: &Arc<Capture>, name: &str) -> Result<Source> {
    let open = soundfall_ring_file::open(capture.ring_path(), false)?;
    Ok(Source {
        ring: open.ring.clone(),
        name: name.to_owned(),
        probe: Some(Arc::new(Probe(capture.clone()))),
    })
}

/// The capture's counters, for the display.
struct Probe(Arc<Capture>);

impl SourceProbe for Probe {
    fn lost_frames(&self) -> Option<u64> {
        // Asked every frame, so this is also where what happened is passed on to the terminal.
        tell(&self.0);
        Some(self.0.stats().lost_frames)
    }

    fn ended(&self) -> bool {
        self.0.stats().finished
    }

    fn trouble(&self) -> Option<String> {
        (self.0.stats().state == SourceState::Lost)
            .then(|| "The source is gone; the history stays.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn wait_for(board: &Switchboard) -> Result<Source, String> {
        for _ in 0..2000 {
            if let Some(arrived) = board.arrived() {
                return arrived;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("no answer");
    }

    #[test]
    fn another_source_comes_with_another_ring_and_the_old_one_stays_readable() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = CaptureConfig::new(SourceSpec::Signal(Signal::Chord));
        config.ring_path = Some(folder.path().join("ring"));
        config.history_secs = 2.0;
        config.channels = Some(3);
        let capture = Arc::new(start(config.clone()).unwrap());
        let first = shown(&capture, "signal chord").unwrap();
        let board = Switchboard::new(capture, "signal chord".into(), config).unwrap();
        assert!(board.choices().iter().any(|name| name == "signal white"));
        assert_eq!(
            board
                .choices()
                .iter()
                .filter(|name| *name == "signal chord")
                .count(),
            1
        );

        board.choose("signal white");
        let second = wait_for(&board).unwrap();
        assert_eq!(second.name, "signal white");
        assert_ne!(second.ring.epoch(), first.ring.epoch());
        assert_eq!(second.ring.format().channels, 3);
        let mut frame = [0.0];
        first
            .ring
            .read(0, first.ring.oldest_frame(), &mut frame)
            .unwrap();

        // Back to the first: asked for with its own shape.
        board.choose("signal chord");
        assert_eq!(wait_for(&board).unwrap().name, "signal chord");
        board.end();
    }
}
