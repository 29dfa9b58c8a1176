//! The memory of a request queue in a `SharedArrayBuffer`.

use js_sys::{Atomics, Int32Array, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

use crate::queue::{CONTROL_BYTES, QueueMemory, RequestQueue, SLOT_BYTES, SLOTS};

/// A queue's words and slots. Only used on the thread it was made on.
pub struct SharedQueue(SendWrapper<Views>);

struct Views {
    control: Int32Array,
    slots: Vec<Uint8Array>,
}

impl SharedQueue {
    /// The queue in a `SharedArrayBuffer` of [`QUEUE_BYTES`](crate::QUEUE_BYTES).
    #[must_use]
    pub fn open(buffer: &JsValue) -> RequestQueue<Self> {
        let slot = |slot: u32| {
            let start = CONTROL_BYTES + slot * SLOT_BYTES;
            Uint8Array::new_with_byte_offset_and_length(buffer, start, SLOT_BYTES)
        };
        RequestQueue::new(Self(SendWrapper::new(Views {
            control: Int32Array::new_with_byte_offset_and_length(buffer, 0, CONTROL_BYTES / 4),
            slots: (0..SLOTS).map(slot).collect(),
        })))
    }
}

/// The array is shared, of the right kind, and every index in range: no call of `Atomics` can fail.
impl QueueMemory for SharedQueue {
    fn load(&self, index: u32) -> u32 {
        Atomics::load(&self.0.control, index).map_or(0, |value| value as u32)
    }

    fn store(&self, index: u32, value: u32) {
        let _ = Atomics::store(&self.0.control, index, value as i32);
    }

    fn wake(&self, index: u32) {
        let _ = Atomics::notify(&self.0.control, index);
    }

    fn write(&self, slot: u32, bytes: &[u8]) {
        if let Some(slot) = self.0.slots.get(slot as usize)
            && !bytes.is_empty()
        {
            slot.subarray(0, bytes.len() as u32).copy_from(bytes);
        }
    }

    fn read(&self, slot: u32, out: &mut [u8]) {
        if let Some(slot) = self.0.slots.get(slot as usize)
            && !out.is_empty()
        {
            slot.subarray(0, out.len() as u32).copy_to(out);
        }
    }
}
