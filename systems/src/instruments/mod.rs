//! The instruments: what listens to the newest sound beside the picture. Peaks, averages, meters,
//! loudness, phase, coherence.
//!
//! The engine of a view stays with the worker that analyses; it is asked to hear new samples and
//! answers with a report. Nothing waits, and with nothing shown nothing is computed.

mod choice;
mod keep;
mod request;

pub use choice::InstrumentChoice;
pub use keep::{InstrumentJob, InstrumentReadings, collect_instruments, send_instruments};
pub use request::InstrumentPlan;
