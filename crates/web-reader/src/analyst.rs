//! The analysis worker where memory is shared: requests from the desk, samples from the ring.

use js_sys::{Date, Reflect};
use soundfall_ring::RingReader;
use soundfall_web_ring::{
    desk::{Desk, PUSHED},
    request::{AnswerHead, decode},
    words::JsWords,
};
use wasm_bindgen::prelude::*;

use crate::lab::Lab;

/// Answers the page's requests.
#[wasm_bindgen]
pub struct Analyst {
    ring: RingReader<JsWords>,
    desk: Desk,
    lab: Lab,
    payload: Vec<u8>,
    clock: Clock,
}

#[wasm_bindgen]
impl Analyst {
    /// An analyst for one ring and one desk, both in a `SharedArrayBuffer`.
    ///
    /// # Errors
    /// Words about a buffer that is no ring.
    #[wasm_bindgen(constructor)]
    pub fn new(ring: &JsValue, desk: &JsValue) -> Result<Analyst, String> {
        console_error_panic_hook::set_once();
        let words = JsWords::new(ring).ok_or("the ring is no buffer")?;
        Ok(Self {
            ring: RingReader::new(words).map_err(|error| error.to_string())?,
            desk: Desk::new(desk),
            lab: Lab::default(),
            payload: Vec::new(),
            clock: Clock::new(),
        })
    }

    /// Answers all requests that wait; returns how many.
    pub fn serve(&mut self) -> u32 {
        let mut count = 0;
        while let Some(words) = self.desk.next() {
            let head = answer(
                &mut self.lab,
                &self.ring,
                &words,
                &mut self.payload,
                &self.clock,
            );
            self.desk.answer(&head.encode(), &self.payload);
            count += 1;
        }
        count
    }

    /// Index of the desk's count of requests, to wait on with `Atomics.wait`.
    #[must_use]
    pub fn wait_index(&self) -> u32 {
        PUSHED
    }
}

/// One request to one answer, whichever way they travel.
pub(crate) fn answer(
    lab: &mut Lab,
    ring: &dyn soundfall_ring::RingRead,
    words: &[f64],
    payload: &mut Vec<u8>,
    clock: &Clock,
) -> AnswerHead {
    let begun = clock.now_ms();
    payload.clear();
    let (ticket, outcome) = match decode(words) {
        Some((ticket, request)) => (ticket, lab.answer(ring, &request, payload)),
        None => (
            words.first().map_or(0, |ticket| *ticket as u32),
            Err(soundfall_ring::ReadError::Replaced),
        ),
    };
    if outcome.is_err() {
        payload.clear();
    }
    AnswerHead {
        ticket,
        outcome: outcome.map(|_| ()),
        bytes: payload.len(),
        took_us: (clock.now_ms() - begun) * 1000.0,
        columns: outcome.unwrap_or(0),
    }
}

/// `performance.now()`, which is there in every worker.
pub(crate) struct Clock {
    performance: JsValue,
    now: Option<js_sys::Function>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let performance =
            Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or(JsValue::UNDEFINED);
        let now = Reflect::get(&performance, &"now".into())
            .ok()
            .and_then(|now| now.dyn_into().ok());
        Self { performance, now }
    }

    pub(crate) fn now_ms(&self) -> f64 {
        self.now
            .as_ref()
            .and_then(|now| now.call0(&self.performance).ok())
            .and_then(|now| now.as_f64())
            .unwrap_or_else(Date::now)
    }
}
