//! A running capture: starts source and writer thread, reports numbers and events, stops both.
//!
//! Wires the parts together; samples never pass through here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam::channel::{Receiver, Sender};
use soundfall_ring::RingFormat;
use soundfall_ring_file::{CreateOptions, FileRingWriter};

use crate::config::{CaptureConfig, available_ring_bytes, capacity_frames, default_block_frames};
use crate::device::{Link, Starts, Streams, Wake};
use crate::device_supervisor::{Connection, DeviceSupervisor, Reconnection};
use crate::devices::DeviceIdentity;
use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState, WriterPriority};
use crate::paced_source::{FrameSource, PacedSource};
use crate::prepare::{Kind, prepare};
use crate::record::feed::Feeder;
use crate::record::{RecordConfig, RecordError, Recorder};
use crate::sample_queue::{Counters, SampleProducer, sample_queue};
use crate::writer::{Assembler, Device};

/// Capacity of the event queue; further events are dropped.
const MAX_PENDING_EVENTS: usize = 1024;
/// Capacity of the supervisor's wake queue; one is enough, further ones are dropped.
const MAX_PENDING_WAKES: usize = 8;
/// Largest size of the queue between source and writer, in bytes.
const MAX_QUEUE_BYTES: usize = 64 << 20;
/// Most bytes of sound that wait for a recording: 46 minutes of stereo at 48 kHz, 21 s of 64 channels at 192 kHz.
const MAX_WAITING_BYTES: u64 = 1 << 30;

/// Numbers of a capture, since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaptureStats {
    /// Frames written (whole blocks; silence in place of lost frames included): all that are or were in the ring, and
    /// in those that were lost.
    pub frames: u64,
    /// Frames that were lost before the ring.
    pub lost_frames: u64,
    /// Gaps recorded in the ring.
    pub gaps: u64,
    /// Overruns that the device itself reported.
    pub xruns: u64,
    /// Times the device was lost.
    pub device_losses: u64,
    /// Times sound came again after a loss.
    pub reconnects: u64,
    /// Times the ring was lost under the writer: truncated, overwritten, removed or replaced.
    pub ring_losses: u64,
    /// Whether it is lost now, and no new one was made so far.
    pub ring_lost: bool,
    /// Times a new ring took the place of one that was lost.
    pub ring_renewals: u64,
    /// Frames that the file which is played states and does not have: it was cut off.
    pub cut_frames: u64,
    /// Panics of the capture's threads; each ends the capture.
    pub panics: u64,
    /// Whether the source still delivers.
    pub state: SourceState,
    /// How the writer thread is scheduled.
    pub writer_priority: WriterPriority,
    /// True when the source is done for good and everything from it is in the ring.
    pub finished: bool,
}

impl CaptureStats {
    /// These numbers and those of a later capture: counts are added, and its state is the one of now.
    #[must_use]
    pub fn followed_by(self, later: Self) -> Self {
        Self {
            frames: self.frames + later.frames,
            lost_frames: self.lost_frames + later.lost_frames,
            gaps: self.gaps + later.gaps,
            xruns: self.xruns + later.xruns,
            device_losses: self.device_losses + later.device_losses,
            reconnects: self.reconnects + later.reconnects,
            ring_losses: self.ring_losses + later.ring_losses,
            ring_renewals: self.ring_renewals + later.ring_renewals,
            cut_frames: self.cut_frames + later.cut_frames,
            panics: self.panics + later.panics,
            ..later
        }
    }
}

/// A running capture. Dropping it stops it and closes the ring; the ring file stays.
pub struct Capture {
    path: PathBuf,
    format: RingFormat,
    label: String,
    warnings: Vec<String>,
    counters: Arc<Counters>,
    events: Receiver<CaptureEvent>,
    /// Gives recordings to the writer.
    recordings: Sender<Feeder>,
    /// In a mutex because a stream need not be `Sync`; only taken to drop it.
    source: Mutex<Option<Source>>,
    stop: Arc<AtomicBool>,
    writer: Mutex<Option<JoinHandle<FileRingWriter>>>,
}

/// A running source; dropping it stops it.
#[expect(dead_code, reason = "held only to be dropped")]
enum Source {
    Device(DeviceSupervisor),
    Paced(PacedSource),
}

/// Starts to capture. Returns when the ring exists and the source runs.
///
/// # Errors
/// [`CaptureError`]: wrong values, no such device or file, a ring that cannot be made. Nothing is left running.
///
/// ```no_run
/// use soundfall_capture::{CaptureConfig, Signal, SourceSpec, start};
/// let capture = start(CaptureConfig::new(SourceSpec::Signal(Signal::Demo)))?;
/// println!("{} at {}", capture.label(), capture.ring_path().display());
/// let stats = capture.stop();
/// assert_eq!(stats.lost_frames, 0);
/// # Ok::<(), soundfall_capture::CaptureError>(())
/// ```
pub fn start(config: CaptureConfig) -> Result<Capture, CaptureError> {
    config.validate()?;
    let prepared = prepare(&config)?;
    let (channels, rate) = (prepared.channels, prepared.rate);
    let block = config
        .block_frames
        .unwrap_or_else(|| default_block_frames(rate));
    let capacity = capacity_frames(
        config.history_secs,
        rate,
        channels,
        block,
        available_ring_bytes(),
    )?;
    let format = RingFormat::new(rate, channels, capacity, block)?;
    let mut warnings = Vec::new();
    let path = config.ring_path.clone().unwrap_or_else(|| {
        let place = soundfall_ring_file::default_path(format.total_bytes());
        warnings.extend(place.warning);
        place.path
    });
    let counters = Arc::new(Counters::default());
    let (events, events_out) = crossbeam::channel::bounded(MAX_PENDING_EVENTS);
    let queue_frames = queue_frames(&format);
    // A device may refuse: it is opened before an existing ring at the path is replaced.
    let (ready, consumer, device) = match prepared.kind {
        Kind::Paced { frames, speed } => {
            let (producer, consumer) = sample_queue(channels, queue_frames, Arc::clone(&counters));
            let frames = Ready::Paced {
                frames,
                producer,
                speed,
            };
            (frames, consumer, None)
        }
        Kind::Device { chosen, request } => {
            let (supervisor, wakes) = crossbeam::channel::bounded(MAX_PENDING_WAKES);
            let (reconnected, reconnections) = crossbeam::channel::unbounded();
            let link = Link {
                counters: Arc::clone(&counters),
                events: events.clone(),
                supervisor,
            };
            let connection = Connection {
                request,
                asked: (config.channels, config.sample_rate),
                shape: (channels, rate),
                block_frames: block,
                queue_frames,
                link: link.clone(),
                starts: Starts::default(),
            };
            let (streams, consumer) = connection.open(&chosen)?;
            let ready = Ready::Device {
                streams,
                connection: Box::new(connection),
                identity: chosen.identity(),
                wakes,
                reconnected,
            };
            (
                ready,
                consumer,
                Some(Device {
                    link,
                    reconnections,
                }),
            )
        }
    };
    let ring = soundfall_ring_file::create(&CreateOptions {
        path: path.clone(),
        format,
        label: prepared.label.clone(),
    })?;
    let stop = Arc::new(AtomicBool::new(false));
    let (recordings, attached) = crossbeam::channel::unbounded();
    let assembler = Assembler::new(
        ring,
        consumer,
        Arc::clone(&counters),
        events.clone(),
        device,
        attached,
    );
    // From here on dropping the capture stops what already runs.
    let capture = Capture {
        path,
        format,
        label: prepared.label,
        warnings,
        counters: Arc::clone(&counters),
        events: events_out,
        recordings,
        source: Mutex::new(None),
        stop: Arc::clone(&stop),
        writer: Mutex::new(Some(spawn_writer(assembler, stop)?)),
    };
    let source = match ready {
        Ready::Device {
            streams,
            connection,
            identity,
            wakes,
            reconnected,
        } => {
            connection.play(&streams, &capture.label)?;
            let supervisor =
                DeviceSupervisor::start(*connection, identity, streams, wakes, reconnected)?;
            Source::Device(supervisor)
        }
        Ready::Paced {
            frames,
            producer,
            speed,
        } => {
            let pace = f64::from(rate) * speed;
            let chunk = block as usize;
            Source::Paced(PacedSource::start(
                *frames, producer, chunk, channels, pace, counters, events,
            )?)
        }
    };
    *capture
        .source
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(source);
    Ok(capture)
}

/// A source that is open and not started.
enum Ready {
    Device {
        streams: Streams,
        connection: Box<Connection>,
        identity: DeviceIdentity,
        wakes: Receiver<Wake>,
        reconnected: Sender<Reconnection>,
    },
    Paced {
        frames: Box<FrameSource>,
        producer: SampleProducer,
        speed: f64,
    },
}

fn spawn_writer(
    assembler: Assembler<FileRingWriter>,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<FileRingWriter>, CaptureError> {
    thread::Builder::new()
        .name("soundfall-writer".to_owned())
        .spawn(move || assembler.run(&stop))
        .map_err(|source| CaptureError::Thread {
            name: "writer",
            source,
        })
}

/// Half a second, at least eight blocks, at most [`MAX_QUEUE_BYTES`].
fn queue_frames(format: &RingFormat) -> usize {
    let max = MAX_QUEUE_BYTES / 4 / format.channels as usize;
    let blocks = 8 * format.block_frames as usize;
    (format.sample_rate as usize / 2)
        .max(blocks)
        .min(max)
        .max(2 * format.block_frames as usize)
}

/// Samples that may wait for a recording whose disk is slow: half of the free memory, at most [`MAX_WAITING_BYTES`].
fn most_waiting() -> usize {
    let bytes = (available_ring_bytes() / 2).min(MAX_WAITING_BYTES);
    usize::try_from(bytes / 4).unwrap_or(usize::MAX)
}

impl Capture {
    /// Path of the ring file.
    #[must_use]
    pub fn ring_path(&self) -> &Path {
        &self.path
    }

    /// Rate, channels, capacity and block length of the ring.
    #[must_use]
    pub fn format(&self) -> &RingFormat {
        &self.format
    }

    /// Name of the source, as in the ring's header.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Warnings for the user about this start, one line each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The numbers so far.
    #[must_use]
    pub fn stats(&self) -> CaptureStats {
        let counters = &self.counters;
        CaptureStats {
            frames: counters.ring_frames.load(Ordering::Acquire),
            lost_frames: counters.lost_frames.load(Ordering::Relaxed),
            gaps: counters.gaps.load(Ordering::Relaxed),
            xruns: counters.xruns.load(Ordering::Relaxed),
            device_losses: counters.device_losses.load(Ordering::Relaxed),
            reconnects: counters.reconnects.load(Ordering::Relaxed),
            ring_losses: counters.ring_losses.load(Ordering::Relaxed),
            ring_lost: counters.ring_lost(),
            ring_renewals: counters.ring_renewals.load(Ordering::Relaxed),
            cut_frames: counters.cut_frames.load(Ordering::Relaxed),
            panics: counters.panics.load(Ordering::Relaxed),
            state: counters.state(),
            writer_priority: counters.priority(),
            finished: counters.finished(),
        }
    }

    /// Events since the last call, oldest first.
    #[must_use]
    pub fn poll_events(&self) -> Vec<CaptureEvent> {
        self.events.try_iter().collect()
    }

    /// Records this capture from now on, or from an earlier frame that is still in the ring. What comes is recorded whole,
    /// whatever becomes of the ring; the recording ends with the capture.
    ///
    /// # Errors
    /// [`RecordError`] where the file cannot be made; the capture goes on.
    pub fn record(&self, config: RecordConfig) -> Result<Recorder, RecordError> {
        let ring = soundfall_ring_file::open(&self.path, false).ok();
        let ring = ring.map(|open| open.ring);
        Recorder::start_fed(config, &self.format, ring, most_waiting(), |feeder| {
            // Where the writer has ended there is nothing to feed.
            self.recordings.send(feeder).ok();
        })
    }

    /// Stops the source, writes what is queued, closes the ring and returns the final numbers.
    #[must_use]
    pub fn stop(self) -> CaptureStats {
        self.halt();
        self.stats()
    }

    /// Stops the source, writes what is queued and closes the ring; the numbers stay readable. A
    /// second call does nothing.
    pub fn halt(&self) {
        // The source first, so that everything it delivered is in the queue when the writer takes the rest.
        let source = self
            .source
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(source);
        self.stop.store(true, Ordering::Release);
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            writer.thread().unpark();
            // Returns the ring, whose drop releases the lock.
            drop(writer.join());
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.halt();
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("path", &self.path)
            .field("format", &self.format)
            .field("label", &self.label)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A capture is shared with Bevy's systems.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Capture>();
    shared::<Sender<CaptureEvent>>();
};
