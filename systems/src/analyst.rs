//! Who does the work on samples: a pool of threads here, a worker in the browser. Systems ask and
//! go on; the answer is looked for in later frames. Nobody ever waits.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use bevy_tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use crossbeam_channel::Receiver;
use soundfall_ring::SharedRing;

use crate::{
    instruments::{InstrumentReturn, InstrumentTrip},
    spectrum::{JobOutput, JobRows, Workshop, run_job},
    waveform::{LaneStore, LaneTrip},
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
pub trait Analyst: Send + Sync {
    /// Jobs of rows that may be under way at once.
    fn room(&self) -> usize {
        8
    }

    /// Bytes of rows one job brings at most, those of a single column aside.
    fn most_bytes(&self) -> u64 {
        4 << 20
    }

    /// Rows of levels.
    fn rows(&self, ring: &SharedRing, workshop: &Arc<Workshop>, job: JobRows)
    -> Pending<JobOutput>;

    /// Envelopes, a bounded step towards the frame `end`.
    fn lanes(&self, ring: &SharedRing, trip: LaneTrip, end: u64) -> Pending<LaneStore>;

    /// Instruments, a bounded step towards the end of the trip.
    fn instruments(&self, ring: &SharedRing, trip: InstrumentTrip) -> Pending<InstrumentReturn>;
}

/// The analyst of this app: the task pool, unless another one is put here.
#[derive(Resource, Clone)]
pub struct SharedAnalyst(pub Arc<dyn Analyst>);

impl Default for SharedAnalyst {
    fn default() -> Self {
        Self(Arc::new(PoolAnalyst))
    }
}

/// Works on Bevy's pool for asynchronous computing.
struct PoolAnalyst;

impl Analyst for PoolAnalyst {
    /// Enough to keep the threads at work until the next frame, and no flood.
    fn room(&self) -> usize {
        (4 + 4 * AsyncComputeTaskPool::get().thread_num()).min(36)
    }

    fn rows(
        &self,
        ring: &SharedRing,
        workshop: &Arc<Workshop>,
        job: JobRows,
    ) -> Pending<JobOutput> {
        let (ring, workshop) = (ring.clone(), workshop.clone());
        let work = async move { run_job(&ring, &workshop, &job) };
        Pending::Task(AsyncComputeTaskPool::get().spawn(work))
    }

    fn lanes(&self, ring: &SharedRing, trip: LaneTrip, end: u64) -> Pending<LaneStore> {
        let ring = ring.clone();
        let work = async move {
            let mut store = trip.depart();
            store.read_on(&ring, end);
            store
        };
        Pending::Task(AsyncComputeTaskPool::get().spawn(work))
    }
    fn instruments(&self, ring: &SharedRing, trip: InstrumentTrip) -> Pending<InstrumentReturn> {
        let ring = ring.clone();
        let work = async move { trip.travel(&ring) };
        Pending::Task(AsyncComputeTaskPool::get().spawn(work))
    }
}
