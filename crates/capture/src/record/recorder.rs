//! Recording while sound comes in: a thread that takes what a capture hands over, or follows a ring, and writes the
//! file.
//!
//! When the file takes no more, it ends and the capture does not notice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender};
use soundfall_ring::{Cursor, Gap, Poll, ReadError, RingFormat, RingRead, SharedRing, WriterState};

use super::encoder::Encoder;
use super::error::RecordError;
use super::feed::{Begin, Fed, Feed, Feeder, feed};
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
/// [`Capture::record`](crate::Capture::record) starts one that is fed by a capture itself and is whole whatever becomes
/// of the ring; [`Recorder::start`] follows any ring.
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
    /// Makes the file and starts to record what is written into a ring.
    ///
    /// # Errors
    /// [`RecordError`] where the file cannot be made; nothing is left running.
    pub fn start(ring: SharedRing, config: RecordConfig) -> Result<Self, RecordError> {
        let encoder = new_file(&config, ring.format())?;
        let first_frame = config.from_frame.unwrap_or_else(|| ring.written_frames());
        Self::spawn(config.path, encoder, first_frame, Source::Ring(ring))
    }

    /// Makes the file and starts to record what a capture hands over. `attach` gives the other end of the feed, for
    /// which at most `most_waiting` samples wait, to the writer of the capture. What is older than the feed comes from
    /// the ring.
    pub(crate) fn start_fed(
        config: RecordConfig,
        format: &RingFormat,
        ring: Option<SharedRing>,
        most_waiting: usize,
        attach: impl FnOnce(Feeder),
    ) -> Result<Self, RecordError> {
        let encoder = new_file(&config, format)?;
        let (feeder, feed) = feed(format.channels, most_waiting);
        attach(feeder);
        let (edge, source) = match (feed.begin(), ring) {
            (Some(begin), ring) => (begin.at_frame, Source::Feed { feed, begin, ring }),
            // The capture is over; what it left is in the ring.
            (None, Some(ring)) => (ring.written_frames(), Source::Ring(ring)),
            (None, None) => {
                encoder.discard();
                return Err(RecordError::Over);
            }
        };
        let first_frame = config.from_frame.unwrap_or(edge);
        Self::spawn(config.path, encoder, first_frame, source)
    }

    fn spawn(
        path: PathBuf,
        encoder: Encoder,
        first_frame: u64,
        source: Source,
    ) -> Result<Self, RecordError> {
        let shared = Arc::new(Shared::default());
        let (sender, events) = crossbeam::channel::bounded(MAX_PENDING_EVENTS);
        let take = Take {
            encoder,
            said_moved: false,
            first_frame,
            shared: Arc::clone(&shared),
            events: sender,
        };
        let thread = thread::Builder::new()
            .name("soundfall-record".to_owned())
            .spawn(move || take.run(source))
            .map_err(|source| RecordError::Thread { source })?;
        Ok(Self {
            path,
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

    /// Absolute frame of the capture or ring that is the file's first one.
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

    /// Records what is there by now, completes the file and gives the final numbers.
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

    /// Records what is there by now and completes the file; a second call does nothing.
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

fn new_file(config: &RecordConfig, format: &RingFormat) -> Result<Encoder, RecordError> {
    Encoder::create(
        &config.path,
        config.overwrite,
        format.channels,
        format.sample_rate,
    )
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the sound comes from.
enum Source {
    /// From the writer of a capture; what is older than `begin` from the ring, where that can be read.
    Feed {
        feed: Feed,
        begin: Begin,
        ring: Option<SharedRing>,
    },
    /// From a ring that is written.
    Ring(SharedRing),
}

/// The thread's own.
struct Take {
    encoder: Encoder,
    said_moved: bool,
    first_frame: u64,
    shared: Arc<Shared>,
    events: Sender<RecordEvent>,
}

impl Take {
    fn run(mut self, source: Source) {
        let recorded = catch_unwind(AssertUnwindSafe(|| {
            match source {
                Source::Feed { feed, begin, ring } => self.take_feed(&feed, begin, ring),
                Source::Ring(ring) => self.follow(ring),
            }?;
            self.encoder.finish()?;
            match self.encoder.is_moved() {
                true => Err(RecordError::Moved {
                    path: self.encoder.path().to_path_buf(),
                }),
                false => Ok(()),
            }
        }));
        let outcome = recorded.unwrap_or_else(|_| {
            Err(RecordError::Panicked {
                path: self.encoder.path().to_path_buf(),
            })
        });
        self.publish();
        if let Err(error) = outcome {
            // A file that is complete elsewhere has been told of.
            if !matches!(error, RecordError::Moved { .. }) {
                self.encoder.salvage();
                let message = error.to_string();
                self.send(RecordEvent::Failed { message });
            }
            *locked(&self.shared.failure) = Some(error);
        }
        self.shared.finished.store(true, Ordering::Release);
    }

    /// Takes what a capture hands over until it is stopped or the capture ends.
    fn take_feed(
        &mut self,
        feed: &Feed,
        begin: Begin,
        ring: Option<SharedRing>,
    ) -> Result<(), RecordError> {
        self.take_before(begin, ring)?;
        // A recording that begins later than its feed leaves the first frames out.
        let mut skip = self.first_frame.saturating_sub(begin.at_frame);
        let mut idle = 0u32;
        loop {
            // Before looking: what waits by then is recorded.
            let stopping = self.shared.stop.load(Ordering::Acquire);
            while let Some(part) = feed.try_next() {
                self.take_part(feed, part, &mut skip)?;
                idle = 0;
            }
            if stopping {
                return Ok(());
            }
            match feed.next(POLL_INTERVAL) {
                Ok(part) => self.take_part(feed, part, &mut skip)?,
                Err(RecvTimeoutError::Disconnected) => {
                    self.send(RecordEvent::WriterEnded);
                    return Ok(());
                }
                Err(RecvTimeoutError::Timeout) => {
                    idle = idle.saturating_add(1);
                    if idle == IDLE_POLLS {
                        self.encoder.update_header()?;
                    }
                }
            }
        }
    }

    fn take_part(&mut self, feed: &Feed, part: Fed, skip: &mut u64) -> Result<(), RecordError> {
        let mut rest = |frames: u64| {
            let skipped = frames.min(*skip);
            *skip -= skipped;
            (skipped, frames - skipped)
        };
        match part {
            Fed::Block(block) => {
                let (skipped, _) = rest((block.len() / self.encoder.channels()) as u64);
                let first = skipped as usize * self.encoder.channels();
                let written = self.encoder.write(&block[first..]);
                feed.done(block);
                written?;
            }
            Fed::Silence(frames) => self.encoder.write_silence(rest(frames).1)?,
            Fed::Overrun(frames) => self.overrun(rest(frames).1)?,
            Fed::Gap(gap) => self.note_gap(gap),
            Fed::Begin(_) => {}
        }
        self.publish();
        Ok(())
    }

    /// Records from the ring what is older than the feed; what that does not have is silence.
    fn take_before(&mut self, begin: Begin, ring: Option<SharedRing>) -> Result<(), RecordError> {
        let at_frame = begin.at_frame;
        if self.first_frame >= at_frame {
            return Ok(());
        }
        let base = at_frame - begin.ring_frame;
        // Older than the ring: it was made anew meanwhile.
        self.overrun(base.saturating_sub(self.first_frame))?;
        let mut reached = base.max(self.first_frame);
        if let Some(ring) = ring.filter(|ring| ring.epoch() == begin.ring_epoch) {
            let mut following = Following::new(ring, reached - base, base, begin.ring_frame);
            match following.take_until(self, begin.ring_frame) {
                Ok(_) | Err(RecordError::Ring(_)) => {}
                Err(error) => return Err(error),
            }
            reached = base + following.cursor.position().min(begin.ring_frame);
        }
        self.overrun(at_frame - reached)
    }

    /// Records a ring until it is stopped or its writer ends.
    fn follow(&mut self, ring: SharedRing) -> Result<(), RecordError> {
        let mut following = Following::new(Arc::clone(&ring), self.first_frame, 0, u64::MAX);
        let mut idle = 0u32;
        loop {
            // Before reading: what is written by then is recorded.
            let stopping = self.shared.stop.load(Ordering::Acquire);
            let over = is_over(&*ring);
            let end = ring.written_frames();
            let more = following.take_until(self, end)?;
            if !more {
                self.send(RecordEvent::WriterEnded);
            }
            if stopping || !more {
                return Ok(());
            }
            if over && ring.written_frames() == end {
                self.send(RecordEvent::WriterEnded);
                return Ok(());
            }
            idle = if ring.written_frames() > end {
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

    /// Silence in place of frames that were lost on their way into the file.
    fn overrun(&mut self, length_frames: u64) -> Result<(), RecordError> {
        if length_frames == 0 {
            return Ok(());
        }
        self.send(RecordEvent::Overrun {
            at_frame: self.encoder.frames(),
            length_frames,
        });
        self.shared
            .lost_frames
            .fetch_add(length_frames, Ordering::Relaxed);
        self.encoder.write_silence(length_frames)?;
        self.publish();
        Ok(())
    }

    /// Tells a gap that touches what is recorded.
    fn note_gap(&mut self, gap: Gap) {
        let start = gap.start_frame.max(self.first_frame);
        let length_frames = gap.end_frame().saturating_sub(start);
        if length_frames == 0 {
            return;
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

    fn publish(&mut self) {
        if self.encoder.is_moved() && !self.said_moved {
            self.said_moved = true;
            let moved = RecordError::Moved {
                path: self.encoder.path().to_path_buf(),
            };
            let message = moved.to_string();
            self.send(RecordEvent::FileMoved { message });
        }
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

/// A place in a ring that is recorded.
struct Following {
    ring: SharedRing,
    cursor: Cursor,
    /// Number of the ring's frame 0 among the frames of the capture.
    base: u64,
    /// From this frame of the ring on all comes from elsewhere.
    limit: u64,
    /// Gaps ever recorded in the ring, as far as they were looked at.
    gaps_seen: u64,
    planar: Vec<f32>,
    interleaved: Vec<f32>,
}

impl Following {
    fn new(ring: SharedRing, frame: u64, base: u64, limit: u64) -> Self {
        Self {
            ring,
            cursor: Cursor::at(frame),
            base,
            limit,
            gaps_seen: 0,
            planar: Vec::new(),
            interleaved: Vec::new(),
        }
    }

    /// Records up to a frame of the ring; false where the stream began anew.
    fn take_until(&mut self, take: &mut Take, end: u64) -> Result<bool, RecordError> {
        let channels = self.ring.format().channels;
        while self.cursor.position() < end {
            self.note_gaps(take);
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
                    take.encoder.write(&self.interleaved)?;
                }
                Ok(Poll::Lost(lost)) => {
                    // A reader that was lapped may resume behind the limit.
                    take.overrun(lost.end.min(self.limit) - lost.start)?;
                }
                Err(ReadError::Replaced) => return Ok(false),
                Ok(_) => break,
                Err(error) => return Err(RecordError::Ring(error)),
            }
            take.publish();
        }
        self.note_gaps(take);
        Ok(true)
    }

    /// Tells the gaps that came since the last look.
    fn note_gaps(&mut self, take: &mut Take) {
        let total = self.ring.gap_total();
        let new = total.saturating_sub(self.gaps_seen);
        if new == 0 {
            return;
        }
        self.gaps_seen = total;
        let gaps = self.ring.gaps();
        let known = usize::try_from(new).unwrap_or(usize::MAX).min(gaps.len());
        for gap in &gaps[gaps.len() - known..] {
            if gap.start_frame < self.limit {
                take.note_gap(Gap {
                    start_frame: gap.start_frame + self.base,
                    ..*gap
                });
            }
        }
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
