//! The desk between page and analysis worker: a few slots in shared memory that go round. The page
//! puts a request into the next slot, the worker answers it in place, the page takes the answer
//! away. One page, one worker, in order; nobody ever waits here.

use js_sys::{Atomics, Float64Array, Int32Array, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

use crate::request::HEAD;
pub use crate::request::PAYLOAD_BYTES;

/// Slots, a power of two: a full set of jobs in flight and one of the lanes.
pub const SLOTS: u32 = 8;
/// Index of the count of requests, for `Atomics.wait`.
pub const PUSHED: u32 = 0;

const ANSWERED: u32 = 1;
const TAKEN: u32 = 2;
const CONTROL_BYTES: u32 = 4096;
const HEAD_BYTES: u32 = HEAD as u32 * 8;

/// Bytes of a desk.
pub const DESK_BYTES: u32 = CONTROL_BYTES + SLOTS * (HEAD_BYTES + PAYLOAD_BYTES);

/// One side's view of a desk.
pub struct Desk(SendWrapper<Views>);

struct Views {
    counts: Int32Array,
    heads: Vec<Float64Array>,
    payloads: Vec<Uint8Array>,
}

impl Desk {
    /// The desk in a `SharedArrayBuffer` of [`DESK_BYTES`].
    #[must_use]
    pub fn new(buffer: &JsValue) -> Self {
        let slot = |slot: u32| CONTROL_BYTES + slot * (HEAD_BYTES + PAYLOAD_BYTES);
        let head =
            |at: u32| Float64Array::new_with_byte_offset_and_length(buffer, slot(at), HEAD as u32);
        let payload = |at: u32| {
            Uint8Array::new_with_byte_offset_and_length(
                buffer,
                slot(at) + HEAD_BYTES,
                PAYLOAD_BYTES,
            )
        };
        Self(SendWrapper::new(Views {
            counts: Int32Array::new_with_byte_offset_and_length(buffer, 0, CONTROL_BYTES / 4),
            heads: (0..SLOTS).map(head).collect(),
            payloads: (0..SLOTS).map(payload).collect(),
        }))
    }

    /// A count; they wrap around.
    fn count(&self, index: u32) -> u32 {
        // Shared, of the right kind and in range: this cannot fail.
        Atomics::load(&self.0.counts, index).map_or(0, |count| count as u32)
    }

    fn set(&self, index: u32, count: u32) {
        let _ = Atomics::store(&self.0.counts, index, count as i32);
    }

    /// Page: puts a request on the desk; false while all slots are taken.
    pub fn push(&self, request: &[f64; HEAD]) -> bool {
        let pushed = self.count(PUSHED);
        if pushed.wrapping_sub(self.count(TAKEN)) >= SLOTS {
            return false;
        }
        self.0.heads[(pushed % SLOTS) as usize].copy_from(request);
        self.set(PUSHED, pushed.wrapping_add(1));
        let _ = Atomics::notify(&self.0.counts, PUSHED);
        true
    }

    /// Page: takes the oldest answer, its payload appended to `payload`; `None` where there is
    /// none.
    pub fn take(
        &self,
        bytes_of: impl Fn(&[f64]) -> usize,
        payload: &mut Vec<u8>,
    ) -> Option<[f64; HEAD]> {
        let taken = self.count(TAKEN);
        if taken == self.count(ANSWERED) {
            return None;
        }
        let slot = (taken % SLOTS) as usize;
        let mut head = [0.0; HEAD];
        self.0.heads[slot].copy_to(&mut head);
        let bytes = bytes_of(&head).min(PAYLOAD_BYTES as usize);
        if bytes > 0 {
            let start = payload.len();
            payload.resize(start + bytes, 0);
            let answer = self.0.payloads[slot].subarray(0, bytes as u32);
            answer.copy_to(&mut payload[start..]);
        }
        self.set(TAKEN, taken.wrapping_add(1));
        Some(head)
    }

    /// Worker: the oldest request without an answer.
    #[must_use]
    pub fn next(&self) -> Option<[f64; HEAD]> {
        let answered = self.count(ANSWERED);
        (answered != self.count(PUSHED)).then(|| {
            let mut request = [0.0; HEAD];
            self.0.heads[(answered % SLOTS) as usize].copy_to(&mut request);
            request
        })
    }

    /// Worker: answers that request. What is over [`PAYLOAD_BYTES`] is left out.
    pub fn answer(&self, head: &[f64; HEAD], payload: &[u8]) {
        let answered = self.count(ANSWERED);
        let slot = (answered % SLOTS) as usize;
        self.0.heads[slot].copy_from(head);
        let payload = &payload[..payload.len().min(PAYLOAD_BYTES as usize)];
        if !payload.is_empty() {
            self.0.payloads[slot]
                .subarray(0, payload.len() as u32)
                .copy_from(payload);
        }
        self.set(ANSWERED, answered.wrapping_add(1));
    }
}
