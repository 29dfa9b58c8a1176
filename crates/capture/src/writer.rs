//! The writer thread: assembles blocks from the queue, fills gaps with zeros, writes, and keeps the heartbeat.
//!
//! It is the only place that writes into a ring. It never touches a source.

use std::ops::DerefMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::Sender;
use soundfall_ring::{GapReason, RingWriter, WriteError, WriteStorage};

use crate::event::{CaptureEvent, SourceState};
use crate::feed::{Counters, Intake, Mark};

/// Longest time between two heartbeats; half of what the format demands.
const HEARTBEAT: Duration = Duration::from_millis(125);

/// A device that delivers nothing for so long is taken for lost.
const STALL: Duration = Duration::from_secs(2);

/// Cuts the stream of frames into blocks and writes them.
pub(crate) struct Assembler<W> {
    ring: W,
    intake: Intake,
    block: Vec<f32>,
    /// Samples in `block`.
    filled: usize,
    /// Frames taken from the queue.
    taken: u64,
    mark: Option<Mark>,
    counters: Arc<Counters>,
    events: Sender<CaptureEvent>,
    /// Report a source that stops to deliver; for devices, whose sound system may say nothing.
    pub(crate) watch_for_stall: bool,
    last_arrival: Instant,
    stalled: bool,
}

impl<S, W> Assembler<W>
where
    S: WriteStorage,
    W: DerefMut<Target = RingWriter<S>>,
{
    pub(crate) fn new(
        ring: W,
        intake: Intake,
        counters: Arc<Counters>,
        events: Sender<CaptureEvent>,
    ) -> Self {
        let samples = ring.format().block_frames as usize * intake.channels;
        Self {
            ring,
            intake,
            block: vec![0.0; samples],
            filled: 0,
            taken: 0,
            mark: None,
            counters,
            events,
            watch_for_stall: false,
            last_arrival: Instant::now(),
            stalled: false,
        }
    }

    /// Moves everything that waits in the queue into the ring.
    pub(crate) fn drain(&mut self) -> Result<(), WriteError> {
        let channels = self.intake.channels;
        loop {
            // Order matters: a mark is pushed before the frames behind it, so whoever sees those frames first
            // and looks for marks then, cannot miss one.
            let waiting = self.intake.samples.slots() / channels;
            if self.mark.is_none() {
                self.mark = self.intake.marks.pop().ok();
            }
            let mut take = waiting.min((self.block.len() - self.filled) / channels);
            if let Some(mark) = self.mark {
                let before = mark.after_frames.saturating_sub(self.taken);
                if before == 0 {
                    self.mark = None;
                    self.insert_gap(mark.length_frames, mark.reason)?;
                    continue;
                }
                take = take.min(usize::try_from(before).unwrap_or(usize::MAX));
            }
            if take == 0 {
                return Ok(());
            }
            let Ok(chunk) = self.intake.samples.read_chunk(take * channels) else {
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

    /// Frames that are in the ring or in the unfinished block.
    fn position(&self) -> u64 {
        self.ring.written_frames() + (self.filled / self.intake.channels) as u64
    }

    /// Writes zeros in place of lost frames. The gap is recorded first: no reader sees the zeros unexplained.
    fn insert_gap(&mut self, length_frames: u64, reason: GapReason) -> Result<(), WriteError> {
        if length_frames == 0 {
            return Ok(());
        }
        let start_frame = self.position();
        self.ring.record_gap(start_frame, length_frames, reason);
        self.counters.gaps.fetch_add(1, Ordering::Relaxed);
        self.events
            .try_send(CaptureEvent::Gap {
                start_frame,
                length_frames,
                reason,
            })
            .ok();
        let channels = self.intake.channels;
        let block_frames = (self.block.len() / channels) as u64;
        let mut left = length_frames;
        while left > 0 {
            if self.filled == 0 && left >= block_frames {
                self.ring.write_silence_block()?;
                self.counters
                    .ring_frames
                    .store(self.ring.written_frames(), Ordering::Release);
                left -= block_frames;
                continue;
            }
            let room = (self.block.len() - self.filled) / channels;
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(room);
            self.block[self.filled..self.filled + count * channels].fill(0.0);
            self.filled += count * channels;
            left -= count as u64;
            if self.filled == self.block.len() {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.ring.write_block(&self.block)?;
        self.filled = 0;
        self.counters
            .ring_frames
            .store(self.ring.written_frames(), Ordering::Release);
        Ok(())
    }

    /// Fills up the unfinished block so that its frames can be read: with silence, or, when the source was
    /// lost, with a gap.
    pub(crate) fn pad(&mut self) -> Result<(), WriteError> {
        if self.filled == 0 {
            return Ok(());
        }
        if self.counters.state() == SourceState::Lost {
            let room = ((self.block.len() - self.filled) / self.intake.channels) as u64;
            self.counters.lost_frames.fetch_add(room, Ordering::Relaxed);
            return self.insert_gap(room, GapReason::DeviceLost);
        }
        self.block[self.filled..].fill(0.0);
        self.flush()
    }

    /// Notices that a device fell silent, and that it came back; the time between becomes a gap.
    fn note_arrival(&mut self, now: Instant) -> Result<(), WriteError> {
        if !self.watch_for_stall {
            return Ok(());
        }
        let silent = now.saturating_duration_since(self.last_arrival);
        if self.intake.samples.slots() >= self.intake.channels {
            self.last_arrival = now;
            if std::mem::take(&mut self.stalled) {
                self.counters.set_state(SourceState::Running);
                // What was padded when it fell silent is at most one block and not counted twice.
                let format = self.ring.format();
                let frames = format.secs_to_frames(silent.as_secs_f64()) as u64;
                let missing = frames.saturating_sub(u64::from(format.block_frames));
                self.counters
                    .lost_frames
                    .fetch_add(missing, Ordering::Relaxed);
                return self.insert_gap(missing, GapReason::DeviceLost);
            }
        } else if silent > STALL && self.counters.state() == SourceState::Running {
            self.stalled = true;
            self.counters.set_state(SourceState::Lost);
            let message = format!("no sound arrives for {} s", STALL.as_secs());
            self.events
                .try_send(CaptureEvent::DeviceLost { message })
                .ok();
        }
        Ok(())
    }

    /// True when the producing end is gone and everything from it was taken.
    pub(crate) fn exhausted(&self) -> bool {
        self.intake.samples.is_abandoned()
            && self.intake.samples.slots() < self.intake.channels
            && self.intake.marks.is_empty()
            && self.mark.is_none()
    }

    /// Runs until `stop`, then takes what is left, closes the ring and gives it back.
    pub(crate) fn run(mut self, stop: &AtomicBool) -> W {
        let format = *self.ring.format();
        let block_secs = f64::from(format.block_frames) / f64::from(format.sample_rate);
        let nap = Duration::from_secs_f64((block_secs / 4.0).clamp(0.001, 0.005));
        let mut beat = Instant::now();
        self.ring.heartbeat(unix_ns());
        loop {
            let stopping = stop.load(Ordering::Acquire);
            let exhausted = self.exhausted();
            let mut written = self
                .note_arrival(Instant::now())
                .and_then(|()| self.drain());
            let lost = self.counters.state() == SourceState::Lost;
            if (stopping || exhausted || lost) && written.is_ok() {
                written = self.pad();
            }
            if exhausted && !self.counters.finished() {
                self.counters.set_finished();
            }
            if let Err(error) = written {
                self.counters.set_state(SourceState::Lost);
                self.events
                    .try_send(CaptureEvent::Warning {
                        message: format!("the ring takes no more: {error}"),
                    })
                    .ok();
                self.counters.set_finished();
                break;
            }
            if stopping {
                break;
            }
            if beat.elapsed() >= HEARTBEAT {
                self.ring.heartbeat(unix_ns());
                beat = Instant::now();
            }
            thread::park_timeout(if exhausted { HEARTBEAT / 2 } else { nap });
        }
        self.ring.heartbeat(unix_ns());
        self.ring.close();
        self.ring
    }
}

fn unix_ns() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
