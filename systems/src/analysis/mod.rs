//! From samples to rows of levels: what to analyse, in small jobs off the frame's thread.
//!
//! A *column* is one STFT, folded onto the bins of the frequency axis. A *row* is what a picture
//! stores: a column, or on mip `k` the maximum over `2^k` columns. Both carry absolute indices.
//! Every analysis of a stream is an entity, and so is every window of rows that it keeps. Nothing
//! here waits for a task, and nothing knows how rows are drawn.

mod collect;
mod cost;
mod entity;
mod job;
mod lag;
mod plan;
mod planning;
mod progress;
mod quality;
mod queue;
mod ranges;
mod reanalysis;
mod relations;
mod row_window;
mod schedule;
mod settings;

pub use collect::collect_jobs;
pub use cost::CostModel;
pub use entity::{Analysis, despawn_unused_analyses};
pub use job::{AnalysisJob, JobKind, PendingRows, RowBlock, RowBlocks, rows_request};
pub use lag::watch_quality;
pub use plan::{PlanRefusal, RowPlan};
pub use planning::{PlanError, plan_rows};
pub use progress::AnalysisProgress;
pub use quality::{Quality, QualityLevel, STEPS};
pub use queue::JobQueue;
pub use ranges::Ranges;
pub use reanalysis::{Reanalysis, time_reanalysis};
pub use relations::{Analyses, AnalysisOf, RowWindows, RowsOf};
pub use row_window::{DetailRows, Extent, RowWindow, TextureBudget, fit_row_windows, forget_rows};
pub use schedule::schedule_jobs;
pub use settings::AnalysisSettings;
