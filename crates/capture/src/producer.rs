//! Files and signals: a thread that renders or decodes frames and feeds them in real time.
//!
//! Unlike a device it can wait, so it loses nothing when the queue is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use soundfall_ring::GapReason;

use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState};
use crate::feed::{Counters, Feed};
use crate::pace::Pacer;
use crate::player::{Break, BreakKind, FilePlayer};
use crate::signal::Generator;

/// What renders the frames.
pub(crate) enum Material {
    Signal(Generator),
    File(Box<FilePlayer>),
}

/// A running producer thread.
pub(crate) struct Producer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Producer {
    /// Starts the thread: `chunk` frames at a time, `frames_per_sec` frames a second.
    pub(crate) fn start(
        material: Material,
        feed: Feed,
        chunk: usize,
        channels: u32,
        frames_per_sec: f64,
        counters: Arc<Counters>,
        events: Sender<CaptureEvent>,
    ) -> Result<Self, CaptureError> {
        let stop = Arc::new(AtomicBool::new(false));
        let run = Run {
            material,
            feed,
            buffer: vec![0.0; chunk * channels as usize],
            channels: channels as usize,
            breaks: Vec::new(),
        };
        let stop_seen = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("soundfall-source".to_owned())
            .spawn(move || run.run(Pacer::new(frames_per_sec), &stop_seen, &counters, &events))
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

impl Drop for Producer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

struct Run {
    material: Material,
    feed: Feed,
    buffer: Vec<f32>,
    channels: usize,
    /// Places in `buffer` where the file does not simply go on.
    breaks: Vec<Break>,
}

impl Run {
    /// Feeds the first `frames` frames of the buffer. What the file could not give is lost at its exact place.
    fn hand_over(&mut self, frames: usize, events: &Sender<CaptureEvent>) {
        let mut done = 0;
        for found in &self.breaks {
            let place = found.at.min(frames);
            self.feed
                .push(&self.buffer[done * self.channels..place * self.channels]);
            done = place;
            match found.kind {
                BreakKind::Looped => {
                    let at_frame = self.feed.position();
                    events.try_send(CaptureEvent::Looped { at_frame }).ok();
                }
                BreakKind::Damaged { frames: missing } => {
                    let missing = missing.min(frames - done);
                    self.feed
                        .lose(missing as u64, GapReason::SourceDiscontinuity);
                    done += missing;
                }
            }
        }
        self.feed
            .push(&self.buffer[done * self.channels..frames * self.channels]);
    }

    fn run(
        mut self,
        mut pacer: Pacer,
        stop: &AtomicBool,
        counters: &Counters,
        events: &Sender<CaptureEvent>,
    ) {
        let start = Instant::now();
        let chunk = (self.buffer.len() / self.channels) as u64;
        while !stop.load(Ordering::Acquire) {
            let elapsed = start.elapsed();
            if pacer.due(elapsed) < chunk {
                thread::park_timeout(pacer.until(chunk, elapsed));
                continue;
            }
            if (self.feed.free_frames() as u64) < chunk {
                thread::park_timeout(Duration::from_millis(1));
                continue;
            }
            self.breaks.clear();
            let frames = match &mut self.material {
                Material::Signal(generator) => {
                    generator.fill(&mut self.buffer);
                    Ok(chunk as usize)
                }
                Material::File(player) => player.fill(&mut self.buffer, &mut self.breaks, events),
            };
            match frames {
                Ok(frames) => {
                    self.hand_over(frames, events);
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
