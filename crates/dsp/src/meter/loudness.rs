//! Loudness after EBU R128 (ITU-R BS.1770, EBU Tech 3341 and 3342), by the `ebur128` crate.
//! Never guesses a loudspeaker layout from a channel count beyond the usual ones.

use std::fmt;

use ebur128::{Channel, EbuR128, Mode};
use thiserror::Error;

use super::blocks::{Blocks, energy};
use crate::level::amplitude_to_db;
use crate::sample::clean;

/// The lowest rate with loudness, in Hz: the shelf of the K-weighting stands at 1.7 kHz, and below
/// twice that there is no such filter.
const MIN_RATE: u32 = 4000;
/// The highest rate and the most channels that the crate takes.
const MAX_RATE: u32 = 2_822_400;
const MAX_CHANNELS: usize = 64;

/// Frames handed on at a time.
const BLOCK: usize = 1024;

/// Steps of the blocks that the gates judge, per second: a block of 0.4 s overlaps the next one by
/// three quarters (ITU-R BS.1770), one of 3 s by 2.9 s (EBU Tech 3342 asks for 2 s or more).
const STEPS_PER_SEC: usize = 10;
/// Steps of a gating block, and of one of short-term loudness.
const GATING_STEPS: usize = 4;
const SHORT_TERM_STEPS: usize = 30;

/// How finely a running meter keeps their energies.
const GATING_STEPS_PER_LU: u32 = 1000;
const SHORT_TERM_STEPS_PER_LU: u32 = 100;

/// How a channel counts for loudness (ITU-R BS.1770).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Left, right, centre: weight 1.
    Front,
    /// Surround to the side: weight 1.41 (+1.5 dB).
    Surround,
    /// The only channel, heard from two loudspeakers: counts twice.
    DualMono,
    /// Not counted: low-frequency effects, or a channel that is not part of the programme.
    Unused,
}

impl Role {
    /// The usual roles for a number of channels: mono, stereo, 3.0, quadrophonic, 5.0 and 5.1
    /// (in the order of WAV files: L R C LFE Ls Rs). Any other number is no loudspeaker layout:
    /// every channel counts as [`Role::Front`].
    #[must_use]
    pub fn usual(channels: usize) -> Vec<Self> {
        let mut roles = vec![Self::Front; channels];
        match roles.as_mut_slice() {
            [_, _, back @ ..] if back.len() == 2 => back.fill(Self::Surround),
            [_, _, _, back @ ..] if back.len() == 2 => back.fill(Self::Surround),
            [_, _, _, lfe, left, right] => {
                *lfe = Self::Unused;
                *left = Self::Surround;
                *right = Self::Surround;
            }
            _ => {}
        }
        roles
    }

    fn channel(self) -> Channel {
        match self {
            Self::Front => Channel::Center,
            Self::Surround => Channel::LeftSurround,
            Self::DualMono => Channel::DualMono,
            Self::Unused => Channel::Unused,
        }
    }
}

/// Why there is no loudness meter.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoudnessError {
    /// Channels or rate are beyond what loudness is defined for.
    #[error(
        "loudness cannot be measured on {channels} channels at {sample_rate} Hz: it needs 1 to 64 channels at 4 kHz to 2.8 MHz"
    )]
    Format {
        /// Number of channels.
        channels: usize,
        /// Rate in Hz.
        sample_rate: u32,
    },
    /// A channel counts twice beside others.
    #[error("the role dual mono is for a single channel, not for one of {channels}: use front")]
    DualMono {
        /// Number of channels.
        channels: usize,
    },
}

/// Loudness, loudness range and true peak of a programme of some channels.
///
/// Integrated loudness and range come from the blocks of 0.4 s and of 3 s since the start, one every
/// 0.1 s (of a rate that ten does not divide, the whole frames below that). A meter of a recording
/// ([`Self::exact`]) keeps all of them. A running one ([`Self::new`]) has constant memory, 1.8 MB: it
/// keeps number and energy of those within each 0.001 LU (short-term: 0.01 LU). That gates a single
/// block, or equal ones, exactly, and others so nearly that the result is within 0.02 LU.
pub struct LoudnessMeter {
    sample_rate: u32,
    channels: usize,
    /// Filters, true peaks, and the last 3 s.
    meter: EbuR128,
    frames: u64,
    interleaved: Vec<f32>,
    /// Frames of a step of 0.1 s, and until the present one is over.
    step_frames: usize,
    step_left: usize,
    /// Energies of the last steps, the one of step n at n modulo their number; steps so far.
    steps: [f64; SHORT_TERM_STEPS],
    step: usize,
    gating_blocks: Blocks,
    short_term_blocks: Blocks,
}

impl fmt::Debug for LoudnessMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoudnessMeter")
            .field("sample_rate", &self.sample_rate)
            .field("channels", &self.channels)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl LoudnessMeter {
    /// A meter for sound without end at `sample_rate` (Hz), a role for each channel
    /// ([`Role::usual`] has them).
    ///
    /// # Errors
    /// [`LoudnessError`] for no channels, more than 64, a rate below 4 kHz or beyond 2.8 MHz, or
    /// [`Role::DualMono`] beside other channels.
    pub fn new(sample_rate: u32, roles: &[Role]) -> Result<Self, LoudnessError> {
        let blocks = [GATING_STEPS_PER_LU, SHORT_TERM_STEPS_PER_LU].map(Blocks::in_steps);
        Self::with_blocks(sample_rate, roles, blocks)
    }

    /// The same for a recording: gated exactly, for 160 bytes a second.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn exact(sample_rate: u32, roles: &[Role]) -> Result<Self, LoudnessError> {
        Self::with_blocks(sample_rate, roles, [Blocks::all(), Blocks::all()])
    }

    /// Whether there can be such a meter, without making one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn check(sample_rate: u32, roles: &[Role]) -> Result<(), LoudnessError> {
        let channels = roles.len();
        if channels > 1 && roles.contains(&Role::DualMono) {
            return Err(LoudnessError::DualMono { channels });
        }
        if !(MIN_RATE..=MAX_RATE).contains(&sample_rate) || !(1..=MAX_CHANNELS).contains(&channels)
        {
            return Err(LoudnessError::Format {
                channels,
                sample_rate,
            });
        }
        Ok(())
    }

    fn with_blocks(
        sample_rate: u32,
        roles: &[Role],
        [gating_blocks, short_term_blocks]: [Blocks; 2],
    ) -> Result<Self, LoudnessError> {
        Self::check(sample_rate, roles)?;
        let channels = roles.len();
        let refused = |_| LoudnessError::Format {
            channels,
            sample_rate,
        };
        let mode = Mode::S | Mode::TRUE_PEAK;
        let mut meter = EbuR128::new(channels as u32, sample_rate, mode).map_err(refused)?;
        let map: Vec<Channel> = roles.iter().map(|role| role.channel()).collect();
        meter.set_channel_map(&map).map_err(refused)?;
        let step_frames = sample_rate as usize / STEPS_PER_SEC;
        Ok(Self {
            sample_rate,
            channels,
            meter,
            frames: 0,
            interleaved: vec![0.0; channels * BLOCK],
            step_frames,
            step_left: step_frames,
            steps: [0.0; SHORT_TERM_STEPS],
            step: 0,
            gating_blocks,
            short_term_blocks,
        })
    }

    /// Takes the next samples, one slice per channel, as many as the shortest has. Missing
    /// channels are silent; without any slice nothing happens.
    pub fn push(&mut self, channels: &[&[f32]]) {
        let frames = channels.iter().map(|c| c.len()).min().unwrap_or(0);
        self.push_with(frames, |channel, frame| {
            channels.get(channel).map_or(0.0, |c| c[frame])
        });
    }

    /// The same for planar samples in one slice, `[channel][stride]`, of each channel the first
    /// `frames`.
    pub fn push_planar(&mut self, planar: &[f32], stride: usize, frames: usize) {
        self.push_with(frames.min(stride), |channel, frame| {
            planar.get(channel * stride + frame).copied().unwrap_or(0.0)
        });
    }

    fn push_with(&mut self, frames: usize, sample: impl Fn(usize, usize) -> f32) {
        let mut start = 0;
        while start < frames {
            let count = (frames - start).min(BLOCK).min(self.step_left);
            let block = &mut self.interleaved[..count * self.channels];
            for (frame, slots) in block.chunks_exact_mut(self.channels).enumerate() {
                for (channel, slot) in slots.iter_mut().enumerate() {
                    // A single NaN would stay in the filters.
                    *slot = clean(sample(channel, start + frame));
                }
            }
            let taken = self.meter.add_frames_f32(block);
            debug_assert!(taken.is_ok(), "whole frames of as many channels as it has");
            self.frames += count as u64;
            start += count;
            self.step_left -= count;
            if self.step_left == 0 {
                self.step_left = self.step_frames;
                self.end_step();
            }
        }
    }

    /// Takes the energy of the step that is over, and the blocks that end with it.
    fn end_step(&mut self) {
        const STEP_MS: u32 = 1000 / STEPS_PER_SEC as u32;
        self.steps[self.step % SHORT_TERM_STEPS] =
            self.meter.loudness_window(STEP_MS).map_or(0.0, energy);
        self.step += 1;
        let mean_of = |steps: usize| {
            let newest = self.step.checked_sub(steps)?..self.step;
            let sum: f64 = newest.map(|step| self.steps[step % SHORT_TERM_STEPS]).sum();
            Some(sum / steps as f64)
        };
        if let Some(block) = mean_of(GATING_STEPS) {
            self.gating_blocks.add(block);
        }
        if let Some(block) = mean_of(SHORT_TERM_STEPS) {
            self.short_term_blocks.add(block);
        }
    }

    /// Momentary loudness in LUFS: the last 400 ms. None before there are as many, and in
    /// silence.
    #[must_use]
    pub fn momentary_lufs(&self) -> Option<f64> {
        self.heard(0.4, self.meter.loudness_momentary())
    }

    /// Short-term loudness in LUFS: the last 3 s. None before there are as many, and in silence.
    #[must_use]
    pub fn short_term_lufs(&self) -> Option<f64> {
        self.heard(3.0, self.meter.loudness_shortterm())
    }

    /// Integrated loudness in LUFS since the start: gated at −70 LUFS and at 10 LU below the mean.
    /// None before anything passes the gate.
    #[must_use]
    pub fn integrated_lufs(&self) -> Option<f64> {
        self.gating_blocks.integrated_lufs()
    }

    /// Loudness range in LU since the start: between the 10th and the 95th percentile of the
    /// short-term loudness, gated at −70 LUFS and at 20 LU below the mean. None in the first 3 s, and
    /// before anything passes the gate.
    #[must_use]
    pub fn range_lu(&self) -> Option<f64> {
        self.short_term_blocks.range_lu()
    }

    /// True peak of a channel since the start, in dBTP: four times oversampled below 96 kHz, twice
    /// below 192 kHz. None for a channel that is not there.
    #[must_use]
    pub fn true_peak_dbtp(&self, channel: usize) -> Option<f64> {
        let peak = self.meter.true_peak(u32::try_from(channel).ok()?).ok()?;
        Some(amplitude_to_db(peak))
    }

    /// The highest true peak of all channels, in dBTP.
    #[must_use]
    pub fn highest_true_peak_dbtp(&self) -> f64 {
        (0..self.channels)
            .filter_map(|channel| self.true_peak_dbtp(channel))
            .fold(amplitude_to_db(0.0), f64::max)
    }

    /// Seconds measured since the start.
    #[must_use]
    pub fn secs(&self) -> f64 {
        self.frames as f64 / f64::from(self.sample_rate)
    }

    /// Starts anew.
    pub fn clear(&mut self) {
        self.meter.reset();
        self.frames = 0;
        self.step_left = self.step_frames;
        self.step = 0;
        self.gating_blocks.clear();
        self.short_term_blocks.clear();
    }

    fn heard(&self, window_secs: f64, value: Result<f64, ebur128::Error>) -> Option<f64> {
        let value = value.ok().filter(|value| value.is_finite())?;
        (self.secs() >= window_secs).then_some(value)
    }
}
