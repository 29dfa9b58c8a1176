//! A ring in a JavaScript buffer, shared or not, read by the ring's own protocol. Never writes to
//! it.

use std::cell::RefCell;

use js_sys::{Atomics, Float64Array, Int32Array, Reflect, SharedArrayBuffer};
use send_wrapper::SendWrapper;
use soundfall_ring::layout::WORD_BYTES;
use soundfall_ring::{ReadStorage, StorageError};
use wasm_bindgen::{JsCast, JsValue};

/// Samples copied at once.
const CHUNK: usize = 16_384;

/// The words of a JavaScript buffer. Only used on the thread it was made on.
pub struct JsWords(SendWrapper<Views>);

struct Views {
    /// All words as halves, for `Atomics`.
    halves: Int32Array,
    samples: Float64Array,
    /// A word of our own: a read-modify-write on it keeps earlier copies from moving behind
    /// later reads of the header.
    fence: Int32Array,
    scratch: RefCell<Vec<f64>>,
    count: u32,
}

impl JsWords {
    /// The words of a `SharedArrayBuffer` or an `ArrayBuffer`; `None` for anything else.
    #[must_use]
    pub fn new(buffer: &JsValue) -> Option<Self> {
        let shared = buffer.is_instance_of::<SharedArrayBuffer>();
        if !shared && !buffer.is_instance_of::<js_sys::ArrayBuffer>() {
            return None;
        }
        let bytes = Reflect::get(buffer, &"byteLength".into()).ok()?.as_f64()?;
        let count = (bytes / WORD_BYTES as f64) as u32;
        Some(Self(SendWrapper::new(Views {
            halves: Int32Array::new_with_byte_offset_and_length(buffer, 0, count * 2),
            samples: Float64Array::new_with_byte_offset_and_length(buffer, 0, count),
            fence: Int32Array::new_with_length(1),
            scratch: RefCell::default(),
            count,
        })))
    }

    fn range(&self, first: u64, len: usize) -> Result<(u32, u32), StorageError> {
        let end = first.saturating_add(len as u64);
        if end > u64::from(self.0.count) {
            return Err(StorageError::OutOfRange {
                first,
                end,
                count: u64::from(self.0.count),
            });
        }
        Ok((first as u32, end as u32))
    }

    fn word(&self, index: u32) -> u64 {
        let half = |at: u32| {
            // The index is in range and the array of the right kind: this cannot fail.
            Atomics::load(&self.0.halves, at).map_or(0, |half| half as u32)
        };
        loop {
            let high = half(index * 2 + 1);
            let low = half(index * 2);
            if half(index * 2 + 1) == high {
                return u64::from(high) << 32 | u64::from(low);
            }
        }
    }
}

impl ReadStorage for JsWords {
    fn word_count(&self) -> u64 {
        u64::from(self.0.count)
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        let (first, _) = self.range(first, out.len())?;
        let _ = Atomics::add(&self.0.fence, 0, 1);
        for (index, word) in (first..).zip(out) {
            *word = self.word(index);
        }
        Ok(())
    }

    fn copy_f32(&self, first: u64, out: &mut [f32]) -> Result<(), StorageError> {
        self.range(first, out.len())?;
        let mut scratch = self.0.scratch.borrow_mut();
        scratch.resize(CHUNK, 0.0);
        let mut at = first;
        for part in out.chunks_mut(CHUNK) {
            let scratch = &mut scratch[..part.len()];
            self.copy_f64(at, scratch)?;
            for (sample, &value) in part.iter_mut().zip(&*scratch) {
                *sample = value as f32;
            }
            at += part.len() as u64;
        }
        Ok(())
    }

    fn copy_f64(&self, first: u64, out: &mut [f64]) -> Result<(), StorageError> {
        let (first, end) = self.range(first, out.len())?;
        self.0.samples.subarray(first, end).copy_to(out);
        Ok(())
    }
}
