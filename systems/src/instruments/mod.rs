//! The instruments: what listens to the newest sound beside the picture. Peaks, averages, meters,
//! loudness, phase, coherence.
//!
//! As with the lanes, one engine travels into a task with new samples to hear and comes back with a
//! report; no lock, and nobody waits. With nothing shown nothing is computed.

mod choice;
mod keep;
mod request;

pub use choice::InstrumentChoice;
pub use keep::{InstrumentJob, InstrumentReadings, collect_instruments, send_instruments};
pub use request::{InstrumentEngine, InstrumentPlan, InstrumentResponse, InstrumentRequest};
