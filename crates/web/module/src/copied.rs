//! The analysis worker where no memory is shared: owns the ring, takes blocks and requests as
//! messages, gives back its header and responses.

use js_sys::{Date, Error, Float32Array, Uint8Array};
use soundfall_analysis::Worker;
use soundfall_ring::GapReason;
use soundfall_web::{CopiedRing, answer, js::new_extension, ring_format};
use wasm_bindgen::prelude::*;

use crate::error::refused;

/// A ring of its own, and the analysis of it.
#[wasm_bindgen]
pub struct CopyingAnalysisWorker {
    ring: CopiedRing,
    worker: Worker,
    planes: Vec<f32>,
    response: Vec<u8>,
}

#[wasm_bindgen]
impl CopyingAnalysisWorker {
    /// An empty ring and its worker.
    ///
    /// # Errors
    /// An `Error` about impossible numbers or too little memory.
    #[wasm_bindgen(constructor)]
    pub fn new(
        rate: u32,
        channels: u32,
        history_secs: f64,
        block_frames: u32,
        label: &str,
    ) -> Result<CopyingAnalysisWorker, Error> {
        console_error_panic_hook::set_once();
        let format = ring_format(rate, channels, history_secs, block_frames).map_err(refused)?;
        let ring = CopiedRing::new(&format, &new_extension(label)).map_err(refused)?;
        Ok(Self {
            planes: vec![0.0; ring.block_samples()],
            ring,
            worker: Worker::new(),
            response: Vec::new(),
        })
    }

    /// Takes one whole block, planar: `[channel][frame]`.
    ///
    /// # Errors
    /// An `Error` about a block of another length.
    pub fn write(&mut self, planes: &Float32Array) -> Result<(), Error> {
        self.planes.resize(planes.length() as usize, 0.0);
        planes.copy_to(&mut self.planes);
        let now_unix_ns = (Date::now() * 1e6) as u64;
        self.ring.write(&self.planes, now_unix_ns).map_err(refused)
    }

    /// Writes so many blocks of silence at once, for a gap.
    ///
    /// # Errors
    /// An `Error` where the ring takes no more.
    #[wasm_bindgen(js_name = writeSilence)]
    pub fn write_silence(&mut self, blocks: f64) -> Result<(), Error> {
        let now_unix_ns = (Date::now() * 1e6) as u64;
        self.ring
            .write_silence(blocks as u64, now_unix_ns)
            .map_err(refused)
    }

    /// Records that the `frames` frames up to the last one written were lost and hold zeros.
    #[wasm_bindgen(js_name = recordGap)]
    pub fn record_gap(&mut self, frames: f64, reason: u32) {
        let reason = GapReason::from_word(u64::from(reason));
        self.ring.record_gap(frames as u64, reason);
    }

    /// No more frames will come.
    pub fn close(&mut self) {
        self.ring.close();
    }

    /// The ring's header now, for the page.
    #[must_use]
    pub fn header(&self) -> Uint8Array {
        Uint8Array::from(&self.ring.header()[..])
    }

    /// The response to a request.
    #[must_use]
    pub fn answer(&mut self, request: &Uint8Array) -> Uint8Array {
        let request = request.to_vec();
        answer(
            &self.worker,
            self.ring.history(),
            &request,
            &mut self.response,
        );
        Uint8Array::from(&self.response[..])
    }
}
