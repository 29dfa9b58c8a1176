//! Changes the source while the display goes on: one thread that takes orders, stops one capture,
//! starts the next into a new ring, and hands its reader over. It also passes on what captures
//! and recording have to say. The display never waits for it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use soundfall_capture::{Capture, CaptureConfig, Signal, SourceSpec, SourceState, devices, start};
use soundfall_systems::stream::{Source, SourceControl, SourceProbe};

use super::super::capture::{tell, welcome};
use super::super::record::Recording;

/// How often events are looked at.
const LOOK: Duration = Duration::from_millis(50);

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
    recording: Mutex<Option<Recording>>,
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
    /// Around a capture that runs; `config` is what it was started with. Gives its source as well.
    pub fn new(
        capture: Arc<Capture>,
        name: String,
        config: CaptureConfig,
        recording: Recording,
    ) -> Result<(Arc<Self>, Source)> {
        let source = shown(&capture, &name)?;
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
            recording: Mutex::new(Some(recording)),
        });
        let (orders, inbox) = channel();
        let theirs = shared.clone();
        std::thread::Builder::new()
            .name("switchboard".into())
            .spawn(move || serve(&theirs, &inbox, &config, &name))
            .context("cannot start the switchboard thread")?;
        let board = Self {
            shared,
            orders: Mutex::new(orders),
        };
        Ok((Arc::new(board), source))
    }

    /// Ends the capture that runs now.
    pub fn end(&self) {
        let current = locked(&self.shared.current);
        current.halt();
        tell(&current);
    }

    /// Completes the recording, once the capture has ended.
    ///
    /// # Errors
    /// Why it is not whole.
    pub fn finish_recording(&self) -> Result<()> {
        match locked(&self.shared.recording).take() {
            Some(mut recording) => {
                recording.tell();
                recording.finish()
            }
            None => Ok(()),
        }
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

/// The thread: lists devices, then carries out orders. `name` is what runs.
fn serve(shared: &Shared, inbox: &Receiver<String>, config: &CaptureConfig, name: &str) {
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
    let mut running = name.to_owned();
    loop {
        let (name, reshaped) = match inbox.recv_timeout(LOOK) {
            // Only the last of several orders counts.
            Ok(name) => (inbox.try_iter().last().unwrap_or(name), false),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(recording) = &mut *locked(&shared.recording) {
                    recording.tell();
                }
                let current = locked(&shared.current).clone();
                // A ring has one shape: a device that came back with another gets a new one.
                if !tell(&current) {
                    continue;
                }
                (running.clone(), true)
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let choice = locked(&shared.choices)
            .iter()
            .find(|choice| choice.name == name)
            .cloned();
        let Some(mut choice) = choice else { continue };
        let mut next = config.clone();
        if reshaped {
            (next.channels, next.sample_rate) = (None, None);
            choice.as_asked = true;
        }
        let done = change(shared, next, &choice).map_err(|error| format!("{name}: {error:#}"));
        if done.is_ok() {
            running = name;
        }
        locked(&shared.arrived).push_back(done);
    }
}

/// Stops what runs and starts the chosen one. If that fails the history stays on screen.
fn change(shared: &Shared, mut next: CaptureConfig, choice: &Choice) -> Result<Source> {
    next.source = choice.spec.clone();
    if !choice.as_asked {
        next.loopback = false;
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
fn shown(capture: &Arc<Capture>, name: &str) -> Result<Source> {
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
        Some(self.0.stats().lost_frames)
    }

    fn ended(&self) -> bool {
        self.0.stats().finished
    }

    fn trouble(&self) -> Option<String> {
        (self.0.stats().state == SourceState::Lost)
            .then(|| "The device is gone; it is looked for until it is back.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cli::RecordArgs;

    fn wait_for(board: &Switchboard) -> Result<Source, String> {
        for _ in 0..2000 {
            if let Some(arrived) = board.arrived() {
                return arrived;
            }
            std::thread::sleep(Duration::from_millis(5));
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
        let none = RecordArgs {
            record: None,
            overwrite: false,
        };
        let recording = Recording::start(&none, &capture).unwrap();
        let (board, first) =
            Switchboard::new(capture, "signal chord".into(), config, recording).unwrap();
        while first.ring.written_frames() == 0 {
            std::thread::sleep(LOOK);
        }
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
