//! Files and signals: a thread that renders or decodes frames and feeds them in real time.
//!
//! Unlike a device it can wait, so it loses nothing when the queue is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::error::CaptureError;
use crate::event::{CaptureEvent, SourceState};
use crate::feed::{Counters, Feed};
use crate::file::{AudioFile, FileError};
use crate::pace::Pacer;
use crate::signal::Generator;

/// What renders the frames.
pub(crate) enum Material {
    Signal(Generator),
    File(FilePlayer),
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
}

impl Run {
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
            let frames = match &mut self.material {
                Material::Signal(generator) => {
                    generator.fill(&mut self.buffer);
                    Ok(chunk as usize)
                }
                Material::File(player) => player.fill(&mut self.buffer, events),
            };
            match frames {
                Ok(frames) => {
                    self.feed.push(&self.buffer[..frames * self.channels]);
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

/// Plays a file, once or for ever, with the first `channels` of its channels.
pub(crate) struct FilePlayer {
    file: AudioFile,
    channels: usize,
    looped: bool,
    /// Decoded frames that were not handed out yet.
    pending: Vec<f32>,
    /// Samples of `pending` that were handed out.
    used: usize,
    /// Frames since the last start of the file.
    this_round: u64,
    damaged: u64,
}

impl FilePlayer {
    pub(crate) fn new(file: AudioFile, channels: u32, looped: bool) -> Self {
        Self {
            file,
            channels: channels as usize,
            looped,
            pending: Vec::new(),
            used: 0,
            this_round: 0,
            damaged: 0,
        }
    }

    /// Fills whole frames; fewer than fit means the end.
    pub(crate) fn fill(
        &mut self,
        out: &mut [f32],
        events: &Sender<CaptureEvent>,
    ) -> Result<usize, FileError> {
        let wide = self.file.channels() as usize;
        let mut filled = 0;
        for frame in out.chunks_exact_mut(self.channels) {
            while self.used + wide > self.pending.len() {
                if !self.refill(events)? {
                    return Ok(filled);
                }
            }
            frame.copy_from_slice(&self.pending[self.used..self.used + self.channels]);
            self.used += wide;
            filled += 1;
        }
        Ok(filled)
    }

    /// Decodes on; false at the end for good.
    fn refill(&mut self, events: &Sender<CaptureEvent>) -> Result<bool, FileError> {
        self.pending.clear();
        self.used = 0;
        let mut frames = self.file.read(&mut self.pending)?;
        if frames == 0 {
            if !self.looped || self.this_round == 0 {
                return Ok(false);
            }
            self.file.rewind()?;
            self.this_round = 0;
            self.damaged = 0;
            events.try_send(CaptureEvent::Looped).ok();
            frames = self.file.read(&mut self.pending)?;
        }
        if self.file.damaged_packets() > 0 && self.damaged == 0 {
            let message = format!(
                "{}: parts of it are damaged and play as silence",
                self.file.path().display()
            );
            events.try_send(CaptureEvent::Warning { message }).ok();
        }
        self.damaged = self.file.damaged_packets();
        self.this_round += frames as u64;
        Ok(frames > 0)
    }
}
