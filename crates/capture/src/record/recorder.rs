//! Recording while the ring is written: a thread that follows the ring and writes the file.
//!
//! It only reads the ring; when the file takes no more, it ends and the capture does not notice.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender};
use soundfall_ring::{Cursor, Poll, ReadError, RingRead, SharedRing, WriterState};

use super::encoder::Encoder;
use super::error::RecordError;
use super::{RecordConfig, RecordEvent, RecordStats, Recorded};

/// Time between two looks at the ring when nothing is new.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Largest read, in frames.
const READ_FRAMES: usize = 8192;
/// Looks without new frames after which the header is brought up to date.
const IDLE_POLLS: u32 = 25;
/// Capacity of the event queue; further events are dropped.
const MAX_PENDING_EVENTS: usize = 1024;

/// A running recording. Dropping it completes the file.
///
/// ```
/// use soundfall_capture::record::{RecordConfig, Recorder};
/// use soundfall_ring::{RingFormat, heap_ring};
/// let (mut writer, ring) = heap_ring(&RingFormat::new(48_000, 2, 48_000, 480)?, "test")?;
/// let dir = tempfile::tempdir()?;
/// let recorder = Recorder::start(ring, RecordConfig::new(dir.path().join("take.wav")))?;
/// writer.write_block(&[0.5; 960])?;
/// let recorded = recorder.stop();
/// assert_eq!(recorded.stats.frames, 480);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    first_frame: u64,
    shared: Arc<Shared>,
    events: Receiver<RecordEvent>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What thread and owner share.
#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    frames: AtomicU64,
    gaps: AtomicU64,
    lost_frames: AtomicU64,
    clipped: AtomicU64,
    finished: AtomicBool,
    failure: Mutex<Option<RecordError>>,
}

impl Recorder {
    /// Makes the file and starts to record.
    ///
    /// # Errors
    /// [`RecordError`] where the file cannot be made; nothing is left running.
    pub fn start(ring: SharedRing, config: RecordConfig) -> Result<Self, RecordError> {
        let format = *ring.format();
        let first_frame = config.from_frame.unwrap_or_else(|| ring.written_frames());
        let encoder = Encoder::create(
            &config.path,
            config.overwrite,
            format.channels,
            format.sample_rate,
        )?;
        let shared = Arc::new(Shared::default());
        let (sender, events) = crossbeam::channel::bounded(MAX_PENDING_EVENTS);
        let take = Take {
            ring,
            encoder,
            cursor: Cursor::at(first_frame),
            first_frame,
            gaps_seen: 0,
            shared: Arc::clone(&shared),
            events: sender,
            planar: Vec::new(),
            interleaved: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("soundfall-record".to_owned())
            .spawn(move || take.run())
            .map_err(|source| RecordError::Thread { source })?;
        Ok(Self {
            path: config.path,
            first_frame,
            shared,
            events,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Absolute frame of the ring that is the file's first one.
    #[must_use]
    pub fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// The numbers so far.
    #[must_use]
    pub fn stats(&self) -> RecordStats {
        let shared = &self.shared;
        RecordStats {
            finished: shared.finished.load(Ordering::Acquire),
            frames: shared.frames.load(Ordering::Relaxed),
            gaps: shared.gaps.load(Ordering::Relaxed),
            lost_frames: shared.lost_frames.load(Ordering::Relaxed),
            clipped: shared.clipped.load(Ordering::Relaxed),
        }
    }

    /// What happened since the last call, oldest first.
    #[must_use]
    pub fn poll_events(&self) -> Vec<RecordEvent> {
        self.events.try_iter().collect()
    }

    /// Records what is in the ring by now, completes the file and gives the final numbers.
    #[must_use]
    pub fn stop(self) -> Recorded {
        self.halt();
        Recorded {
            path: self.path.clone(),
            first_frame: self.first_frame,
            stats: self.stats(),
            failure: locked(&self.shared.failure).take(),
        }
    }

    /// Records what is in the ring by now and completes the file; a second call does nothing.
    pub fn halt(&self) {
        self.shared.stop.store(true, Ordering::Release);
        let thread = locked(&self.thread).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.halt();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's own.
struct Take {
    ring: SharedRing,
    encoder: Encoder,
    cursor: Cursor,
    first_frame: u64,
    /// Gaps ever recorded in the ring, as far as they were looked at.
    gaps_seen: u64,
    shared: Arc<Shared>,
    events: Sender<RecordEvent>,
    planar: Vec<f32>,
    interleaved: Vec<f32>,
}

impl Take {
    fn run(mut self) {
        let outcome = self.follow().and_then(|()| self.encoder.finish());
        self.publish();
        if let Err(error) = outcome {
            self.encoder.salvage();
            let message = error.to_string();
            *locked(&self.shared.failure) = Some(error);
            self.send(RecordEvent::Failed { message });
        }
        self.shared.finished.store(true, Ordering::Release);
    }

    /// Until it is stopped or the writer ends.
    fn follow(&mut self) -> Result<(), RecordError> {
        let mut idle = 0u32;
        loop {
            // Before reading: what is written by then is recorded.
            let stopping = self.shared.stop.load(Ordering::Acquire);
            let over = is_over(&*self.ring);
            let end = self.ring.written_frames();
            let more = self.take_until(end)?;
            if stopping || !more {
                return Ok(());
            }
            if over && self.ring.written_frames() == end {
                self.send(RecordEvent::WriterEnded);
                return Ok(());
            }
            idle = if self.ring.written_frames() > end {
                0
            } else {
                idle.saturating_add(1)
            };
            if idle == IDLE_POLLS {
                self.encoder.update_header()?;
            }
            thread::park_timeout(POLL_INTERVAL);
        }
    }

    /// Records up to a frame; false where the stream began anew.
    fn take_until(&mut self, end: u64) -> Result<bool, RecordError> {
        let channels = self.ring.format().channels;
        while self.cursor.position() < end {
            self.note_gaps();
            let left = usize::try_from(end - self.cursor.position()).unwrap_or(usize::MAX);
            let poll = self.cursor.poll(
                &*self.ring,
                0..channels,
                left.min(READ_FRAMES),
                &mut self.planar,
            );
            match poll {
                Ok(Poll::Frames { frames, .. }) => {
                    interleave(&self.planar, frames, &mut self.interleaved);
                    self.encoder.write(&self.interleaved)?;
                }
                Ok(Poll::Lost(lost)) => {
                    let length_frames = lost.end - lost.start;
                    self.send(RecordEvent::Overrun {
                        at_frame: self.encoder.frames(),
                        length_frames,
                    });
                    self.shared
                        .lost_frames
                        .fetch_add(length_frames, Ordering::Relaxed);
                    self.encoder.write_silence(length_frames)?;
                }
                Err(ReadError::Replaced) => {
                    self.send(RecordEvent::WriterEnded);
                    return Ok(false);
                }
                Ok(_) => break,
                Err(error) => return Err(RecordError::Ring(error)),
            }
            self.publish();
        }
        self.note_gaps();
        Ok(true)
    }

    /// Tells the gaps that came since the last look and touch what is recorded.
    fn note_gaps(&mut self) {
        let total = self.ring.gap_total();
        let new = total.saturating_sub(self.gaps_seen);
        if new == 0 {
            return;
        }
        self.gaps_seen = total;
        let gaps = self.ring.gaps();
        let known = usize::try_from(new).unwrap_or(usize::MAX).min(gaps.len());
        for gap in &gaps[gaps.len() - known..] {
            let start = gap.start_frame.max(self.first_frame);
            let length_frames = gap.end_frame().saturating_sub(start);
            if length_frames == 0 {
                continue;
            }
            self.shared.gaps.fetch_add(1, Ordering::Relaxed);
            self.shared
                .lost_frames
                .fetch_add(length_frames, Ordering::Relaxed);
            self.send(RecordEvent::Gap {
                at_frame: start - self.first_frame,
                length_frames,
                reason: gap.reason,
            });
        }
    }

    fn publish(&self) {
        let shared = &self.shared;
        shared
            .frames
            .store(self.encoder.frames(), Ordering::Relaxed);
        shared
            .clipped
            .store(self.encoder.clipped(), Ordering::Relaxed);
    }

    fn send(&self, event: RecordEvent) {
        self.events.try_send(event).ok();
    }
}

/// True where nothing more will come. A writer that gives no signs of life at all (a ring in this program's memory) is
/// only over when it says so.
fn is_over(ring: &dyn RingRead) -> bool {
    let mute = matches!(
        ring.writer_state(),
        WriterState::Open {
            heartbeat_unix_ns: 0,
            ..
        }
    );
    let now = soundfall_ring_file::unix_now_ns();
    !mute && soundfall_ring_file::writer_status(ring, now).is_over()
}

/// One channel after the other becomes frame after frame.
pub(super) fn interleave(planar: &[f32], frames: usize, interleaved: &mut Vec<f32>) {
    let channels = planar.len() / frames.max(1);
    interleaved.clear();
    interleaved.resize(planar.len(), 0.0);
    for (channel, plane) in planar.chunks_exact(frames.max(1)).enumerate() {
        for (to, from) in interleaved
            .iter_mut()
            .skip(channel)
            .step_by(channels)
            .zip(plane)
        {
            *to = *from;
        }
    }
}
