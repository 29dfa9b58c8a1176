//! Changes the source while readers go on: a thread that stops one capture and starts the next into a new ring.
//!
//! Readers keep the old ring, which stays readable, until they take the new one from [`SourceManager::poll`]. Nothing
//! here waits for a reader, and no method waits for the thread.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use soundfall_ring::SharedRing;

use crate::capture::{Capture, CaptureStats, start};
use crate::config::{CaptureConfig, SourceSpec};
use crate::devices;
use crate::error::CaptureError;
use crate::event::CaptureEvent;
use crate::signal::Signal;

/// Time between two looks at the events of the running capture.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A running source, as a reader takes it.
#[derive(Clone)]
pub struct ManagedSource {
    /// Name of the source, one of [`SourceManager::choices`].
    pub name: String,
    /// The ring, opened for reading.
    pub ring: SharedRing,
    /// The capture that writes it.
    pub capture: Arc<Capture>,
}

impl fmt::Debug for ManagedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedSource")
            .field("name", &self.name)
            .field("capture", &self.capture)
            .finish_non_exhaustive()
    }
}

impl ManagedSource {
    fn open(name: &str, capture: Arc<Capture>) -> Result<Self, CaptureError> {
        let ring = soundfall_ring_file::open(capture.ring_path(), false)?.ring;
        Ok(Self {
            name: name.to_owned(),
            ring,
            capture,
        })
    }
}

/// The chosen source could not be started. The old ring stays readable; nothing is captured until another source is
/// chosen.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {source}")]
#[non_exhaustive]
pub struct SwitchError {
    /// The source that was chosen.
    pub name: String,
    /// Why it could not be started.
    pub source: CaptureError,
}

/// What the manager reports to its observer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ManagerEvent<'a> {
    /// Another capture was started.
    Started(&'a Capture),
    /// An event of the running capture.
    Capture(&'a Capture, CaptureEvent),
    /// The events of the running capture were polled; comes about 20 times a second.
    Polled,
}

type Observer = Box<dyn FnMut(ManagerEvent<'_>) + Send>;

/// A source that can be chosen.
#[derive(Clone)]
struct Choice {
    name: String,
    spec: SourceSpec,
    /// Channels and rate of the first configuration belong to its source only.
    keeps_shape: bool,
}

/// What thread and handle share.
struct Shared {
    current: Mutex<Arc<Capture>>,
    /// Numbers of the captures before it.
    before: Mutex<CaptureStats>,
    choices: Mutex<Vec<Choice>>,
    outcomes: Mutex<VecDeque<Result<ManagedSource, SwitchError>>>,
    observer: Mutex<Observer>,
}

/// Changes the source of a capture. The thread ends when the manager is dropped; the capture ends with its last owner.
///
/// ```no_run
/// use std::sync::Arc;
/// use soundfall_capture::{CaptureConfig, Signal, SourceManager, SourceSpec, start};
/// let config = CaptureConfig::new(SourceSpec::Signal(Signal::Chord));
/// let capture = Arc::new(start(config.clone())?);
/// let (manager, first) = SourceManager::start(capture, "chord", config, |event| println!("{event:?}"))?;
/// manager.choose("signal white");
/// // Later: the ring of the chosen source.
/// if let Some(Ok(source)) = manager.poll() {
///     assert_ne!(source.ring.epoch(), first.ring.epoch());
/// }
/// # Ok::<(), soundfall_capture::CaptureError>(())
/// ```
pub struct SourceManager {
    shared: Arc<Shared>,
    orders: Mutex<Sender<String>>,
}

impl fmt::Debug for SourceManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceManager")
            .field("current", &locked(&self.shared.current))
            .finish_non_exhaustive()
    }
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SourceManager {
    /// Manages a running capture: `name` is what it is called among the choices, `config` what it was started with. The
    /// observer is called on the manager's thread and from [`SourceManager::halt`]. Returns the manager and the source
    /// that runs.
    ///
    /// # Errors
    /// [`CaptureError::OpenRing`], [`CaptureError::Thread`].
    pub fn start(
        capture: Arc<Capture>,
        name: &str,
        config: CaptureConfig,
        observer: impl FnMut(ManagerEvent<'_>) + Send + 'static,
    ) -> Result<(Self, ManagedSource), CaptureError> {
        let source = ManagedSource::open(name, Arc::clone(&capture))?;
        let shared = Arc::new(Shared {
            current: Mutex::new(capture),
            before: Mutex::default(),
            choices: Mutex::new(built_in_choices(name, &config.source)),
            outcomes: Mutex::default(),
            observer: Mutex::new(Box::new(observer)),
        });
        let (orders, inbox) = channel();
        let theirs = Arc::clone(&shared);
        let name = name.to_owned();
        thread::Builder::new()
            .name("soundfall-sources".to_owned())
            .spawn(move || theirs.run(&inbox, &config, name))
            .map_err(|source| CaptureError::Thread {
                name: "source manager",
                source,
            })?;
        let manager = Self {
            shared,
            orders: Mutex::new(orders),
        };
        Ok((manager, source))
    }

    /// Names of the sources that can be chosen: the first one, the built-in signals, and the devices once they are
    /// listed.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        let choices = locked(&self.shared.choices);
        choices.iter().map(|choice| choice.name.clone()).collect()
    }

    /// Asks for another source; names that are no choice are ignored. The outcome comes from [`SourceManager::poll`].
    pub fn choose(&self, name: &str) {
        // The thread lives as long as this end of the channel.
        locked(&self.orders).send(name.to_owned()).ok();
    }

    /// The outcome of a change, oldest first; `None` when there is none. A device that came back with other channels or
    /// another rate is a change too, and so is a new ring in the place of one that was lost.
    #[must_use]
    pub fn poll(&self) -> Option<Result<ManagedSource, SwitchError>> {
        locked(&self.shared.outcomes).pop_front()
    }

    /// The numbers of the capture that runs now.
    #[must_use]
    pub fn stats(&self) -> CaptureStats {
        locked(&self.shared.current).stats()
    }

    /// The capture that runs now, or ran last.
    #[must_use]
    pub fn current(&self) -> Arc<Capture> {
        Arc::clone(&locked(&self.shared.current))
    }

    /// The numbers of all captures so far; state as of the one that runs now.
    #[must_use]
    pub fn totals(&self) -> CaptureStats {
        // Both, so that no change comes between.
        let current = locked(&self.shared.current);
        locked(&self.shared.before).followed_by(current.stats())
    }

    /// Stops the capture that runs now and reports its last events.
    pub fn halt(&self) {
        let current = Arc::clone(&locked(&self.shared.current));
        current.halt();
        self.shared.report_events(&current);
    }
}

/// What the thread itself has to do about events.
#[derive(Default)]
struct News {
    /// Id of the device that came back with another shape.
    reshaped: Option<String>,
    /// The capture writes a new ring.
    renewed: bool,
}

/// The first source and every built-in signal.
fn built_in_choices(name: &str, first: &SourceSpec) -> Vec<Choice> {
    let mut choices = vec![Choice {
        name: name.to_owned(),
        spec: first.clone(),
        keeps_shape: true,
    }];
    choices.extend(Signal::ALL.iter().map(|signal| Choice {
        name: format!("signal {signal}"),
        spec: SourceSpec::Signal(*signal),
        keeps_shape: false,
    }));
    let mut seen = HashSet::new();
    choices.retain(|choice| seen.insert(choice.name.clone()));
    choices
}

impl Shared {
    /// The thread: lists the devices, then carries out orders. `running` is the name of the source.
    fn run(&self, inbox: &Receiver<String>, config: &CaptureConfig, mut running: String) {
        self.add_devices();
        loop {
            let (name, reshaped) = match inbox.recv_timeout(POLL_INTERVAL) {
                // Only the last of several orders counts.
                Ok(name) => (inbox.try_iter().last().unwrap_or(name), None),
                Err(RecvTimeoutError::Timeout) => {
                    let current = Arc::clone(&locked(&self.current));
                    let news = self.report_events(&current);
                    if news.renewed
                        && let Ok(source) = ManagedSource::open(&running, current)
                    {
                        locked(&self.outcomes).push_back(Ok(source));
                    }
                    // A ring has one shape: a device that came back with another gets a new one.
                    if news.reshaped.is_none() {
                        continue;
                    }
                    (running.clone(), news.reshaped)
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let choice = locked(&self.choices)
                .iter_mut()
                .find(|choice| choice.name == name)
                .map(|choice| {
                    if let Some(id) = &reshaped {
                        choice.spec.follow(id);
                    }
                    choice.clone()
                });
            let Some(mut choice) = choice else { continue };
            let mut next = config.clone();
            if reshaped.is_some() {
                (next.channels, next.sample_rate) = (None, None);
                choice.keeps_shape = true;
            }
            let outcome = self.change(next, &choice).map_err(|source| SwitchError {
                name: name.clone(),
                source,
            });
            if outcome.is_ok() {
                running = name;
            }
            locked(&self.outcomes).push_back(outcome);
        }
    }

    fn add_devices(&self) {
        let Ok(list) = devices::list() else { return };
        let mut choices = locked(&self.choices);
        let known: HashSet<String> = choices.iter().map(|choice| choice.name.clone()).collect();
        let new = list
            .into_iter()
            .filter(|device| !known.contains(&device.name))
            .map(|device| Choice {
                name: device.name,
                spec: SourceSpec::Device {
                    name: Some(device.id),
                },
                keeps_shape: false,
            });
        choices.extend(new);
    }

    /// Passes events on.
    fn report_events(&self, capture: &Capture) -> News {
        let mut news = News::default();
        let mut observer = locked(&self.observer);
        for event in capture.poll_events() {
            if let CaptureEvent::Reshaped { id, .. } = &event {
                news.reshaped = Some(id.clone());
            }
            news.renewed |= matches!(event, CaptureEvent::RingRenewed { .. });
            observer(ManagerEvent::Capture(capture, event));
        }
        observer(ManagerEvent::Polled);
        news
    }

    /// Stops the running capture and starts the chosen one.
    fn change(
        &self,
        mut next: CaptureConfig,
        choice: &Choice,
    ) -> Result<ManagedSource, CaptureError> {
        next.source = choice.spec.clone();
        if !choice.keeps_shape {
            next.loopback = false;
            let format = *locked(&self.current).format();
            // A signal takes the shape of the source before it; a device has its own.
            let is_signal = matches!(choice.spec, SourceSpec::Signal(_));
            next.channels = is_signal.then_some(format.channels);
            next.sample_rate = is_signal.then_some(format.sample_rate);
        }
        // A ring file has one writer: the old one must be gone first.
        locked(&self.current).halt();
        let capture = Arc::new(start(next)?);
        locked(&self.observer)(ManagerEvent::Started(&capture));
        let source = ManagedSource::open(&choice.name, Arc::clone(&capture))?;
        let mut current = locked(&self.current);
        let mut before = locked(&self.before);
        *before = before.followed_by(current.stats());
        *current = capture;
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn wait_for(manager: &SourceManager) -> Result<ManagedSource, SwitchError> {
        for _ in 0..2000 {
            if let Some(outcome) = manager.poll() {
                return outcome;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("no answer");
    }

    #[test]
    fn another_source_has_another_ring_and_the_old_ring_stays_readable() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = CaptureConfig::new(SourceSpec::Signal(Signal::Chord));
        config.ring_path = Some(folder.path().join("ring"));
        config.history_secs = 2.0;
        config.channels = Some(3);
        let capture = Arc::new(start(config.clone()).unwrap());
        let started = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&started);
        let observer = move |event: ManagerEvent<'_>| {
            if let ManagerEvent::Started(capture) = event {
                locked(&seen).push(capture.label().to_owned());
            }
        };
        let (manager, first) =
            SourceManager::start(capture, "signal chord", config, observer).unwrap();
        while first.ring.written_frames() == 0 {
            thread::sleep(POLL_INTERVAL);
        }
        let choices = manager.choices();
        assert!(choices.iter().any(|name| name == "signal white"));
        let chords = choices.iter().filter(|name| *name == "signal chord");
        assert_eq!(chords.count(), 1);

        manager.choose("no such source");
        manager.choose("signal white");
        let second = wait_for(&manager).unwrap();
        assert_eq!(second.name, "signal white");
        assert_ne!(second.ring.epoch(), first.ring.epoch());
        assert_eq!(second.ring.format().channels, 3);
        let mut frame = [0.0];
        let oldest = first.ring.oldest_frame();
        first.ring.read(0, oldest, &mut frame).unwrap();

        // Back to the first one, which keeps its own shape.
        manager.choose("signal chord");
        assert_eq!(wait_for(&manager).unwrap().name, "signal chord");
        assert_eq!(*locked(&started), ["white", "chord"]);
        manager.halt();
        let now = manager.current().stats().frames;
        let all = [&first.capture, &second.capture].map(|capture| capture.stats().frames);
        assert!(all[0] > 0, "{all:?}");
        assert_eq!(manager.totals().frames, all[0] + all[1] + now);
    }

    #[test]
    fn a_source_that_cannot_be_started_is_named_and_another_can_be_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("here").join("ring");
        std::fs::create_dir(folder.path().join("here")).unwrap();
        let mut config = CaptureConfig::new(SourceSpec::Signal(Signal::Chord));
        config.ring_path = Some(ring.clone());
        config.history_secs = 2.0;
        let capture = Arc::new(start(config.clone()).unwrap());
        let (manager, _) = SourceManager::start(capture, "signal chord", config, |_| {}).unwrap();
        // A directory in the place of the ring cannot be replaced.
        std::fs::remove_file(&ring).unwrap();
        std::fs::create_dir(&ring).unwrap();
        manager.choose("signal white");
        let error = wait_for(&manager).unwrap_err();
        assert!(error.to_string().starts_with("signal white: "), "{error}");
        std::fs::remove_dir(&ring).unwrap();
        manager.choose("signal white");
        assert_eq!(wait_for(&manager).unwrap().name, "signal white");
    }
}
