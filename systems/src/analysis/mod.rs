//! From samples to rows of levels: what to analyse, in small jobs off the frame's thread.
//!
//! A *column* is one STFT, folded onto the frequency axis. A *row* is what a picture stores: a
//! column, or on level `k` the maximum over `2^k` columns. Both carry absolute indices. Nothing
//! here waits for a task, and nothing knows how rows are drawn.

mod collect;
mod cost;
mod job;
mod plan;
mod progress;
mod quality;
mod queue;
mod ranges;
mod reanalysis;
mod schedule;
mod settings;

pub use collect::{RowBlock, RowBlocks, collect_jobs};
pub use queue::JobQueue;
pub use job::{JobKind, JobOutput, JobRows, SpectrumJob, EnginePool, run_job};
pub use plan::{PlanRefusal, SpectrumPlan, plan_spectrum};
pub use progress::SpectrumProgress;
pub use quality::{QualityLevel, Quality, STEPS, watch_quality};
pub use ranges::Ranges;
pub use reanalysis::{Reanalysis, time_reanalysis};
pub use schedule::{SharedEngines, schedule_jobs};
pub use settings::AnalysisSettings;
