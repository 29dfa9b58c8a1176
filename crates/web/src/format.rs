//! The facts of a new ring, from what a page knows of its source.

use soundfall_ring::{FormatError, RingFormat};
use thiserror::Error;

/// Why there cannot be such a ring.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NewRingError {
    /// No length of time.
    #[error("a history of {0} seconds: it must be above 0")]
    History(f64),
    /// Impossible numbers.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// More than the browser gives.
    #[error(
        "no memory for {} MB: ask for a shorter history or fewer channels",
        bytes.div_ceil(1_000_000)
    )]
    NoMemory {
        /// Its size.
        bytes: u64,
    },
    /// Nothing can be shared.
    #[error("this page shares no memory (it is not cross-origin isolated)")]
    NotIsolated,
}

/// The facts of a new ring: whole blocks, at least four. `rate` in Hz.
///
/// # Errors
/// [`NewRingError`] where there cannot be such a ring.
pub fn ring_format(
    rate: u32,
    channels: u32,
    history_secs: f64,
    block_frames: u32,
) -> Result<RingFormat, NewRingError> {
    if !(history_secs.is_finite() && history_secs > 0.0) {
        return Err(NewRingError::History(history_secs));
    }
    let block = u64::from(block_frames.max(1));
    let blocks = ((history_secs * f64::from(rate)) as u64).div_ceil(block);
    let capacity = blocks.max(4).saturating_mul(block);
    Ok(RingFormat::new(rate, channels, capacity, block_frames)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_ring_has_whole_blocks_and_holds_what_was_asked_for() {
        let format = ring_format(48_000, 2, 30.0, 512).unwrap();
        assert_eq!(format.capacity_frames, 2813 * 512);
        assert_eq!((format.sample_rate, format.channels), (48_000, 2));
        assert_eq!(
            ring_format(8000, 1, 0.001, 512).unwrap().capacity_frames,
            2048
        );
    }

    #[test]
    fn impossible_rings_are_refused() {
        for secs in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = ring_format(48_000, 1, secs, 512);
            assert!(matches!(error, Err(NewRingError::History(_))), "{secs}");
        }
        for (rate, channels, secs, block) in [
            (0, 1, 1.0, 512),
            (48_000, 0, 1.0, 512),
            (48_000, 1, 1e300, 512),
            (48_000, 1, 1.0, 0),
        ] {
            let error = ring_format(rate, channels, secs, block);
            assert!(matches!(error, Err(NewRingError::Format(_))), "{error:?}");
        }
    }
}
