//! New rings for writers in JavaScript, and new request queues.

use js_sys::{Error, Object};
use soundfall_web::{js, ring_format};
use wasm_bindgen::prelude::*;

use crate::error::refused;

/// A `SharedArrayBuffer` with the header of a new ring, for a writer in JavaScript.
///
/// # Errors
/// An `Error` about impossible numbers or too little memory.
#[wasm_bindgen(js_name = createRing)]
pub fn create_ring(
    rate: u32,
    channels: u32,
    history_secs: f64,
    block_frames: u32,
    label: &str,
) -> Result<JsValue, Error> {
    let format = ring_format(rate, channels, history_secs, block_frames).map_err(refused)?;
    js::create_ring(&format, label).map_err(refused)
}

/// Places of a ring's fields in bytes, for a writer in JavaScript.
#[wasm_bindgen(js_name = ringLayout)]
#[must_use]
pub fn ring_layout() -> Object {
    js::ring_layout()
}

/// A `SharedArrayBuffer` for requests and responses between page and analysis worker.
///
/// # Errors
/// An `Error` about too little memory.
#[wasm_bindgen(js_name = createRequestQueue)]
pub fn create_request_queue() -> Result<JsValue, Error> {
    js::create_request_queue().map_err(refused)
}
