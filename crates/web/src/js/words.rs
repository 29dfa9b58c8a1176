//! A ring in a JavaScript buffer, shared or not, read by the ring's own protocol. Never writes to
//! it.

use std::cell::RefCell;

use js_sys::{
    ArrayBuffer, Atomics, Float64Array, Int32Array, Reflect, SharedArrayBuffer, Uint8Array,
};
use send_wrapper::SendWrapper;
use soundfall_ring::layout::WORD_BYTES;
use soundfall_ring::{ReadStorage, StorageError};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};

/// Samples copied at once.
const CHUNK: usize = 16_384;

/// Bytes of a word, as JavaScript counts them.
const WORD: u32 = WORD_BYTES as u32;

/// Why a value of JavaScript holds no words.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoWordsError {
    /// Something else.
    #[error("a SharedArrayBuffer, an ArrayBuffer, or a view of one (like a Uint8Array) is needed")]
    NotABuffer,
    /// A view of shared memory in which no word can be read atomically.
    #[error(
        "the view begins {0} bytes into shared memory, which is no multiple of 8; give one that begins at a word"
    )]
    Unaligned(u64),
    /// Farther into a buffer than is counted here.
    #[error(
        "the view begins {0} bytes into its buffer; 4 GB are the most; copy the ring to a buffer of its own"
    )]
    TooFar(u64),
}

/// The words of a JavaScript buffer. Only used on the thread it was made on.
pub struct JsWords(SendWrapper<Views>);

struct Views {
    place: Place,
    scratch: RefCell<Vec<f64>>,
    count: u32,
}

/// How the words are reached.
enum Place {
    /// In place: they begin at a multiple of 8 bytes.
    Words {
        /// All words as halves, for `Atomics`.
        halves: Int32Array,
        samples: Float64Array,
        /// A word of our own: a read-modify-write on it keeps earlier copies from moving behind
        /// later reads of the header.
        fence: Int32Array,
    },
    /// Anywhere in memory that no other thread can write to: copied out before they are looked at.
    Bytes(Uint8Array),
}

impl JsWords {
    /// The words of a `SharedArrayBuffer`, of an `ArrayBuffer`, or of a view of one of them, like a
    /// `Uint8Array`. Nothing is copied: what is written into the buffer later is seen.
    ///
    /// # Errors
    /// [`NoWordsError`].
    pub fn new(value: &JsValue) -> Result<Self, NoWordsError> {
        let number = |name: &str| Reflect::get(value, &name.into()).ok()?.as_f64();
        let (buffer, start) = if ArrayBuffer::is_view(value) {
            let buffer = Reflect::get(value, &"buffer".into());
            let start = number("byteOffset").ok_or(NoWordsError::NotABuffer)?;
            (buffer.map_err(|_| NoWordsError::NotABuffer)?, start as u64)
        } else {
            (value.clone(), 0)
        };
        let shared = buffer.is_instance_of::<SharedArrayBuffer>();
        if !shared && !buffer.is_instance_of::<ArrayBuffer>() {
            return Err(NoWordsError::NotABuffer);
        }
        let bytes = number("byteLength").ok_or(NoWordsError::NotABuffer)?;
        let first = u32::try_from(start).map_err(|_| NoWordsError::TooFar(start))?;
        // As many words as can be counted in halves.
        let count = (bytes / WORD_BYTES as f64).min(f64::from(u32::MAX / WORD)) as u32;
        // No view can be made of a buffer that was transferred, not even an empty one.
        let (buffer, first) = match count {
            0 => (ArrayBuffer::new(0).into(), 0),
            _ => (buffer, first),
        };
        let place = if first.is_multiple_of(WORD) {
            Place::Words {
                halves: Int32Array::new_with_byte_offset_and_length(&buffer, first, count * 2),
                samples: Float64Array::new_with_byte_offset_and_length(&buffer, first, count),
                fence: Int32Array::new_with_length(1),
            }
        } else if shared {
            return Err(NoWordsError::Unaligned(start));
        } else {
            let length = count * WORD;
            Place::Bytes(Uint8Array::new_with_byte_offset_and_length(
                &buffer, first, length,
            ))
        };
        Ok(Self(SendWrapper::new(Views {
            place,
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
}

/// One word of an array of halves.
fn word(halves: &Int32Array, index: u32) -> u64 {
    let half = |at: u32| {
        // The index is in range and the array of the right kind: this cannot fail.
        Atomics::load(halves, at).map_or(0, |half| half as u32)
    };
    loop {
        let high = half(index * 2 + 1);
        let low = half(index * 2);
        if half(index * 2 + 1) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

impl ReadStorage for JsWords {
    fn word_count(&self) -> u64 {
        u64::from(self.0.count)
    }

    /// A buffer that was transferred to another thread, or became smaller, has none of its bytes left for a view.
    fn check(&self) -> Result<(), StorageError> {
        let have = match &self.0.place {
            Place::Words { samples, .. } => samples.byte_length(),
            Place::Bytes(bytes) => bytes.byte_length(),
        };
        let need = self.0.count * WORD;
        if have < need {
            return Err(StorageError::Shrunk {
                have_bytes: u64::from(have),
                need_bytes: u64::from(need),
            });
        }
        Ok(())
    }

    fn load(&self, first: u64, out: &mut [u64]) -> Result<(), StorageError> {
        let (first, end) = self.range(first, out.len())?;
        match &self.0.place {
            Place::Words { halves, fence, .. } => {
                let _ = Atomics::add(fence, 0, 1);
                for (index, slot) in (first..).zip(out) {
                    *slot = word(halves, index);
                }
            }
            Place::Bytes(bytes) => {
                let copy = bytes.slice(first * WORD, end * WORD);
                let halves = Int32Array::new(&copy.buffer());
                for (index, slot) in (0..).zip(out) {
                    *slot = word(&halves, index);
                }
            }
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
        match &self.0.place {
            Place::Words { samples, .. } => samples.subarray(first, end).copy_to(out),
            Place::Bytes(bytes) => {
                let copy = bytes.slice(first * WORD, end * WORD);
                Float64Array::new(&copy.buffer()).copy_to(out);
            }
        }
        Ok(())
    }
}
