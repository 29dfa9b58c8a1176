//! How many channels and which rates there may be, for every source.
//!
//! Pure checks; needs nothing of the machine, so it is also there in the browser.

use crate::error::CaptureError;

/// Most channels a capture may have.
pub const MAX_CHANNELS: u32 = 256;
/// Lowest sampling rate a capture may have, in Hz.
pub const MIN_RATE: u32 = 1_000;
/// Highest sampling rate a capture may have, in Hz.
pub const MAX_RATE: u32 = 768_000;
/// Checks a channel count against 1 ..= [`MAX_CHANNELS`].
pub(crate) fn check_channels(channels: u32) -> Result<(), CaptureError> {
    if (1..=MAX_CHANNELS).contains(&channels) {
        Ok(())
    } else {
        Err(CaptureError::Channels {
            channels,
            max: MAX_CHANNELS,
        })
    }
}

/// Checks a sampling rate against [`MIN_RATE`] ..= [`MAX_RATE`].
pub(crate) fn check_rate(rate: u32) -> Result<(), CaptureError> {
    if (MIN_RATE..=MAX_RATE).contains(&rate) {
        Ok(())
    } else {
        Err(CaptureError::Rate {
            rate,
            min: MIN_RATE,
            max: MAX_RATE,
        })
    }
}
