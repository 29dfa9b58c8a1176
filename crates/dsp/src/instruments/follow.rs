//! Follows a stream: which samples the instruments hear next, a bounded slice at a time. Never
//! knows where they come from; whoever calls reads them.

use std::ops::Range;

use super::{InstrumentError, InstrumentReport, InstrumentSettings, Instruments};

/// Samples of all channels that one step hears at most: a few milliseconds of work.
const SAMPLES_PER_STEP: u64 = 1 << 18;

/// Instruments and the place in the stream where they are.
///
/// They never run after the sound: more than a second farther behind than they were, and farther
/// than one step hears, they skip ahead, and what was left out counts as lost.
#[derive(Debug)]
pub struct Follower {
    instruments: Instruments,
    next_frame: u64,
    /// How far behind it was at the best.
    least_behind: u64,
    skips: u64,
    samples: Vec<f32>,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// There was nothing to hear.
    Nothing,
    /// Something was heard or lost.
    Went,
    /// It was too far behind and skipped ahead.
    Skipped,
    /// The next samples are not there yet; nothing was heard or lost.
    Waits,
}

/// Why samples that a [`Follower`] asked for were not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They are not there yet: it asks for them again in the next step.
    Wait,
    /// They are lost.
    Lost {
        /// The absolute frame to go on at.
        resume_at: u64,
    },
}

impl Follower {
    /// Instruments that begin at the absolute frame `first_frame`.
    ///
    /// # Errors
    /// As [`Instruments::new`].
    pub fn new(settings: InstrumentSettings, first_frame: u64) -> Result<Self, InstrumentError> {
        Ok(Self {
            instruments: Instruments::new(settings)?,
            next_frame: first_frame,
            least_behind: u64::MAX,
            skips: 0,
            samples: Vec::new(),
        })
    }

    /// What the instruments were made for.
    #[must_use]
    pub fn settings(&self) -> &InstrumentSettings {
        self.instruments.settings()
    }

    /// The next frame to be heard.
    #[must_use]
    pub fn next_frame(&self) -> u64 {
        self.next_frame
    }

    /// How often it skipped ahead.
    #[must_use]
    pub fn skips(&self) -> u64 {
        self.skips
    }

    /// Other settings for the same channels, see [`Instruments::change`].
    ///
    /// # Errors
    /// As [`Instruments::new`]; everything is as it was.
    pub fn change(&mut self, settings: InstrumentSettings) -> Result<(), InstrumentError> {
        self.instruments.change(settings)
    }

    /// Starts all measurements anew, from here on.
    pub fn restart(&mut self) {
        self.instruments.restart();
    }

    /// What the instruments say now.
    pub fn report_into(&mut self, out: &mut InstrumentReport) {
        self.instruments.report_into(out);
    }

    /// Hears on towards the absolute frame `end`, at most one bounded slice.
    ///
    /// `lost(frames)` names the first span of lost frames that touches `frames`. `read(channel,
    /// start, out)` fills `out` with samples of a channel, or says why it cannot.
    pub fn step(
        &mut self,
        end: u64,
        lost: impl Fn(&Range<u64>) -> Option<Range<u64>>,
        mut read: impl FnMut(usize, u64, &mut [f32]) -> Result<(), Missing>,
    ) -> Visit {
        let behind = end.saturating_sub(self.next_frame);
        if behind == 0 {
            return Visit::Nothing;
        }
        let second = u64::from(self.settings().sample_rate);
        let channels = self.settings().channels;
        let most = (SAMPLES_PER_STEP / channels as u64).max(1);
        // Whoever asks seldom is no reason to leave anything out that one step can hear.
        let skipped = behind > self.least_behind.saturating_add(second).max(most);
        if skipped {
            self.skips += 1;
            self.skip_to(end - second / 5);
        }
        self.least_behind = self.least_behind.min(end - self.next_frame);
        let begin = self.next_frame;
        let stop = end.min(begin.saturating_add(most));
        while self.next_frame < stop {
            let mut part = self.next_frame..stop;
            if let Some(gap) = lost(&part) {
                if gap.start <= part.start {
                    self.skip_to(gap.end.clamp(part.start + 1, stop));
                    continue;
                }
                part.end = gap.start.min(stop);
            }
            match self.hear(&part, &mut read) {
                Ok(()) => {}
                Err(Missing::Wait) if self.next_frame == begin && !skipped => return Visit::Waits,
                Err(Missing::Wait) => break,
                Err(Missing::Lost { resume_at }) => {
                    self.skip_to(resume_at.clamp(part.start + 1, end));
                    break;
                }
            }
        }
        if skipped { Visit::Skipped } else { Visit::Went }
    }

    fn hear(
        &mut self,
        part: &Range<u64>,
        read: &mut impl FnMut(usize, u64, &mut [f32]) -> Result<(), Missing>,
    ) -> Result<(), Missing> {
        let frames = (part.end - part.start) as usize;
        self.samples.resize(frames * self.settings().channels, 0.0);
        // All channels or none: they must not be at different frames.
        for (channel, samples) in self.samples.chunks_exact_mut(frames).enumerate() {
            read(channel, part.start, samples)?;
        }
        self.instruments.push(part.start, &self.samples);
        self.next_frame = part.end;
        Ok(())
    }

    fn skip_to(&mut self, frame: u64) {
        if self.instruments.next_frame().is_some() {
            self.instruments.gap(frame - self.next_frame);
        }
        self.next_frame = frame;
    }
}
