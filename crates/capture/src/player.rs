//! Plays an audio file once or in a loop: frames in order, and the places of its discontinuities.
//!
//! It never waits for the time to come and never touches the queue: see `producer`.

use crossbeam::channel::Sender;

use crate::event::CaptureEvent;
use crate::file::{AudioFile, FileError};

/// A place where the file does not simply go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Break {
    /// Index of a frame in the buffer that was filled.
    pub(crate) at: usize,
    pub(crate) kind: BreakKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BreakKind {
    /// The first frame of a new round.
    Looped,
    /// From here so many frames could not be decoded; the buffer holds zeros.
    Damaged { frames: usize },
}

/// Plays the first `channels` channels of a file, once or in a loop.
pub(crate) struct FilePlayer {
    file: AudioFile,
    channels: usize,
    looped: bool,
    /// Decoded frames that were not handed out yet.
    pending: Vec<f32>,
    /// Samples of `pending` that were handed out.
    used: usize,
    /// `pending` stands in for a packet that could not be decoded.
    damaged: bool,
    /// Frames since the last start of the file.
    this_round: u64,
    warned: bool,
}

impl FilePlayer {
    pub(crate) fn new(file: AudioFile, channels: u32, looped: bool) -> Self {
        Self {
            file,
            channels: channels as usize,
            looped,
            pending: Vec::new(),
            used: 0,
            damaged: false,
            this_round: 0,
            warned: false,
        }
    }

    /// Fills whole frames; fewer than fit means the end. Appends what breaks on the way, in order.
    pub(crate) fn fill(
        &mut self,
        out: &mut [f32],
        breaks: &mut Vec<Break>,
        events: &Sender<CaptureEvent>,
    ) -> Result<usize, FileError> {
        let wide = self.file.channels() as usize;
        let mut filled = 0;
        while filled < out.len() / self.channels {
            while self.used + wide > self.pending.len() {
                if !self.refill(filled, breaks, events)? {
                    return Ok(filled);
                }
            }
            let waiting = (self.pending.len() - self.used) / wide;
            let take = waiting.min(out.len() / self.channels - filled);
            if self.damaged {
                breaks.push(Break {
                    at: filled,
                    kind: BreakKind::Damaged { frames: take },
                });
            }
            let from = self.pending[self.used..].chunks_exact(wide);
            let to = out[filled * self.channels..].chunks_exact_mut(self.channels);
            for (to, from) in to.zip(from).take(take) {
                to.copy_from_slice(&from[..self.channels]);
            }
            self.used += take * wide;
            filled += take;
        }
        Ok(filled)
    }

    /// Decodes on; false at the end for good.
    fn refill(
        &mut self,
        at: usize,
        breaks: &mut Vec<Break>,
        events: &Sender<CaptureEvent>,
    ) -> Result<bool, FileError> {
        self.pending.clear();
        self.used = 0;
        let mut before = self.file.damaged_packets();
        let mut frames = self.file.read(&mut self.pending)?;
        if frames == 0 {
            if !self.looped || self.this_round == 0 {
                return Ok(false);
            }
            self.file.rewind()?;
            self.this_round = 0;
            before = 0;
            breaks.push(Break {
                at,
                kind: BreakKind::Looped,
            });
            frames = self.file.read(&mut self.pending)?;
        }
        // A packet that was skipped because its length is unknown is not counted here: what follows it is sound.
        self.damaged = self.file.last_was_damaged();
        if self.file.damaged_packets() > before && !self.warned {
            self.warned = true;
            let message = format!(
                "{}: parts of it are damaged and are gaps",
                self.file.path().display()
            );
            events.try_send(CaptureEvent::Warning { message }).ok();
        }
        self.this_round += frames as u64;
        Ok(frames > 0)
    }
}
