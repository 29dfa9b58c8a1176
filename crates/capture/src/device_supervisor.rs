//! Keeps a device connected: a thread that owns the streams, detects the loss of the device and reconnects with
//! exponential back-off.
//!
//! Samples do not pass through here; the writer works out the length of the gap when sound returns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender};

use crate::device::{Chosen, Link, Starts, Streams, Wake};
use crate::devices::{self, DeviceIdentity, DeviceRequest, Presence};
use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState};
use crate::sample_queue::{SampleConsumer, SampleProducer, sample_queue};

/// Time between two checks of a device whose stream does not report its loss.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// A stream without sound for so long after it was opened is opened again.
const FIRST_SOUND_TIMEOUT: Duration = Duration::from_secs(3);
/// Starts that may hang before a silent stream is no longer opened again: the last one is waited for.
const MAX_HANGING_STARTS: usize = 2;
/// First and longest wait between two attempts to reconnect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Longest time that the end of a capture waits for a sound system that does not answer.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// A new connection to the device, for the writer.
pub(crate) struct Reconnection {
    pub(crate) consumer: SampleConsumer,
    /// Name of the device.
    pub(crate) device: String,
}

/// A supervised device. Dropping it closes its streams.
pub(crate) struct DeviceSupervisor {
    stop: Arc<AtomicBool>,
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<()>,
}

/// What connecting and reconnecting need.
pub(crate) struct Connection {
    pub(crate) request: DeviceRequest,
    /// Channels and rate that were asked for.
    pub(crate) asked: (Option<u32>, Option<u32>),
    /// Channels and rate of the ring.
    pub(crate) shape: (u32, u32),
    pub(crate) block_frames: u32,
    pub(crate) queue_frames: usize,
    pub(crate) link: Link,
    pub(crate) starts: Starts,
}

impl Connection {
    /// Opens the device's streams; [`Connection::play`] starts them.
    pub(crate) fn open(&self, chosen: &Chosen) -> Result<(Streams, SampleConsumer), CaptureError> {
        // A refused attempt drops its end of the queue; only the last queue made is in use.
        let mut consumer = None;
        let mut make_producer = || -> SampleProducer {
            let (producer, out) = sample_queue(
                self.shape.0,
                self.queue_frames,
                Arc::clone(&self.link.counters),
            );
            consumer = Some(out);
            producer
        };
        let streams = chosen.open(self.block_frames, &mut make_producer, &self.link)?;
        Ok((streams, consumer.ok_or(CaptureError::NoInputDevice)?))
    }

    /// Starts the streams of this device.
    pub(crate) fn play(&self, streams: &Streams, device: &str) -> Result<(), CaptureError> {
        streams.play(device, &self.link, &self.starts)
    }
}

impl DeviceSupervisor {
    /// Takes over running streams. `wakes` is the receiving end of the link's `supervisor`. The writer holds the other
    /// end of `reconnections`; when the channel closes, the source has ended.
    pub(crate) fn start(
        connection: Connection,
        identity: DeviceIdentity,
        streams: Streams,
        wakes: Receiver<Wake>,
        reconnections: Sender<Reconnection>,
    ) -> Result<Self, CaptureError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (ending, ended) = crossbeam::channel::bounded(1);
        let wake = connection.link.supervisor.clone();
        let mut supervision = Supervision {
            connection,
            identity,
            wakes,
            reconnections,
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new()
            .name("soundfall-device".to_owned())
            .spawn(move || {
                let link = supervision.connection.link.clone();
                let ran = catch_unwind(AssertUnwindSafe(|| supervision.run(streams)));
                if let Err(reason) = ran {
                    link.counters
                        .fail(&link.events, "the connection to the device", &*reason);
                }
                // Closes the channel to the writer only now, which looks at the state then.
                drop((supervision, ending));
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

impl Drop for DeviceSupervisor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.wake.try_send(Wake::Stop).ok();
        // When the sound system hangs, its thread is left behind so that the capture can end.
        if self.ended.recv_timeout(SHUTDOWN_TIMEOUT) == Err(RecvTimeoutError::Disconnected)
            && let Some(thread) = self.thread.take()
        {
            thread.join().ok();
        }
    }
}

/// State of the thread.
struct Supervision {
    connection: Connection,
    identity: DeviceIdentity,
    wakes: Receiver<Wake>,
    reconnections: Sender<Reconnection>,
    stop: Arc<AtomicBool>,
}

impl Supervision {
    fn run(&mut self, streams: Streams) {
        let mut connected = Some(streams);
        let mut backoff = Backoff::new();
        loop {
            if connected.is_some() && !self.watch(&mut backoff) {
                return;
            }
            // Before anything else: closes the old queue, so that the writer sees its end.
            drop(connected.take());
            if !self.wait(backoff.next()) {
                return;
            }
            match self.reconnect() {
                Ok(Reconnect::Connected(streams)) => connected = Some(streams),
                Ok(Reconnect::Reshaped {
                    device,
                    id,
                    channels,
                    rate,
                }) => {
                    let link = &self.connection.link;
                    link.counters.set_state(SourceState::Ended);
                    let event = CaptureEvent::Reshaped {
                        device,
                        id,
                        channels,
                        rate,
                    };
                    link.events.try_send(event).ok();
                    return;
                }
                // Absent, or not ready yet.
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
            match self.wakes.recv_timeout(POLL_INTERVAL) {
                _ if self.stop.load(Ordering::Acquire) => return false,
                Ok(_) => return true,
                Err(_) => {}
            }
            if link.counters.state() == SourceState::Running {
                backoff.reset();
            } else if opened.elapsed() > FIRST_SOUND_TIMEOUT
                && self.connection.starts.hanging() < MAX_HANGING_STARTS
            {
                return true;
            }
            if presence.as_ref().is_some_and(|there| !there.is_there()) {
                link.lose(format!("{} was unplugged", self.identity.name));
                return true;
            }
        }
    }

    /// Waits; false when the capture ends. Discards pending wakes of the lost connection.
    fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.stop.load(Ordering::Acquire) {
            if self.wakes.recv_deadline(until) == Err(RecvTimeoutError::Timeout) {
                return true;
            }
        }
        false
    }

    fn reconnect(&mut self) -> Result<Reconnect, CaptureError> {
        let connection = &self.connection;
        let found = devices::find_again(&connection.request, &self.identity)?;
        let (channels, rate) = (found.info.channels, found.info.rate);
        let (device, id) = (found.info.name.clone(), found.info.id.clone());
        let (asked_channels, asked_rate) = connection.asked;
        let chosen = match Chosen::settle(found, asked_channels, asked_rate) {
            Ok(chosen) if (chosen.channels, chosen.rate) == connection.shape => chosen,
            Ok(_) | Err(CaptureError::DeviceConfig { .. }) => {
                return Ok(Reconnect::Reshaped {
                    device,
                    id,
                    channels,
                    rate,
                });
            }
            Err(error) => return Err(error),
        };
        let (streams, consumer) = connection.open(&chosen)?;
        self.identity = chosen.identity();
        // Before the stream starts, so that the writer already reads the new queue when its first samples arrive.
        self.reconnections
            .send(Reconnection {
                consumer,
                device: device.clone(),
            })
            .ok();
        connection.play(&streams, &device)?;
        Ok(Reconnect::Connected(streams))
    }
}

/// Outcome of a successful attempt to reconnect.
enum Reconnect {
    Connected(Streams),
    Reshaped {
        device: String,
        id: String,
        channels: u32,
        rate: u32,
    },
}

/// Doubling waits.
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
