//! Plays an audio file once or in a loop: frames in order, and the places of its discontinuities.
//!
//! It never waits for the time to come and never touches the queue: see `producer`.

use crossbeam::channel::Sender;

use crate::event::CaptureEvent;
use crate::file::{AudioFile, FileError, cut_frames};

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
    /// The whole round, as long as it is short: such a file is not opened again for every round.
    short: Option<Vec<f32>>,
    warned: bool,
    /// Frames that the file states and does not have; known at the end of the first round.
    cut_frames: Option<u64>,
}

/// Most samples of a file that is kept in memory for its next rounds.
const MAX_SHORT: usize = 1 << 16;

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
            short: looped.then(Vec::new),
            warned: false,
            cut_frames: None,
        }
    }

    /// Frames that the file states and does not have, as far as it was played.
    pub(crate) fn cut_frames(&self) -> u64 {
        self.cut_frames.unwrap_or(0)
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
            self.note_cut(events);
            if !self.looped || self.this_round == 0 {
                return Ok(false);
            }
            let is_told = |told: &Break| told.kind == BreakKind::Looped;
            if !breaks.iter().any(is_told) {
                breaks.push(Break {
                    at,
                    kind: BreakKind::Looped,
                });
            }
            if let Some(short) = &self.short {
                self.pending.clone_from(short);
                return Ok(true);
            }
            self.file.rewind()?;
            self.this_round = 0;
            before = 0;
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
        // Damage is told anew in every round.
        let fits = |short: &Vec<f32>| !self.damaged && short.len() + self.pending.len() < MAX_SHORT;
        self.short = self.short.take().filter(fits);
        if let Some(short) = &mut self.short {
            short.extend_from_slice(&self.pending);
        }
        Ok(frames > 0)
    }

    /// At the end of the file: says once that it ends before its time.
    fn note_cut(&mut self, events: &Sender<CaptureEvent>) {
        if self.cut_frames.is_some() {
            return;
        }
        let cut = cut_frames(&self.file, self.this_round);
        self.cut_frames = Some(cut);
        if cut == 0 {
            return;
        }
        let secs = |frames: u64| frames as f64 / f64::from(self.file.rate());
        let message = format!(
            "{}: it is cut off: it states {:.3} s and has {:.3} s",
            self.file.path().display(),
            secs(self.this_round + cut),
            secs(self.this_round)
        );
        events.try_send(CaptureEvent::Warning { message }).ok();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    /// A WAV file of one channel that states `stated` frames and has these; every sample is its number.
    fn file(path: &std::path::Path, frames: u32, stated: u32) -> AudioFile {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        (0..stated).for_each(|frame| writer.write_sample(frame as f32).unwrap());
        writer.finalize().unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        let bytes = file.metadata().unwrap().len();
        file.set_len(bytes - 4 * u64::from(stated - frames))
            .unwrap();
        AudioFile::open(path).unwrap()
    }

    #[test]
    fn a_short_file_is_read_once_and_told_once_a_chunk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("short.wav");
        let mut player = FilePlayer::new(file(&path, 3, 3), 1, true);
        // Its next rounds do not need it.
        std::fs::remove_file(&path).unwrap();
        let (events, seen) = crossbeam::channel::unbounded();
        let (mut out, mut breaks) = ([0.0; 8], Vec::new());
        assert_eq!(player.fill(&mut out, &mut breaks, &events).unwrap(), 8);
        assert_eq!(out, [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0]);
        let looped = |at| Break {
            at,
            kind: BreakKind::Looped,
        };
        assert_eq!(breaks, [looped(3)]);
        breaks.clear();
        assert_eq!(player.fill(&mut out, &mut breaks, &events).unwrap(), 8);
        assert_eq!(out, [2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0]);
        assert_eq!(breaks, [looped(1)]);
        assert_eq!((player.cut_frames(), seen.len()), (0, 0));
    }

    #[test]
    fn a_file_that_is_cut_off_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut player = FilePlayer::new(file(&dir.path().join("cut.wav"), 3, 5), 1, true);
        let (events, seen) = crossbeam::channel::unbounded();
        let mut out = [0.0; 8];
        player.fill(&mut out, &mut Vec::new(), &events).unwrap();
        assert_eq!(out, [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0]);
        assert_eq!(player.cut_frames(), 2);
        let told: Vec<CaptureEvent> = seen.try_iter().collect();
        assert!(
            matches!(&told[..], [CaptureEvent::Warning { message }] if message.contains("cut off")),
            "{told:?}"
        );
    }
}
