//! Level meters: peak and RMS of a channel, loudness of a programme.
//! Never draws a scale, never colours an overload.

mod blocks;
mod levels;
mod loudness;

pub use levels::{LevelMeter, peak_dbfs, rms_dbfs};
pub use loudness::{LoudnessError, LoudnessMeter, Role};
