//! One job: a few rows of all shown channels, from ring samples to packed half floats.
//!
//! Runs wherever the analyst runs it. Engines, scratch and output buffers come from a shared
//! workshop and go back there, so that nothing is allocated in the steady state.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use soundfall_dsp::rows::{RowBench, push_holes};
use soundfall_dsp::stft::StftParams;
use soundfall_ring::{Gap, ReadError, SharedRing};

use super::plan::SpectrumPlan;

/// What a job is asked for.
#[derive(Clone)]
pub struct JobRows {
    /// The plan it belongs to.
    pub plan: SpectrumPlan,
    /// Absolute rows.
    pub rows: Range<u64>,
    /// Gaps known when it was scheduled.
    pub gaps: Arc<[Gap]>,
}

impl JobRows {
    /// Columns of all channels together.
    #[must_use]
    pub fn columns(&self) -> u64 {
        (self.rows.end - self.rows.start)
            * self.plan.columns_per_row()
            * self.plan.channels.len() as u64
    }
}

/// What a job brings back.
pub struct JobOutput {
    /// The rows analysed.
    pub rows: Range<u64>,
    /// Little-endian half floats, [channel][row][axis column], or why there are none.
    pub levels: Result<Vec<u8>, ReadError>,
}

/// Scratch of one running job.
struct Bench {
    rows: RowBench,
    samples: Vec<f32>,
}

/// Benches and output buffers, lent to jobs and taken back.
#[derive(Default)]
pub struct Workshop {
    benches: Mutex<Vec<Bench>>,
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Workshop {
    fn bench(&self, params: &StftParams) -> Option<Bench> {
        let mut benches = self.benches.lock().unwrap_or_else(PoisonError::into_inner);
        benches.retain(|bench| bench.rows.params() == params);
        if let Some(bench) = benches.pop() {
            return Some(bench);
        }
        drop(benches);
        Some(Bench {
            rows: RowBench::new(params).ok()?,
            samples: Vec::new(),
        })
    }

    fn put_bench(&self, bench: Bench) {
        self.benches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(bench);
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
        if buffers.len() < 64 {
            buffers.push(buffer);
        }
    }
}

/// Analyses the rows of one job.
#[must_use]
pub fn run_job(ring: &SharedRing, workshop: &Workshop, job: &JobRows) -> JobOutput {
    let mut out = workshop.buffer();
    let levels = match workshop.bench(&job.plan.shape.stft) {
        Some(mut bench) => {
            let done = analyse(ring, &mut bench, job, &mut out);
            workshop.put_bench(bench);
            done
        }
        // Plans are made from checked parameters, so there is always an engine; a row of
        // holes is the honest answer if not.
        None => {
            let rows = (job.rows.end - job.rows.start) as usize;
            push_holes(
                job.plan.channels.len() * rows * job.plan.axis.columns(),
                &mut out,
            );
            Ok(())
        }
    };
    JobOutput {
        rows: job.rows.clone(),
        levels: levels.map(|()| out),
    }
}

fn analyse(
    ring: &SharedRing,
    bench: &mut Bench,
    job: &JobRows,
    out: &mut Vec<u8>,
) -> Result<(), ReadError> {
    let plan = &job.plan;
    let rows = (job.rows.end - job.rows.start) as usize;
    let first = plan.row_start(job.rows.start);
    bench.samples.resize(plan.shape.frames(rows), 0.0);
    out.reserve(plan.channels.len() * rows * plan.shape.row_bytes());
    for &channel in plan.channels.iter() {
        ring.read(channel, first, &mut bench.samples)?;
        let is_lost = |frames: Range<u64>| {
            let frames = first + frames.start..first + frames.end;
            job.gaps.iter().any(|gap| gap.touches(&frames))
        };
        bench.rows.rows(&plan.shape, &bench.samples, is_lost, out);
    }
    Ok(())
}
