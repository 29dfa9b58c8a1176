//! From samples to rows of levels: what to analyse, in small jobs off the frame's thread.
//!
//! A *column* is one STFT. A *row* is what a picture stores: the maximum over `2^level` columns,
//! folded onto the frequency axis. Both carry absolute indices: column `k` starts at frame
//! `k · hop`, row `r` covers columns `r · 2^level … (r+1) · 2^level − 1`. Nothing here waits for a
//! task, and nothing knows how rows are drawn.

mod collect;
mod job;
mod plan;
mod progress;
mod schedule;

pub use collect::{Released, RowBlock, RowBlocks, collect_jobs};
pub use job::{JobOutput, JobRows, Workshop, run_job};
pub use plan::{AnalysisSettings, PlanRefusal, SpectrumPlan, plan_spectrum};
pub use progress::SpectrumProgress;
pub use schedule::{Frontier, SharedWorkshop, SpectrumJob, schedule_jobs};
