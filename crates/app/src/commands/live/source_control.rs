//! The panel's choice of source, carried out by the capture's source manager.

use std::sync::Arc;

use soundfall_analysis::RingHistory;
use soundfall_capture::{Capture, ManagedSource, SourceManager, SourceState};
use soundfall_systems::stream::{SourceControl, SourceCounts, SourceProbe, Stream};

/// A source manager as the display sees it.
pub struct ManagedControl(pub Arc<SourceManager>);

impl SourceControl for ManagedControl {
    fn choices(&self) -> Vec<String> {
        self.0.choices()
    }

    fn choose(&self, name: &str) {
        self.0.choose(name);
    }

    fn arrived(&self) -> Option<Result<Stream, String>> {
        let outcome = self.0.poll()?;
        Some(outcome.map(shown).map_err(|error| error.to_string()))
    }
}

/// A captured source as the display takes it.
pub fn shown(source: ManagedSource) -> Stream {
    Stream {
        history: RingHistory::shared(source.ring),
        name: source.name,
        probe: Some(Arc::new(Probe(source.capture))),
    }
}

/// The capture's counters, for the display.
struct Probe(Arc<Capture>);

impl SourceProbe for Probe {
    fn lost_frames(&self) -> Option<u64> {
        Some(self.0.stats().lost_frames)
    }

    fn ended(&self) -> bool {
        self.0.stats().finished
    }

    fn counts(&self) -> SourceCounts {
        let figures = self.0.stats();
        SourceCounts {
            changes: figures.ring_renewals,
            faults: figures.ring_losses,
        }
    }

    fn trouble(&self) -> Option<String> {
        let figures = self.0.stats();
        let trouble = match figures.state {
            SourceState::Failed => "The capture failed. Choose a source to start another one.",
            SourceState::Lost if figures.finished => "The source was lost.",
            SourceState::Lost => "The device is gone; waiting for it to come back.",
            _ if figures.ring_lost => "The ring was lost; a new one is being made.",
            _ => return None,
        };
        Some(trouble.to_owned())
    }
}
