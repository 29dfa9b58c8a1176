//! One job: a few rows of all shown channels, from ring samples to packed half floats.
//!
//! Runs on a task pool. Engines, scratch and output buffers come from a shared workshop and go
//! back there, so that nothing is allocated in the steady state.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use half::f16;
use soundfall_dsp::stft::{Stft, StftParams};
use soundfall_ring::{Gap, ReadError, SharedRing};

use super::plan::SpectrumPlan;
use crate::view::stored_level;

/// What a row stores where nothing is known: a gap. Below every level.
pub const HOLE: f32 = -1.0;

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
    params: StftParams,
    stft: Stft,
    samples: Vec<f32>,
    bins: Vec<f32>,
    column: Vec<f32>,
    row: Vec<f32>,
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
        benches.retain(|bench| bench.params == *params);
        if let Some(bench) = benches.pop() {
            return Some(bench);
        }
        drop(benches);
        let stft = Stft::new(params).ok()?;
        let bins = vec![0.0; stft.bins()];
        Some(Bench {
            params: *params,
            stft,
            samples: Vec::new(),
            bins,
            column: Vec::new(),
            row: Vec::new(),
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

/// True if a column starting at `start` touches a gap.
fn touches_gap(gaps: &[Gap], start: u64, end: u64) -> bool {
    gaps.iter().any(|gap| {
        gap.start_frame < end && gap.start_frame.saturating_add(gap.length_frames) > start
    })
}

/// Analyses the rows of one job.
///
/// A row with a column that touches a gap is a [`HOLE`]: a loss is seen at every zoom, like a click.
#[must_use]
pub fn run_job(ring: &SharedRing, workshop: &Workshop, job: &JobRows) -> JobOutput {
    let mut out = workshop.buffer();
    let levels = match workshop.bench(&job.plan.stft) {
        Some(mut bench) => {
            let done = analyse(ring, &mut bench, job, &mut out);
            workshop.put_bench(bench);
            done
        }
        // Plans are made from checked parameters, so there is always an engine; a row of
        // holes is the honest answer if not.
        None => {
            let texels = job.plan.channels.len() as u64
                * (job.rows.end - job.rows.start)
                * job.plan.axis.columns() as u64;
            for _ in 0..texels {
                out.extend_from_slice(&f16::from_f32(HOLE).to_le_bytes());
            }
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
    let (hop, size) = (plan.stft.hop_frames, plan.stft.window_size);
    let per_row = plan.columns_per_row() as usize;
    let width = plan.axis.columns();
    let rows = (job.rows.end - job.rows.start) as usize;
    let first = plan.row_start(job.rows.start);
    let frames = (rows * per_row - 1) * hop + size;
    bench.samples.resize(frames, 0.0);
    bench.column.resize(width, 0.0);
    bench.row.resize(width, 0.0);
    out.reserve(plan.channels.len() * rows * width * 2);
    for &channel in plan.channels.iter() {
        ring.read(channel, first, &mut bench.samples)?;
        for row in 0..rows {
            let mut known = false;
            let mut lost = false;
            for column in row * per_row..(row + 1) * per_row {
                let at = column * hop;
                if touches_gap(&job.gaps, first + at as u64, first + (at + size) as u64) {
                    lost = true;
                    break;
                }
                bench
                    .stft
                    .column(&bench.samples[at..at + size], &mut bench.bins);
                if known {
                    plan.bin_map.apply(&bench.bins, &mut bench.column);
                    for (kept, new) in bench.row.iter_mut().zip(&bench.column) {
                        *kept = kept.max(*new);
                    }
                } else {
                    plan.bin_map.apply(&bench.bins, &mut bench.row);
                    known = true;
                }
            }
            if known && !lost {
                out.extend(
                    bench
                        .row
                        .iter()
                        .flat_map(|&level| f16::from_f32(stored_level(level)).to_le_bytes()),
                );
            } else {
                out.extend((0..width).flat_map(|_| f16::from_f32(HOLE).to_le_bytes()));
            }
        }
    }
    Ok(())
}
