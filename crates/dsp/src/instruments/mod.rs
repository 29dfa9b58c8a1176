//! Everything that listens to the newest sound, in one engine: tones and their tracks, averages and
//! held maxima, level meters, loudness, phase and balance of a pair, coherence to a reference.
//! Never reads samples by itself, never draws.
//!
//! An [`Instruments`] is made of the single engines of this crate and owns what they need, takes
//! samples block by block and gives an [`InstrumentReport`]: plain numbers. A [`Follower`] fetches the samples from wherever they are, a bounded slice at a time.
//!
//! **Time heard.** What is lost is no sound: no column, segment or goniometer point spans a gap,
//! tracks live through it only as long as they live through columns without a peak, and everything
//! that ages or is averaged goes on with the time that was heard. A report says how much was lost.

mod chosen;
mod engine;
mod follow;
mod meters;
mod programme;
mod report;
mod settings;
mod spectra;

pub use chosen::{Instrument, InstrumentSet};
pub use engine::Instruments;
pub use follow::{Follower, Missing, Visit};
pub use report::{
    ChannelReport, CoherenceReport, InstrumentReport, LevelReport, LoudnessReport, PairReport,
    TrackReport, UnevenReport,
};
pub use settings::{InstrumentError, InstrumentSettings};
