//! What the display may ask the capture side: three numbers, never a wait.

use std::sync::Arc;

use soundfall_systems::source::SourceProbe;

/// Answers from closures over the capture's counters.
pub struct CaptureProbe {
    /// Frames lost before the ring.
    pub lost: Box<dyn Fn() -> u64 + Send + Sync>,
    /// The source has ended.
    pub ended: Box<dyn Fn() -> bool + Send + Sync>,
    /// Words about a failure.
    pub trouble: Box<dyn Fn() -> Option<String> + Send + Sync>,
}

impl CaptureProbe {
    /// As the display takes it.
    #[must_use]
    pub fn shared(self) -> Arc<dyn SourceProbe> {
        Arc::new(self)
    }
}

impl SourceProbe for CaptureProbe {
    fn lost_frames(&self) -> u64 {
        (self.lost)()
    }

    fn ended(&self) -> bool {
        (self.ended)()
    }

    fn trouble(&self) -> Option<String> {
        (self.trouble)()
    }
}
