//! Tones in a spectrum: where they lie between the bins, how loud they are, and which of them is
//! which over time. Never analyses sound: it reads columns of [`stft`](crate::stft).
//!
//! A column has a *peak* where a bin is higher than its neighbours, above a threshold, prominent,
//! and not a side lobe of a stronger peak. Frequency and level come from fitting the main lobe of
//! the very window to the bins around (see [`PeakFinder`]). A [`PeakTracker`] joins peaks of
//! successive columns into tracks with stable numbers.

mod find;
mod lobe;
mod track;

pub use find::{Peak, PeakFinder, PeakParams};
pub use track::{PeakTracker, Track, TrackParams};
