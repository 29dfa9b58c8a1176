//! The writer thread: assembles blocks from the queue, fills gaps with zeros, hands them to recordings, writes them into
//! the ring, and keeps the heartbeat.
//!
//! It is the only place that writes into a ring. It never touches a source, and never waits for a recording or a reader.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Receiver, Sender, TryRecvError};
use soundfall_ring::{Gap, GapReason, WriteError};

use crate::device::Link;
use crate::device_supervisor::Reconnection;
use crate::event::{CaptureEvent, SourceState, WriterPriority};
use crate::priority;
use crate::record::feed::{Begin, Feeder};
use crate::ring_keeper::{Found, KeptRing, RingKeeper};
use crate::sample_queue::{Counters, GapMarker, SampleConsumer};

/// Longest time between two heartbeats; half of what the format demands.
const HEARTBEAT: Duration = Duration::from_millis(125);

/// A device that delivers nothing for so long is taken for lost.
const STALL: Duration = Duration::from_secs(2);

/// Most samples of silence written before stop and heartbeat are looked at again: 32 MB of the ring.
const SILENCE_STEP: u64 = 1 << 22;

/// What a writer needs to go on after a device was lost.
pub(crate) struct Device {
    pub(crate) link: Link,
    /// Where its next connection comes from; closed when there is none any more.
    pub(crate) reconnections: Receiver<Reconnection>,
}

/// Cuts the stream of frames into blocks and writes them.
pub(crate) struct Assembler<W: KeptRing> {
    ring: W,
    keeper: RingKeeper<W::New>,
    /// Frames in rings that were lost before this one.
    before: u64,
    /// Gaps that reach beyond the last whole block.
    open_gaps: Vec<Gap>,
    /// Recordings, and where new ones come from.
    feeders: Vec<Feeder>,
    attached: Receiver<Feeder>,
    consumer: SampleConsumer,
    block: Vec<f32>,
    /// Samples in `block`.
    filled: usize,
    /// Frames taken from the queue.
    taken: u64,
    marker: Option<GapMarker>,
    /// Frames of silence that are due before anything else.
    silence: u64,
    /// Those of them that the ring is being filled with.
    under_way: u64,
    counters: Arc<Counters>,
    events: Sender<CaptureEvent>,
    /// For a source that may go and come back.
    device: Option<Device>,
    /// The device will not come back: the source has ended.
    over: bool,
    /// When frames waited for the last time.
    last_arrival: Instant,
    /// No sound arrives; the time until it does becomes a gap.
    away: bool,
    /// Name of the device that was connected again and gave no sound yet.
    reconnected_device: Option<String>,
}

impl<W: KeptRing> Assembler<W> {
    /// `attached` gives the recordings that are to be fed.
    pub(crate) fn new(
        ring: W,
        consumer: SampleConsumer,
        counters: Arc<Counters>,
        events: Sender<CaptureEvent>,
        device: Option<Device>,
        attached: Receiver<Feeder>,
    ) -> Self {
        let samples = ring.format().block_frames as usize * consumer.channels;
        Self {
            ring,
            keeper: RingKeeper::new(),
            before: 0,
            open_gaps: Vec::new(),
            feeders: Vec::new(),
            attached,
            consumer,
            block: vec![0.0; samples],
            filled: 0,
            taken: 0,
            marker: None,
            silence: 0,
            under_way: 0,
            counters,
            events,
            device,
            over: false,
            last_arrival: Instant::now(),
            away: false,
            reconnected_device: None,
        }
    }

    /// Moves everything that waits in the queue into the ring; of a long silence only a part at a time.
    pub(crate) fn drain(&mut self) -> Result<(), WriteError> {
        let channels = self.consumer.channels;
        loop {
            if !self.write_silence()? {
                return Ok(());
            }
            if self.away {
                return Ok(());
            }
            // Order matters: a marker is pushed before the frames behind it. Reading the frame count first and the
            // markers second therefore misses no marker.
            let waiting = self.consumer.samples.slots() / channels;
            if self.marker.is_none() {
                self.marker = self.consumer.markers.pop().ok();
            }
            let mut take = waiting.min((self.block.len() - self.filled) / channels);
            if let Some(marker) = self.marker {
                let before = marker.after_frames.saturating_sub(self.taken);
                if before == 0 {
                    self.marker = None;
                    self.take_marker(marker);
                    continue;
                }
                take = take.min(usize::try_from(before).unwrap_or(usize::MAX));
            }
            if take == 0 {
                return Ok(());
            }
            let Ok(chunk) = self.consumer.samples.read_chunk(take * channels) else {
                return Ok(());
            };
            let (first, second) = chunk.as_slices();
            let split = self.filled + first.len();
            self.block[self.filled..split].copy_from_slice(first);
            self.block[split..split + second.len()].copy_from_slice(second);
            chunk.commit_all();
            self.filled += take * channels;
            self.taken += take as u64;
            if self.filled == self.block.len() {
                self.flush()?;
            }
        }
    }

    /// Frames in whole blocks, those in lost rings included.
    fn written(&self) -> u64 {
        self.before + self.ring.written_frames()
    }

    /// Frames that are written or in the unfinished block.
    fn position(&self) -> u64 {
        self.written() + (self.filled / self.consumer.channels) as u64
    }

    /// Handles a marker that is due at this frame.
    fn take_marker(&mut self, marker: GapMarker) {
        let at_frame = self.position();
        self.insert_gap(marker.length_frames, marker.reason);
        if marker.xrun {
            let length_frames = (marker.length_frames > 0).then_some(marker.length_frames);
            self.send(CaptureEvent::Xrun {
                at_frame,
                length_frames,
            });
        }
    }

    /// Puts zeros in place of lost frames. The gap is recorded first: no reader sees zeros without their gap.
    fn insert_gap(&mut self, length_frames: u64, reason: GapReason) {
        if length_frames == 0 {
            return;
        }
        let start_frame = self.position();
        let gap = Gap {
            start_frame,
            length_frames,
            reason,
        };
        self.feeders.retain_mut(|feeder| feeder.gap(gap));
        self.ring
            .record_gap(start_frame - self.before, length_frames, reason);
        self.open_gaps.push(gap);
        self.counters.gaps.fetch_add(1, Ordering::Relaxed);
        self.send(CaptureEvent::Gap {
            start_frame,
            length_frames,
            reason,
        });
        self.silence += length_frames;
    }

    /// Writes silence that is due, a bounded part of it; true when none is left.
    fn write_silence(&mut self) -> Result<bool, WriteError> {
        let channels = self.consumer.channels;
        let block_frames = (self.block.len() / channels) as u64;
        loop {
            if self.under_way > 0 {
                if !self.ring.fill_silence(SILENCE_STEP / channels as u64) {
                    return Ok(false);
                }
                self.silence -= std::mem::take(&mut self.under_way);
                self.note_written();
            }
            if self.silence == 0 {
                return Ok(true);
            }
            if self.filled == 0 && self.silence >= block_frames {
                let frames = self.silence / block_frames * block_frames;
                self.ring.begin_silence(self.silence / block_frames)?;
                self.under_way = frames;
                self.feeders.retain_mut(|feeder| feeder.silence(frames));
                continue;
            }
            let room = (self.block.len() - self.filled) / channels;
            let count = usize::try_from(self.silence)
                .unwrap_or(usize::MAX)
                .min(room);
            self.block[self.filled..self.filled + count * channels].fill(0.0);
            self.filled += count * channels;
            self.silence -= count as u64;
            if self.filled == self.block.len() {
                self.flush()?;
            }
        }
    }

    /// After whole blocks were written.
    fn note_written(&mut self) {
        let written = self.written();
        self.counters.ring_frames.store(written, Ordering::Release);
        self.open_gaps.retain(|gap| gap.end_frame() > written);
    }

    /// Feeds new recordings from here on.
    fn attach_recordings(&mut self) {
        while let Ok(mut feeder) = self.attached.try_recv() {
            let at_frame = self.written();
            feeder.begin(Begin {
                at_frame,
                ring_frame: self.ring.written_frames(),
                ring_epoch: self.ring.epoch(),
            });
            // A gap that begins earlier is in the ring.
            let mut ahead = self
                .open_gaps
                .iter()
                .filter(|gap| gap.start_frame >= at_frame);
            let mut taken = ahead.all(|gap| feeder.gap(*gap));
            if self.under_way > 0 {
                taken &= feeder.silence(self.under_way);
            }
            if taken {
                self.feeders.push(feeder);
            }
        }
    }

    /// Looks whether the ring is still there, and goes over to a new one where that was made.
    fn keep_ring(&mut self, now: Instant) {
        // A silence that is under way was handed to the recordings already: it ends in the ring it began in.
        if self.under_way > 0 {
            return;
        }
        if let Some(found) = self.keeper.look(&self.ring, now) {
            self.take_found(found);
        }
        self.counters.set_ring_lost(self.keeper.is_lost());
    }

    fn take_found(&mut self, found: Found<W::New>) {
        match found {
            Found::Lost(loss) => {
                self.counters.set_ring_lost(true);
                self.counters.ring_losses.fetch_add(1, Ordering::Relaxed);
                self.send(CaptureEvent::RingLost { loss });
            }
            Found::New(new) => {
                self.before = self.written();
                self.ring.adopt(new);
                for gap in &self.open_gaps {
                    let start = gap.start_frame.max(self.before);
                    let length = gap.end_frame().saturating_sub(start);
                    self.ring
                        .record_gap(start - self.before, length, gap.reason);
                }
                self.counters.ring_renewals.fetch_add(1, Ordering::Relaxed);
                self.send(CaptureEvent::RingRenewed {
                    at_frame: self.before,
                });
            }
            Found::Refused(message) => self.send(CaptureEvent::Warning {
                message: format!("no new ring: {message}; it is tried again every second"),
            }),
        }
    }

    fn send(&self, event: CaptureEvent) {
        self.events.try_send(event).ok();
    }

    /// Writes the block: to the recordings first.
    fn flush(&mut self) -> Result<(), WriteError> {
        let block = &self.block;
        self.feeders.retain_mut(|feeder| feeder.block(block));
        self.filled = 0;
        self.ring.write_block(&self.block)?;
        self.note_written();
        Ok(())
    }

    /// Fills up the unfinished block so that its frames can be read: with silence, or, when the source was
    /// lost, with a gap.
    pub(crate) fn pad(&mut self) -> Result<(), WriteError> {
        if self.filled == 0 {
            return Ok(());
        }
        if self.away || self.counters.state() == SourceState::Lost {
            let room = ((self.block.len() - self.filled) / self.consumer.channels) as u64;
            self.counters.lost_frames.fetch_add(room, Ordering::Relaxed);
            self.insert_gap(room, GapReason::DeviceLost);
            return self.drain();
        }
        self.block[self.filled..].fill(0.0);
        self.flush()
    }

    /// At the end: the time since a device went away that is not back is lost too. It has no place in the ring, which
    /// ends where the sound did; only the rest of the unfinished block becomes a gap.
    pub(crate) fn count_absence(&mut self, now: Instant) {
        if !self.away {
            return;
        }
        let silent = now.saturating_duration_since(self.last_arrival);
        self.last_arrival = now;
        let passed = self.ring.format().secs_to_frames(silent.as_secs_f64()) as u64;
        let rest = match self.filled {
            0 => 0,
            filled => ((self.block.len() - filled) / self.consumer.channels) as u64,
        };
        let lost = &self.counters.lost_frames;
        lost.fetch_add(passed.saturating_sub(rest), Ordering::Relaxed);
    }

    /// Detects the loss of a device and the return of sound; the time between becomes a gap.
    fn note_arrival(&mut self, now: Instant) {
        let Some(device) = &self.device else { return };
        if self.away {
            if self.reconnected_device.is_none() {
                discard(&mut self.consumer, &self.counters);
            }
            match device.reconnections.try_recv() {
                Ok(next) => {
                    self.consumer = next.consumer;
                    (self.taken, self.marker) = (0, None);
                    self.reconnected_device = Some(next.device);
                }
                Err(TryRecvError::Empty) => {}
                // The supervisor has ended: so has the source.
                Err(TryRecvError::Disconnected) => {
                    self.device = None;
                    self.over = true;
                    return;
                }
            }
            if self.reconnected_device.is_none() {
                // What the lost stream still delivers meanwhile is no return.
                return;
            }
        }
        let delivers = self.counters.state() == SourceState::Running;
        let waiting = (self.consumer.samples.slots() / self.consumer.channels) as u64;
        let silent = now.saturating_duration_since(self.last_arrival);
        if waiting > 0 {
            self.last_arrival = now;
            if std::mem::take(&mut self.away) {
                // What waits is the youngest part of the time that passed.
                let passed = self.ring.format().secs_to_frames(silent.as_secs_f64());
                let missing = (passed as u64).saturating_sub(waiting);
                self.counters
                    .lost_frames
                    .fetch_add(missing, Ordering::Relaxed);
                self.insert_gap(missing, GapReason::DeviceLost);
                self.counters.set_state(SourceState::Running);
                self.counters.reconnects.fetch_add(1, Ordering::Relaxed);
                let label = self.reconnected_device.take();
                let device = label.unwrap_or_else(|| "the device".to_owned());
                self.send(CaptureEvent::Reconnected { device });
            }
        } else if !delivers {
            self.away = true;
        } else if silent > STALL {
            self.away = true;
            let message = format!("no sound arrives for {} s", STALL.as_secs());
            device.link.lose(message);
        }
    }

    /// True when the producing end is gone for good and everything from it was taken.
    pub(crate) fn exhausted(&self) -> bool {
        let all_taken = self.consumer.samples.is_abandoned()
            && self.consumer.samples.slots() < self.consumer.channels
            && self.consumer.markers.is_empty()
            && self.marker.is_none();
        self.silence == 0 && (self.over || self.device.is_none() && all_taken)
    }

    /// Runs until `stop`, then takes what is left, closes the ring and gives it back. A panic on the way ends the capture:
    /// it is counted and told, the recordings are complete up to there, and the ring is closed.
    pub(crate) fn run(mut self, stop: &AtomicBool) -> W {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.write_until(stop)));
        if let Err(reason) = outcome {
            self.fail(&*reason);
        }
        self.ring
    }

    fn fail(&mut self, reason: &(dyn Any + Send)) {
        self.counters
            .fail(&self.events, "the writer of the ring", reason);
        self.feeders.clear();
        // Readers shall not wait for more. What failed may fail again.
        catch_unwind(AssertUnwindSafe(|| self.ring.close())).ok();
        self.counters.set_finished();
    }

    fn write_until(&mut self, stop: &AtomicBool) {
        let asked = priority::raise();
        self.counters.set_priority(match asked {
            Ok(()) => WriterPriority::RealTime,
            Err(_) => WriterPriority::Ordinary,
        });
        if let Err(refused) = asked {
            let message = refused.to_string();
            self.send(CaptureEvent::PriorityRefused { message });
        }
        let format = *self.ring.format();
        let block_secs = f64::from(format.block_frames) / f64::from(format.sample_rate);
        let nap = Duration::from_secs_f64((block_secs / 4.0).clamp(0.001, 0.005));
        let mut beat = Instant::now();
        self.ring.heartbeat(unix_ns());
        loop {
            let stopping = stop.load(Ordering::Acquire);
            self.attach_recordings();
            if !stopping {
                self.note_arrival(Instant::now());
            }
            let exhausted = self.exhausted();
            if !self.counters.finished() && (stopping || exhausted) {
                self.count_absence(Instant::now());
            }
            let mut written = self.drain();
            if (stopping || exhausted) && self.silence == 0 && written.is_ok() {
                written = self.pad();
            }
            if exhausted && !self.counters.finished() {
                self.counters.set_finished();
            }
            if let Err(error) = written {
                self.counters.set_state(SourceState::Lost);
                self.send(CaptureEvent::Warning {
                    message: format!("the ring takes no more: {error}"),
                });
                self.counters.set_finished();
                break;
            }
            if stopping && self.silence == 0 {
                break;
            }
            if beat.elapsed() >= HEARTBEAT {
                self.ring.heartbeat(unix_ns());
                beat = Instant::now();
                self.keep_ring(beat);
            }
            if self.silence == 0 {
                thread::park_timeout(if exhausted { HEARTBEAT / 2 } else { nap });
            }
        }
        // What was lost since the last look is told too.
        let now = Instant::now();
        self.keep_ring(now);
        if let Some(found) = self.keeper.wait(now) {
            self.take_found(found);
            self.counters.set_ring_lost(self.keeper.is_lost());
        }
        self.ring.heartbeat(unix_ns());
        self.ring.close();
        self.feeders.clear();
    }
}

/// Throws away what a lost connection still gave: that time is part of the gap. Its producing end may live on for
/// long, as not every sound system drops its callback when a stream ends.
fn discard(consumer: &mut SampleConsumer, counters: &Counters) {
    while let Ok(marker) = consumer.markers.pop() {
        let lost = &counters.lost_frames;
        lost.fetch_sub(marker.length_frames, Ordering::Relaxed);
    }
    consumer.clear();
}

fn unix_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
