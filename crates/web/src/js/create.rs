//! New rings and queues in shared memory, and where a writer in JavaScript finds the ring's fields.
//! Never writes a sample.

use js_sys::{Array, Date, Int32Array, Math, Object, Reflect};
use soundfall_ring::{Extension, RingFormat, header_words, layout};
use wasm_bindgen::JsValue;

use crate::format::NewRingError;
use crate::queue::QUEUE_BYTES;

/// Places of a ring's fields, in bytes, under the names that writers in JavaScript use.
#[must_use]
pub fn ring_layout() -> Object {
    let fields = [
        ("headerBytes", layout::HEADER_BYTES),
        ("sampleRate", layout::OFFSET_SAMPLE_RATE),
        ("channels", layout::OFFSET_CHANNELS),
        ("capacity", layout::OFFSET_CAPACITY),
        ("sequence", layout::OFFSET_SEQUENCE),
        ("block", layout::OFFSET_BLOCK),
        ("claim", layout::OFFSET_CLAIM),
        ("heartbeat", layout::OFFSET_HEARTBEAT),
        ("state", layout::OFFSET_STATE),
        ("stateOpen", layout::STATE_OPEN),
        ("stateClosed", layout::STATE_CLOSED),
        ("gapTotal", layout::OFFSET_GAP_TOTAL),
        ("gapTable", layout::OFFSET_GAP_TABLE),
        ("gapEntries", layout::GAP_ENTRIES),
        ("gapEntryBytes", layout::GAP_ENTRY_BYTES),
    ];
    let object = Object::new();
    for (name, value) in fields {
        // A fresh plain object takes any property.
        let _ = Reflect::set(&object, &name.into(), &(value as f64).into());
    }
    object
}

/// What a new ring says about itself: a random epoch, now.
#[must_use]
pub fn new_extension(label: &str) -> Extension {
    Extension {
        // 52 random bits, never 0.
        epoch: (Math::random() * (1_u64 << 52) as f64) as u64 | 1,
        start_unix_ns: (Date::now() * 1e6) as u64,
        label: label.to_owned(),
        writer_pid: 0,
    }
}

/// A `SharedArrayBuffer` with the header of a new ring, ready for its writer.
///
/// # Errors
/// [`NewRingError::NoMemory`] or [`NewRingError::NotIsolated`].
pub fn create_ring(format: &RingFormat, label: &str) -> Result<JsValue, NewRingError> {
    let buffer = shared_buffer(format.total_bytes())?;
    let halves = Int32Array::new(&buffer);
    for (index, word) in header_words(format, &new_extension(label)) {
        let at = index as u32 * 2;
        halves.set_index(at, word as u32 as i32);
        halves.set_index(at + 1, (word >> 32) as u32 as i32);
    }
    Ok(buffer)
}

/// A `SharedArrayBuffer` with an empty request queue.
///
/// # Errors
/// [`NewRingError::NoMemory`] or [`NewRingError::NotIsolated`].
pub fn create_request_queue() -> Result<JsValue, NewRingError> {
    shared_buffer(u64::from(QUEUE_BYTES))
}

fn shared_buffer(bytes: u64) -> Result<JsValue, NewRingError> {
    // Indices of 32-bit halves must fit, and browsers give no more anyway.
    if bytes >= 1 << 32 {
        return Err(NewRingError::NoMemory { bytes });
    }
    let constructor = Reflect::get(&js_sys::global(), &"SharedArrayBuffer".into())
        .ok()
        .filter(JsValue::is_function)
        .ok_or(NewRingError::NotIsolated)?;
    Reflect::construct(&constructor.into(), &Array::of1(&(bytes as f64).into()))
        .map_err(|_| NewRingError::NoMemory { bytes })
}
