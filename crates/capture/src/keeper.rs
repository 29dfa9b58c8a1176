//! Keeps a device connected: a thread that holds the streams, notices when the device goes, and connects again, each
//! time after a longer wait.
//!
//! Samples never pass through here; how much is missing the writer works out when sound comes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::device::{Chosen, Link, Streams, Wake};
use crate::devices::{self, Identity, Presence, Wish};
use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState};
use crate::feed::{Feed, Intake, queue};

/// How often is looked whether the device is still there, where its stream would not tell.
const LOOK: Duration = Duration::from_millis(500);
/// A stream that gives no sound for so long after it was opened is opened again.
const SILENT: Duration = Duration::from_secs(3);
/// First and longest wait before it is tried to connect again.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long the end of a capture waits for a sound system that does not answer.
const FAREWELL: Duration = Duration::from_secs(8);

/// What the writer is given when a device is connected again.
pub(crate) struct Return {
    pub(crate) intake: Intake,
    /// Name of the device.
    pub(crate) device: String,
}

/// A device being kept. Dropping it ends its streams.
pub(crate) struct Keeper {
    stop: Arc<AtomicBool>,
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<()>,
}

/// What is needed to connect, and to connect again.
pub(crate) struct Connection {
    pub(crate) wish: Wish,
    /// Channels and rate that were asked for.
    pub(crate) asked: (Option<u32>, Option<u32>),
    /// Channels and rate of the ring.
    pub(crate) shape: (u32, u32),
    pub(crate) block_frames: u32,
    pub(crate) queue_frames: usize,
    pub(crate) link: Link,
}

impl Connection {
    /// Opens the device's streams; [`Streams::play`] starts them.
    pub(crate) fn open(&self, chosen: &Chosen) -> Result<(Streams, Intake), CaptureError> {
        // A refused attempt takes its end of the queue with it; the last one made is the one that runs.
        let mut intake = None;
        let mut make_feed = || -> Feed {
            let (feed, out) = queue(
                self.shape.0,
                self.queue_frames,
                Arc::clone(&self.link.counters),
            );
            intake = Some(out);
            feed
        };
        let streams = chosen.open(self.block_frames, &mut make_feed, &self.link)?;
        Ok((streams, intake.ok_or(CaptureError::NoInputDevice)?))
    }
}

impl Keeper {
    /// Takes over streams that run. `wakes` is the receiving end of the link's `keeper`; `returns` goes to the writer,
    /// which takes its end for the end of the source.
    pub(crate) fn start(
        connection: Connection,
        identity: Identity,
        streams: Streams,
        wakes: Receiver<Wake>,
        returns: Sender<Return>,
    ) -> Result<Self, CaptureError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (ending, ended) = crossbeam_channel::bounded(1);
        let wake = connection.link.keeper.clone();
        let keep = Keep {
            connection,
            identity,
            wakes,
            returns,
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new()
            .name("soundfall-device".to_owned())
            .spawn(move || {
                keep.run(streams);
                drop(ending);
            })
            .map_err(|source| CaptureError::Thread {
                name: "device",
                source,
            })?;
        Ok(Self {
            stop,
            wake,
            thread: Some(thread),
            ended,
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.wake.try_send(Wake::Stop).ok();
        // A sound system that hangs keeps its thread; the capture ends all the same.
        if self.ended.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Disconnected)
            && let Some(thread) = self.thread.take()
        {
            thread.join().ok();
        }
    }
}

/// The thread's own.
struct Keep {
    connection: Connection,
    identity: Identity,
    wakes: Receiver<Wake>,
    returns: Sender<Return>,
    stop: Arc<AtomicBool>,
}

impl Keep {
    fn run(mut self, streams: Streams) {
        let mut connected = Some(streams);
        let mut backoff = Backoff::new();
        loop {
            if connected.is_some() && !self.watch(&mut backoff) {
                return;
            }
            // First of all, so that the writer sees the end of what the lost connection gave.
            drop(connected.take());
            if !self.wait(backoff.next()) {
                return;
            }
            match self.connect_again() {
                Ok(Again::Connected(streams)) => connected = Some(streams),
                Ok(Again::Reshaped {
                    device,
                    channels,
                    rate,
                }) => {
                    let link = &self.connection.link;
                    link.counters.set_state(SourceState::Ended);
                    let event = CaptureEvent::Reshaped {
                        device,
                        channels,
                        rate,
                    };
                    link.events.try_send(event).ok();
                    return;
                }
                // Not there, or not ready yet.
                Err(error) => tracing::debug!("{}: not connected yet: {error}", self.identity.name),
            }
        }
    }

    /// Returns when the device is lost; false when the capture ends.
    fn watch(&self, backoff: &mut Backoff) -> bool {
        let link = &self.connection.link;
        let presence = Presence::of(&self.identity.id);
        let opened = Instant::now();
        loop {
            match self.wakes.recv_timeout(LOOK) {
                _ if self.stop.load(Ordering::Acquire) => return false,
                Ok(_) => return true,
                Err(_) => {}
            }
            if link.counters.state() == SourceState::Running {
                backoff.reset();
            } else if opened.elapsed() > SILENT {
                return true;
            }
            if presence.as_ref().is_some_and(|there| !there.is_there()) {
                link.lose(format!("{} was unplugged", self.identity.name));
                return true;
            }
        }
    }

    /// Waits; false when the capture ends. Wakes of the lost connection are used up.
    fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.stop.load(Ordering::Acquire) {
            if self.wakes.recv_deadline(until) == Err(RecvTimeoutError::Timeout) {
                return true;
            }
        }
        false
    }

    fn connect_again(&mut self) -> Result<Again, CaptureError> {
        let connection = &self.connection;
        let found = devices::find_again(&connection.wish, &self.identity)?;
        let (channels, rate) = (found.info.channels, found.info.rate);
        let device = found.info.name.clone();
        let (asked_channels, asked_rate) = connection.asked;
        let chosen = match Chosen::settle(found, asked_channels, asked_rate) {
            Ok(chosen) if (chosen.channels, chosen.rate) == connection.shape => chosen,
            Ok(_) | Err(CaptureError::DeviceConfig { .. }) => {
                return Ok(Again::Reshaped {
                    device,
                    channels,
                    rate,
                });
            }
            Err(error) => return Err(error),
        };
        let (streams, intake) = connection.open(&chosen)?;
        self.identity = chosen.identity();
        // Before it plays, so that the writer waits at the right end when the first sound comes.
        self.returns
            .send(Return {
                intake,
                device: device.clone(),
            })
            .ok();
        streams.play(&device)?;
        Ok(Again::Connected(streams))
    }
}

/// What became of an attempt to connect.
enum Again {
    Connected(Streams),
    Reshaped {
        device: String,
        channels: u32,
        rate: u32,
    },
}

/// Waits that double.
#[derive(Debug)]
struct Backoff(Duration);

impl Backoff {
    fn new() -> Self {
        Self(BACKOFF.0)
    }

    fn reset(&mut self) {
        *self = Self::new();
    }

    fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(BACKOFF.1);
        wait
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds() {
        let mut backoff = Backoff::new();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        backoff.reset();
        assert_eq!(backoff.next().as_millis(), 100);
    }
}
