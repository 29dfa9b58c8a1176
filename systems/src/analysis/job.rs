//! One job: a few columns of all shown channels, from ring samples to packed rows of mips.
//!
//! Runs wherever the backend runs it. Engines, scratch and output buffers come from a shared
//! engines and go back there, so that nothing is allocated in the steady state.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bevy_ecs::prelude::*;
use soundfall_dsp::rows::{LEVEL_BYTES, RowEngine, RowSpan};
use soundfall_dsp::stft::StftParams;
use soundfall_ring::{Gap, ReadError, SharedRing};
use web_time::Instant;

use super::plan::RowPlan;
use super::quality::QualityLevel;
use crate::backend::Pending;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// New sound.
    Live,
    /// A first picture of the history, windows side by side without overlap.
    Coarse,
    /// History, every column.
    History,
    /// Columns again that were analysed with less than full quality.
    Refine,
}

/// A job under way.
#[derive(Component)]
pub struct AnalysisJob {
    /// The window of rows that it is for.
    pub window: Entity,
    /// The analysis in whose books it stands.
    pub analysis: Entity,
    /// Generation of the plan.
    pub generation: u64,
    /// What it is for.
    pub kind: JobKind,
    /// Columns asked for.
    pub columns: Range<u64>,
    /// Columns of all channels that it analyses.
    pub work: u64,
    /// Not all of the work was asked for.
    pub(super) reduced: bool,
    pub(super) output: Pending<JobOutput>,
}

/// What a job is asked for.
#[derive(Clone)]
pub struct JobRows {
    /// The plan it belongs to.
    pub plan: RowPlan,
    /// Columns, and the mips whose rows are wanted.
    pub span: RowSpan,
    /// The window is halved so many times.
    pub halvings: u32,
    /// Gaps known when it was scheduled.
    pub gaps: Arc<[Gap]>,
}

impl JobRows {
    /// A job with some quality.
    #[must_use]
    pub fn new(
        plan: &RowPlan,
        columns: Range<u64>,
        mips: Range<u32>,
        quality: QualityLevel,
        gaps: &Arc<[Gap]>,
    ) -> Self {
        Self {
            plan: plan.clone(),
            span: RowSpan {
                columns,
                mips,
                every: quality.every,
            },
            halvings: quality.halvings,
            gaps: gaps.clone(),
        }
    }

    /// Columns of all channels that are analysed.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.span.analysed() * self.plan.channels.len() as u64
    }

    /// First frame it reads.
    #[must_use]
    pub fn start_frame(&self) -> u64 {
        let shape = self.plan.shape(self.halvings);
        self.plan.column_start(self.span.columns.start) + shape.lead_in(self.plan.shape(0))
    }
}

/// What a job brings back.
pub struct JobOutput {
    /// Columns, and the mips whose rows are here.
    pub span: RowSpan,
    /// Little-endian half floats, [mip][channel][row][axis column], or why there are none.
    pub rows: Result<Vec<u8>, ReadError>,
    /// Time it took where it ran, microseconds.
    pub took_us: f64,
}

/// Scratch of one running job.
struct Engine {
    rows: RowEngine,
    samples: Vec<f32>,
}

/// Benches and output buffers, lent to jobs and taken back.
#[derive(Default)]
pub struct EnginePool {
    engines: Mutex<Vec<Engine>>,
    buffers: Mutex<Vec<Vec<u8>>>,
}

/// Buffers kept: more jobs bring rows at once only in a rush, and each may be large.
const BUFFERS: usize = 16;

/// Benches kept; more than ever run at once, of all window sizes in use.
const ENGINES: usize = 48;

impl EnginePool {
    fn engine(&self, params: &StftParams) -> Option<Engine> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = engines
            .iter()
            .rposition(|engine| engine.rows.params() == params)
        {
            return Some(engines.remove(at));
        }
        drop(engines);
        Some(Engine {
            rows: RowEngine::new(params).ok()?,
            samples: Vec::new(),
        })
    }

    fn put_engine(&self, engine: Engine) {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        if engines.len() >= ENGINES {
            // The one unused for longest.
            engines.remove(0);
        }
        engines.push(engine);
    }

    /// An empty buffer, used before where there is one.
    #[must_use]
    pub fn buffer(&self) -> Vec<u8> {
        self.buffers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_default()
    }

    /// Takes a buffer back for the next job.
    pub fn put_buffer(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if buffers.len() < BUFFERS {
            buffers.push(buffer);
        }
    }
}

/// Analyses the columns of one job.
#[must_use]
pub fn run_job(ring: &SharedRing, engines: &EnginePool, job: &JobRows) -> JobOutput {
    let begun = Instant::now();
    let mut out = engines.buffer();
    let rows = match engines.engine(&job.plan.shape(job.halvings).stft) {
        Some(mut engine) => {
            let done = analyse(ring, &mut engine, job, &mut out);
            engines.put_engine(engine);
            done
        }
        // Plans are made from checked parameters: there is always an engine.
        None => Err(ReadError::Replaced),
    };
    JobOutput {
        span: job.span.clone(),
        rows: rows.map(|()| out),
        took_us: begun.elapsed().as_secs_f64() * 1e6,
    }
}

fn analyse(
    ring: &SharedRing,
    engine: &mut Engine,
    job: &JobRows,
    out: &mut Vec<u8>,
) -> Result<(), ReadError> {
    let shape = job.plan.shape(job.halvings);
    let channels = job.plan.channels.len() as u64;
    let first = job.start_frame();
    let columns = &job.span.columns;
    let frames = shape.frames(columns.end - columns.start) as usize;
    engine.samples.resize(frames, 0.0);
    let bytes = job.span.total_rows() * channels * (shape.width() * LEVEL_BYTES) as u64;
    out.resize(bytes as usize, 0);
    for (slot, &channel) in (0..).zip(job.plan.channels.iter()) {
        ring.read(channel, first, &mut engine.samples)?;
        let is_lost = |frames: Range<u64>| {
            let frames = first + frames.start..first + frames.end;
            job.gaps.iter().any(|gap| gap.touches(&frames))
        };
        engine.rows.rows(
            shape,
            &job.span,
            &engine.samples,
            is_lost,
            (slot, channels),
            out,
        );
    }
    Ok(())
}
