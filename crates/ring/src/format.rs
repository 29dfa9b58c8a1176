//! The fixed facts of a ring: rate, channels, capacity, block; checked once, then trusted.
//! Never touches memory or files.

use crate::layout::{HEADER_BYTES, HEADER_WORDS, WORD_BYTES};

/// Most channels a ring may have.
pub const MAX_CHANNELS: u32 = 4096;
/// Highest sample rate a ring may have, in Hz.
pub const MAX_SAMPLE_RATE: u32 = 50_000_000;
/// Absolute frame numbers stay below this, so that sums with a capacity never wrap.
pub const MAX_FRAME: u64 = 1 << 62;

/// Fixed facts of a ring. A value of this type is always within the limits below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RingFormat {
    /// Frames per second, 1 ..= [`MAX_SAMPLE_RATE`].
    pub sample_rate: u32,
    /// Channels, 1 ..= [`MAX_CHANNELS`].
    pub channels: u32,
    /// Frames per channel (N); more than one block.
    pub capacity_frames: u64,
    /// Frames per block (B): what is written, and becomes visible, at once.
    pub block_frames: u32,
}

/// Why four numbers are not a ring's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Rate 0 or beyond the limit.
    #[error("sample rate {0} Hz is not between 1 and {MAX_SAMPLE_RATE}; choose another rate")]
    SampleRate(u64),
    /// No channel or too many.
    #[error("channel count {0} is not between 1 and {MAX_CHANNELS}; choose fewer channels")]
    Channels(u64),
    /// Block of no frames, or of more than 2³²−1.
    #[error("block of {0} frames: a block needs 1 to 4294967295 frames")]
    Block(u64),
    /// The capacity does not exceed one block, so nothing could ever be read safely.
    #[error(
        "capacity of {capacity} frames must exceed one block of {block} frames; ask for a longer history or shorter blocks"
    )]
    Capacity {
        /// Frames per channel asked for.
        capacity: u64,
        /// Frames per block asked for.
        block: u64,
    },
    /// The ring would not be addressable.
    #[error(
        "{channels} channels of {capacity} frames are beyond what can be addressed; ask for a shorter history"
    )]
    TooLarge {
        /// Channels asked for.
        channels: u32,
        /// Frames per channel asked for.
        capacity: u64,
    },
}

impl RingFormat {
    /// Checks the four numbers.
    ///
    /// # Errors
    /// A [`FormatError`] that names the number which is out of range.
    pub fn new(
        sample_rate: u32,
        channels: u32,
        capacity_frames: u64,
        block_frames: u32,
    ) -> Result<Self, FormatError> {
        Self::from_words(
            sample_rate.into(),
            channels.into(),
            capacity_frames,
            block_frames.into(),
        )
    }

    /// The format of a ring that holds at least `seconds` of sound.
    ///
    /// # Errors
    /// As [`RingFormat::new`]; a span that is no number, negative or endless counts as capacity 0.
    pub fn with_seconds(
        sample_rate: u32,
        channels: u32,
        seconds: f64,
        block_frames: u32,
    ) -> Result<Self, FormatError> {
        let frames = (seconds * f64::from(sample_rate)).ceil();
        let capacity = if frames.is_finite() { frames as u64 } else { 0 };
        Self::new(sample_rate, channels, capacity, block_frames)
    }

    /// Checks the four header words as they stand in a ring that may be hostile.
    pub(crate) fn from_words(
        rate: u64,
        channels: u64,
        capacity: u64,
        block: u64,
    ) -> Result<Self, FormatError> {
        let in_range =
            |value: u64, max: u32| u32::try_from(value).ok().filter(|v| (1..=max).contains(v));
        let sample_rate = in_range(rate, MAX_SAMPLE_RATE).ok_or(FormatError::SampleRate(rate))?;
        let count = in_range(channels, MAX_CHANNELS).ok_or(FormatError::Channels(channels))?;
        let block_frames = in_range(block, u32::MAX).ok_or(FormatError::Block(block))?;
        if capacity <= block {
            return Err(FormatError::Capacity { capacity, block });
        }
        let fits = capacity
            .checked_mul(u64::from(count))
            .and_then(|samples| samples.checked_mul(WORD_BYTES))
            .and_then(|bytes| bytes.checked_add(HEADER_BYTES))
            .is_some_and(|bytes| bytes <= i64::MAX as u64);
        if !fits {
            return Err(FormatError::TooLarge {
                channels: count,
                capacity,
            });
        }
        Ok(Self {
            sample_rate,
            channels: count,
            capacity_frames: capacity,
            block_frames,
        })
    }

    /// Size of the whole ring in bytes, header included.
    pub fn total_bytes(&self) -> u64 {
        self.total_words() * WORD_BYTES
    }

    /// Size of the whole ring in 64-bit words, header included.
    pub fn total_words(&self) -> u64 {
        HEADER_WORDS + self.capacity_frames * u64::from(self.channels)
    }

    /// Most frames that one read can ever give: the capacity less the guard of one block.
    pub fn readable_frames(&self) -> u64 {
        self.capacity_frames - u64::from(self.block_frames)
    }

    /// Seconds that `frames` last.
    pub fn frames_to_secs(&self, frames: f64) -> f64 {
        frames / f64::from(self.sample_rate)
    }

    /// Frames in `seconds`, not rounded.
    pub fn secs_to_frames(&self, seconds: f64) -> f64 {
        seconds * f64::from(self.sample_rate)
    }

    /// Length of the whole ring in seconds.
    pub fn capacity_secs(&self) -> f64 {
        self.frames_to_secs(self.capacity_frames as f64)
    }

    /// Index of the word that holds the sample of `channel` at `frame`.
    pub(crate) fn sample_word(&self, channel: u32, frame: u64) -> u64 {
        HEADER_WORDS + u64::from(channel) * self.capacity_frames + frame % self.capacity_frames
    }

    /// Frames in `sequence` complete blocks, held below [`MAX_FRAME`].
    pub(crate) fn frames_in(&self, sequence: u64) -> u64 {
        sequence
            .saturating_mul(self.block_frames.into())
            .min(MAX_FRAME)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn seconds_and_frames() {
        let format = RingFormat::new(44_100, 2, 132_300, 441).unwrap();
        let secs = [format.frames_to_secs(11_025.0), format.capacity_secs()];
        assert_eq!((secs, format.secs_to_frames(2.5)), ([0.25, 3.0], 110_250.0));
        assert_eq!(format.readable_frames(), 131_859);
    }
}
