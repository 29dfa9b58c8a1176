//! The analysis worker where no memory is shared: owns the ring, takes blocks and requests as
//! messages, gives back its header and answers. The same protocol and the same losses as with a
//! shared ring.

use js_sys::{Float64Array, Uint8Array};
use soundfall_ring::layout::HEADER_WORDS;
use soundfall_ring::{GapReason, HeapStorage, ReadStorage, RingReader, RingWriter};
use soundfall_web_ring::create::{new_extension, ring_format};
use soundfall_web_ring::request::HEAD;
use wasm_bindgen::prelude::*;

use crate::analyst::{Clock, answer};
use crate::lab::Lab;

/// A ring of its own, and the analysis of it.
#[wasm_bindgen]
pub struct CopiedAnalyst {
    storage: HeapStorage,
    writer: RingWriter<HeapStorage>,
    ring: RingReader<HeapStorage>,
    lab: Lab,
    interleaved: Vec<f32>,
    planes: Vec<f32>,
    payload: Vec<u8>,
    clock: Clock,
}

#[wasm_bindgen]
impl CopiedAnalyst {
    /// An empty ring and its analyst.
    ///
    /// # Errors
    /// Words about impossible numbers or too little memory.
    #[wasm_bindgen(constructor)]
    pub fn new(
        rate: u32,
        channels: u32,
        history_secs: f64,
        block_frames: u32,
        label: &str,
    ) -> Result<CopiedAnalyst, String> {
        console_error_panic_hook::set_once();
        let format = ring_format(rate, channels, history_secs, block_frames)?;
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let storage = HeapStorage::new(format.total_words()).map_err(|e| words(&e))?;
        let writer = RingWriter::create(storage.clone(), &format, &new_extension(label))
            .map_err(|e| words(&e))?;
        let ring = RingReader::new(storage.clone()).map_err(|e| words(&e))?;
        Ok(Self {
            storage,
            writer,
            ring,
            lab: Lab::default(),
            interleaved: Vec::new(),
            planes: Vec::new(),
            payload: Vec::new(),
            clock: Clock::new(),
        })
    }

    /// Takes one whole block, planar: [channel][frame].
    ///
    /// # Errors
    /// Words about a block of another length.
    pub fn write(&mut self, planes: &js_sys::Float32Array) -> Result<(), String> {
        self.planes.resize(planes.length() as usize, 0.0);
        planes.copy_to(&mut self.planes);
        let format = self.writer.format();
        let (channels, frames) = (format.channels as usize, format.block_frames as usize);
        if self.planes.len() != channels * frames {
            return Err(format!(
                "a block of {} samples where {channels} × {frames} were due",
                self.planes.len()
            ));
        }
        self.interleaved.resize(self.planes.len(), 0.0);
        for (channel, plane) in self.planes.chunks_exact(frames).enumerate() {
            let slots = self.interleaved.iter_mut().skip(channel).step_by(channels);
            for (slot, sample) in slots.zip(plane) {
                *slot = *sample;
            }
        }
        self.writer
            .write_block(&self.interleaved)
            .map_err(|error| error.to_string())?;
        self.beat();
        Ok(())
    }

    /// Records that the `frames` frames up to the last one written were lost and hold zeros.
    pub fn gap(&mut self, frames: f64, reason: u32) {
        let end = self.writer.written_frames();
        let start = end.saturating_sub(frames as u64);
        if end > start {
            let reason = GapReason::from_word(u64::from(reason));
            self.writer.record_gap(start, end - start, reason);
        }
    }

    /// No more frames will come.
    pub fn close(&mut self) {
        self.writer.close();
    }

    /// The ring's header now, for the page.
    #[must_use]
    pub fn header(&self) -> Uint8Array {
        let mut words = [0; HEADER_WORDS as usize];
        // The header is always there.
        let _ = self.storage.load(0, &mut words);
        let mut bytes = [0; HEADER_WORDS as usize * 8];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Uint8Array::from(&bytes[..])
    }

    /// Answers one request: the head's numbers, then the payload.
    #[must_use]
    pub fn answer(&mut self, request: &Float64Array) -> Uint8Array {
        let words = request.to_vec();
        let head = answer(
            &mut self.lab,
            &self.ring,
            &words,
            &mut self.payload,
            &self.clock,
        );
        let bytes = Uint8Array::new_with_length((HEAD * 8 + self.payload.len()) as u32);
        let numbers =
            Float64Array::new_with_byte_offset_and_length(&bytes.buffer(), 0, HEAD as u32);
        numbers.copy_from(&head.encode());
        bytes
            .subarray(HEAD as u32 * 8, bytes.length())
            .copy_from(&self.payload);
        bytes
    }

    fn beat(&self) {
        self.writer.heartbeat((js_sys::Date::now() * 1e6) as u64);
    }
}
