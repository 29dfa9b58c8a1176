//! Who does the work on samples: a pool of threads here, a worker in the browser. Systems ask and
//! go on; the answer is looked for in later frames. Nobody ever waits.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use bevy_tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use crossbeam_channel::Receiver;
use soundfall_ring::SharedRing;

use crate::{
    instruments::{InstrumentResponse, InstrumentRequest},
    analysis::{JobOutput, JobRows, EnginePool, run_job},
    waveform::{LaneStore, LaneRequest},
};

/// An answer that is on its way.
pub enum Pending<T> {
    /// From a task of this process.
    Task(Task<T>),
    /// From elsewhere; the sender must answer exactly once.
    Reply(Receiver<T>),
}

impl<T> Pending<T> {
    /// The answer, once it is there. Gives it once.
    pub fn ready(&mut self) -> Option<T> {
        match self {
            Self::Task(task) => check_ready(task),
            Self::Reply(reply) => reply.try_recv().ok(),
        }
    }
}

/// Reads a ring and analyses it. Every call returns at once and is answered in any case.
pub trait AnalysisBackend: Send + Sync {
    /// Jobs of rows that may be under way at once.
    fn room(&self) -> usize {
        8
    }

    /// Bytes of rows one job brings at most, those of a single column aside.
    fn most_bytes(&self) -> u64 {
        4 << 20
    }

    /// Rows of levels.
    fn rows(&self, ring: &SharedRing, engines: &Arc<EnginePool>, job: JobRows)
    -> Pending<JobOutput>;

    /// Envelopes, a bounded step towards the frame `end`.
    fn lanes(&self, ring: &SharedRing, request: LaneRequest, end: u64) -> Pending<LaneStore>;

    /// Instruments, a bounded step towards the end of the request.
    fn instruments(&self, ring: &SharedRing, request: InstrumentRequest) -> Pending<InstrumentResponse>;
}

/// The backend of this app: the task pool, unless another one is put here.
#[derive(Resource, Clone)]
pub struct SharedBackend(pub Arc<dyn AnalysisBackend>);

impl Default for SharedBackend {
    fn default() -> Self {
        Self(Arc::new(PoolBackend))
    }
}

/// Works on Bevy's pool for asynchronous computing.
struct PoolBackend;

impl AnalysisBackend for PoolBackend {
    /// Enough to keep the threads at work until the next frame, and no flood.
    fn room(&self) -> usize {
        (4 + 4 * AsyncComputeTaskPool::get().thread_num()).min(36)
    }

    fn rows(
        &self,
        ring: &SharedRing,
        engines: &Arc<EnginePool>,
        job: JobRows,
    ) -> Pending<JobOutput> {
        let (ring, engines) = (ring.clone(), engines.clone());
        let work = async move { run_job(&ring, &engines, &job) };
        Pending::Task(AsyncComputeTaskPool::get().spawn(work))
    }

    fn lanes(&self, ring: &SharedRing, request: LaneRequest, end: u64) -> Pending<LaneStore> {
        let ring = ring.clone();
        let work = async move {
            let mut store = request.depart();
            store.read_on(&ring, end);
            store
        };
        Pending::Task(AsyncComputeTaskPool::get().spawn(work))
    }
    fn instruments(&self, ring: &SharedRing, request: InstrumentRequest) -> Pending<InstrumentResponse> {
        let ring = ring.clone();
        let work = async move { request.travel(&ring) };
        Pending::Task(AsyncComputeTaskPool::get().spawn(work))
    }
}
