//! Where samples are analysed: a pool of threads here, a worker in the browser. Systems submit requests
//! and go on; responses are looked for in later display frames. Nothing here waits.

use std::sync::Arc;

use bevy_ecs::prelude::*;
use bevy_tasks::{AsyncComputeTaskPool, Task, futures::check_ready};
use crossbeam::channel::Receiver;
use soundfall_analysis::{Request, Response, SharedHistory, Worker};

/// A value that is on its way.
pub enum Pending<T> {
    /// From a task of this process.
    Task(Task<T>),
    /// From elsewhere; the sender must send exactly once.
    Reply(Receiver<T>),
}

impl<T: Send + 'static> Pending<T> {
    /// From a function that runs in the task pool.
    #[must_use]
    pub fn compute(work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self::Task(AsyncComputeTaskPool::get().spawn(async move { work() }))
    }

    /// The value, once it is there. Gives it once.
    pub fn ready(&mut self) -> Option<T> {
        match self {
            Self::Task(task) => check_ready(task),
            Self::Reply(reply) => reply.try_recv().ok(),
        }
    }

    /// Lets the work go on without looking for what comes of it.
    pub fn detach(self) {
        if let Self::Task(task) = self {
            task.detach();
        }
    }
}

/// Takes requests to a [`Worker`] and its responses back: a transport. Every call returns at once,
/// and every request gets a response.
pub trait AnalysisBackend: Send + Sync {
    /// Requests for rows that may be under way at once.
    fn room(&self) -> usize {
        8
    }

    /// Bytes that a response brings at most, rows of a single column aside.
    fn max_bytes(&self) -> u64 {
        4 << 20
    }

    /// Has a request answered, from this history.
    fn submit(&self, history: &SharedHistory, request: Request) -> Pending<Response>;
}

/// The backend of this app: the task pool, unless another one is put here.
#[derive(Resource, Clone)]
pub struct SharedBackend(pub Arc<dyn AnalysisBackend>);

impl Default for SharedBackend {
    fn default() -> Self {
        Self(Arc::new(PoolBackend::default()))
    }
}

/// A worker on Bevy's pool for asynchronous computing.
#[derive(Default)]
pub struct PoolBackend {
    worker: Arc<Worker>,
}

impl AnalysisBackend for PoolBackend {
    /// Enough to keep the threads at work until the next display frame, and no flood.
    fn room(&self) -> usize {
        (4 + 4 * AsyncComputeTaskPool::get().thread_num()).min(36)
    }

    fn submit(&self, history: &SharedHistory, request: Request) -> Pending<Response> {
        let (worker, history) = (self.worker.clone(), history.clone());
        Pending::compute(move || worker.answer(&*history, &request))
    }
}
