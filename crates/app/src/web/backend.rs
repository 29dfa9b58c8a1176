//! The analysis worker as the backend of the display: requests go to it, responses are looked for
//! once a display frame. Nothing here waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bevy::prelude::*;
use crossbeam::channel::bounded;
use soundfall_analysis::{Request, Response, SharedHistory};
use soundfall_systems::{
    backend::{AnalysisBackend, Pending},
    diagnostics::Histogram,
};
use soundfall_web::{PendingRequests, Transport};

/// The page's side of the analysis. Clones are the same.
#[derive(Resource, Clone, Default)]
pub struct WorkerBackend(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    pending: PendingRequests,
    figures: WorkerFigures,
}

/// What the worker did.
#[derive(Clone, Default)]
pub struct WorkerFigures {
    /// From a request to its response, milliseconds.
    pub response_ms: Histogram,
    /// Workers that failed.
    pub failures: u64,
}

impl WorkerBackend {
    /// Another worker, for the history of this epoch. What the one before owes is abandoned.
    pub fn connect(&self, epoch: u64, transport: impl Transport + Send + 'static) {
        self.state().pending.connect(epoch, transport);
    }

    /// The worker is gone, and said this.
    pub fn worker_failed(&self, message: &str) {
        let mut state = self.state();
        state.figures.failures += 1;
        state.pending.worker_failed(message);
    }

    /// What the worker did so far.
    pub fn figures(&self) -> WorkerFigures {
        self.state().figures.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AnalysisBackend for WorkerBackend {
    /// The slots of the queue, but for those of the lanes and the instruments.
    fn room(&self) -> usize {
        6
    }

    /// Well within a slot, so that no job keeps the worker for long.
    fn max_bytes(&self) -> u64 {
        // Every response is a block of its own in the page's memory, which never shrinks.
        1 << 19
    }

    fn submit(&self, history: &SharedHistory, request: Request) -> Pending<Response> {
        let (to, response) = bounded(1);
        self.state()
            .pending
            .submit(history.epoch(), request, move |response| {
                // The receiver is gone only when the response is not wanted any more.
                let _ = to.send(response);
            });
        Pending::Reply(response)
    }
}

/// Takes responses in and sends what found no room. Before set `Collect`.
pub fn exchange_messages(backend: Res<WorkerBackend>) {
    let State { pending, figures } = &mut *backend.state();
    pending.exchange(|waited| figures.response_ms.add(waited.as_secs_f64() * 1000.0));
}
