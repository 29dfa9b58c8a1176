//! Files and signals in real time: a thread that decodes or generates frames and queues them at the pace of a clock.
//!
//! Unlike a device it can wait, so it loses nothing when the queue is full. When the whole program was stopped for
//! longer than is made up for, that time is a gap, and the file or signal goes on behind it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;
use soundfall_ring::GapReason;

use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState};
use crate::pace::Pacer;
use crate::player::{Break, BreakKind, FilePlayer};
use crate::sample_queue::{Counters, SampleProducer};
use crate::signal::Generator;

/// Where the frames come from.
pub(crate) enum FrameSource {
    Signal(Generator),
    File(Box<FilePlayer>),
}

/// A running thread that delivers a file or signal.
pub(crate) struct PacedSource {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl PacedSource {
    /// Starts the thread: `chunk` frames at a time, `frames_per_sec` frames a second.
    pub(crate) fn start(
        source: FrameSource,
        producer: SampleProducer,
        chunk: usize,
        channels: u32,
        frames_per_sec: f64,
        counters: Arc<Counters>,
        events: Sender<CaptureEvent>,
    ) -> Result<Self, CaptureError> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut run = Run {
            source,
            producer,
            buffer: vec![0.0; chunk * channels as usize],
            channels: channels as usize,
            breaks: Vec::new(),
        };
        let stop_seen = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("soundfall-source".to_owned())
            .spawn(move || {
                let ran = catch_unwind(AssertUnwindSafe(|| {
                    run.run(Pacer::new(frames_per_sec), &stop_seen, &counters, &events);
                }));
                // The state is told before the queue closes with `run`: the writer looks at it then.
                if let Err(reason) = ran {
                    counters.fail(&events, "the source", &*reason);
                }
            })
            .map_err(|source| CaptureError::Thread {
                name: "source",
                source,
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for PacedSource {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

struct Run {
    source: FrameSource,
    producer: SampleProducer,
    buffer: Vec<f32>,
    channels: usize,
    /// Discontinuities in `buffer`.
    breaks: Vec<Break>,
}

impl Run {
    /// Queues the first `frames` frames of the buffer. Frames that could not be decoded are lost at their exact place.
    fn enqueue(&mut self, frames: usize, events: &Sender<CaptureEvent>) {
        let mut done = 0;
        for found in &self.breaks {
            let place = found.at.min(frames);
            self.producer
                .push(&self.buffer[done * self.channels..place * self.channels]);
            done = place;
            match found.kind {
                BreakKind::Looped => {
                    let at_frame = self.producer.position();
                    events.try_send(CaptureEvent::Looped { at_frame }).ok();
                }
                BreakKind::Damaged { frames: missing } => {
                    let missing = missing.min(frames - done);
                    self.producer
                        .lose(missing as u64, GapReason::SourceDiscontinuity);
                    done += missing;
                }
            }
        }
        self.producer
            .push(&self.buffer[done * self.channels..frames * self.channels]);
    }

    fn run(
        &mut self,
        mut pacer: Pacer,
        stop: &AtomicBool,
        counters: &Counters,
        events: &Sender<CaptureEvent>,
    ) {
        let start = Instant::now();
        let chunk = (self.buffer.len() / self.channels) as u64;
        while !stop.load(Ordering::Acquire) {
            let elapsed = start.elapsed();
            let due = pacer.due(elapsed);
            // The program was stopped: so long no sound came.
            self.producer
                .lose(pacer.take_missed(), GapReason::CaptureOverrun);
            if due < chunk {
                thread::park_timeout(pacer.until(chunk, elapsed));
                continue;
            }
            if (self.producer.free_frames() as u64) < chunk {
                thread::park_timeout(Duration::from_millis(1));
                continue;
            }
            self.breaks.clear();
            let frames = match &mut self.source {
                FrameSource::Signal(generator) => {
                    generator.fill(&mut self.buffer);
                    Ok(chunk as usize)
                }
                FrameSource::File(player) => {
                    let filled = player.fill(&mut self.buffer, &mut self.breaks, events);
                    let cut = player.cut_frames();
                    counters.cut_frames.store(cut, Ordering::Relaxed);
                    filled
                }
            };
            match frames {
                Ok(frames) => {
                    self.enqueue(frames, events);
                    pacer.deliver(frames as u64);
                    if (frames as u64) < chunk {
                        counters.set_state(SourceState::Ended);
                        events.try_send(CaptureEvent::Ended).ok();
                        return;
                    }
                }
                Err(error) => {
                    counters.set_state(SourceState::Lost);
                    events
                        .try_send(CaptureEvent::Warning {
                            message: error.to_string(),
                        })
                        .ok();
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
