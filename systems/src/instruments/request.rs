//! What the instruments measure, and of which sound.

use std::sync::Arc;

use soundfall_analysis::{InstrumentsId, InstrumentsRequest, Request};
use soundfall_dsp::instruments::InstrumentSettings;

/// What the instruments measure, of which sound.
#[derive(Clone, Debug, PartialEq)]
pub struct InstrumentPlan {
    /// Epoch of the history.
    pub epoch: u64,
    /// Channels of the history, in the order of their places in the report.
    pub channels: Arc<[u32]>,
    /// How they measure.
    pub settings: InstrumentSettings,
    /// All measurements start anew when it changes.
    pub restarts: u32,
}

impl InstrumentPlan {
    /// What to ask for so that the instruments hear on towards `end_frame`; new ones begin at
    /// `first_frame`.
    #[must_use]
    pub fn request(&self, id: InstrumentsId, first_frame: u64, end_frame: u64) -> Request {
        Request::Instruments(Box::new(InstrumentsRequest {
            id,
            channels: self.channels.to_vec(),
            settings: self.settings.clone(),
            restarts: self.restarts,
            first_frame,
            end_frame,
        }))
    }
}
