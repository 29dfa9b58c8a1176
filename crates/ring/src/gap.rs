//! Gaps: spans of frames that were lost before they reached the ring. Never guesses: a gap is
//! here only because the writer recorded it.

use std::ops::Range;

use crate::format::MAX_FRAME;

/// A span of frames that was lost before it reached the ring and holds zeros in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// First lost frame, absolute.
    pub start_frame: u64,
    /// How many frames are missing.
    pub length_frames: u64,
    /// What lost them.
    pub reason: GapReason,
}

impl Gap {
    /// The frame after the last lost one.
    pub fn end_frame(&self) -> u64 {
        self.start_frame.saturating_add(self.length_frames)
    }

    /// True if it touches some of these frames.
    #[must_use]
    pub fn touches(&self, frames: &Range<u64>) -> bool {
        self.start_frame < frames.end && self.end_frame() > frames.start
    }

    /// Reads an entry's words; `None` where they cannot be a gap.
    pub(crate) fn from_words(words: &[u64; 4]) -> Option<Self> {
        let [start_frame, length_frames, reason, _] = *words;
        let end = start_frame.checked_add(length_frames)?;
        (length_frames > 0 && end <= MAX_FRAME).then_some(Self {
            start_frame,
            length_frames,
            reason: GapReason::from_word(reason),
        })
    }
}

/// How many of these frames lie in some gap, each counted once. Gaps may overlap and stand in any
/// order, as a damaged table has them.
#[must_use]
pub fn lost_frames(gaps: &[Gap], frames: &Range<u64>) -> u64 {
    let mut spans: Vec<(u64, u64)> = gaps
        .iter()
        .filter(|gap| gap.touches(frames))
        .map(|gap| (gap.start_frame, gap.end_frame().min(frames.end)))
        .collect();
    spans.sort_unstable();
    let mut counted = frames.start;
    let mut lost = 0;
    for (start, end) in spans {
        lost += end.saturating_sub(start.max(counted));
        counted = counted.max(end);
    }
    lost
}

/// What lost the frames of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The writer did not keep up with the capture callback.
    CaptureOverrun,
    /// The device was gone.
    DeviceLost,
    /// The source itself jumped.
    SourceDiscontinuity,
    /// A number this version does not know.
    Unknown(u64),
}

impl GapReason {
    /// The number in the gap table.
    pub fn to_word(self) -> u64 {
        match self {
            Self::CaptureOverrun => 1,
            Self::DeviceLost => 2,
            Self::SourceDiscontinuity => 3,
            Self::Unknown(word) => word,
        }
    }

    /// The reason behind a number of the gap table.
    pub fn from_word(word: u64) -> Self {
        match word {
            1 => Self::CaptureOverrun,
            2 => Self::DeviceLost,
            3 => Self::SourceDiscontinuity,
            other => Self::Unknown(other),
        }
    }
}

impl core::fmt::Display for GapReason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::CaptureOverrun => f.write_str("capture overrun"),
            Self::DeviceLost => f.write_str("device lost"),
            Self::SourceDiscontinuity => f.write_str("source discontinuity"),
            Self::Unknown(word) => write!(f, "unknown reason {word}"),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_gap_touches_what_shares_a_frame_with_it() {
        let gap = Gap {
            start_frame: 10,
            length_frames: 5,
            reason: GapReason::DeviceLost,
        };
        assert_eq!(gap.end_frame(), 15);
        for (frames, touches) in [
            (0..10, false),
            (0..11, true),
            (12..13, true),
            (14..20, true),
            (15..20, false),
        ] {
            assert_eq!(gap.touches(&frames), touches, "{frames:?}");
        }
        let beyond = Gap {
            start_frame: u64::MAX - 1,
            ..gap
        };
        assert_eq!(beyond.end_frame(), u64::MAX);
    }

    #[test]
    fn every_reason_has_a_number_and_a_name() {
        let mut names = Vec::new();
        for word in 1..6 {
            let reason = GapReason::from_word(word);
            assert_eq!(reason.to_word(), word);
            names.push(reason.to_string());
        }
        names.dedup();
        assert_eq!(names.len(), 5, "{names:?}");
        assert!(names.iter().all(|name| !name.is_empty()), "{names:?}");
    }
}
