//! Tones in a spectrum: frequency between the bins, level, and tracks over time. Reads columns of
//! [`stft`](crate::stft).
//!
//! A column has a *peak* where a bin is higher than its neighbours, above a threshold, prominent,
//! and not a side lobe of a stronger peak. Frequency and level come from fitting the main lobe of
//! the very window to the bins around (see [`PeakFinder`]). A [`PeakTracker`] joins peaks of
//! successive columns into tracks with stable ids, and a [`ToneTracker`] summarises the tracks of a recording as
//! tones.

mod find;
mod lobe;
mod tones;
mod track;

pub use find::{Peak, PeakFinder, PeakParams};
pub use tones::{Tone, ToneTracker};
pub use track::{PeakTracker, Track, TrackParams};
