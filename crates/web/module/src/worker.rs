//! The analysis worker where memory is shared: requests from the queue, samples from the ring.

use std::sync::Arc;

use js_sys::Error;
use soundfall_analysis::{RingHistory, Worker};
use soundfall_ring::RingReader;
use soundfall_web::{
    RequestQueue, SUBMITTED, answer,
    js::{JsWords, SharedQueue},
};
use wasm_bindgen::prelude::*;

use crate::error::refused;

/// Answers the page's requests.
#[wasm_bindgen]
pub struct AnalysisWorker {
    history: RingHistory,
    queue: RequestQueue<SharedQueue>,
    worker: Worker,
    request: Vec<u8>,
    response: Vec<u8>,
}

#[wasm_bindgen]
impl AnalysisWorker {
    /// A worker for one ring and one request queue, both in a `SharedArrayBuffer`.
    ///
    /// # Errors
    /// An `Error` about a buffer that is no ring.
    #[wasm_bindgen(constructor)]
    pub fn new(ring: &JsValue, queue: &JsValue) -> Result<AnalysisWorker, Error> {
        console_error_panic_hook::set_once();
        let words = JsWords::new(ring).map_err(refused)?;
        let ring = RingReader::new(words).map_err(refused)?;
        Ok(Self {
            history: RingHistory::new(Arc::new(ring)),
            queue: SharedQueue::open(queue),
            worker: Worker::new(),
            request: Vec::new(),
            response: Vec::new(),
        })
    }

    /// Answers all requests that wait; returns how many.
    pub fn serve(&mut self) -> u32 {
        let mut count = 0;
        while self.queue.next_request(&mut self.request) {
            answer(
                &self.worker,
                &self.history,
                &self.request,
                &mut self.response,
            );
            self.queue.respond(&self.response);
            count += 1;
        }
        count
    }

    /// Index of the queue's count of requests, to wait on with `Atomics.wait`.
    #[wasm_bindgen(getter, js_name = waitIndex)]
    #[must_use]
    pub fn wait_index(&self) -> u32 {
        SUBMITTED
    }
}
