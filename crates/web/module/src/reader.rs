//! `RingBufferReader` for JavaScript.

use js_sys::{Error, Float32Array, Object, Reflect};
use soundfall_ring::{Cursor, Poll, RingRead, RingReader};
use soundfall_web::{js::JsWords, spectrogram, waveform};
use wasm_bindgen::prelude::*;

use crate::error::ring_buffer_error as error;

/// Reads an AUDITAB ring in a `SharedArrayBuffer` or `ArrayBuffer`, while it is written.
///
/// Every method throws an `Error` named `RingBufferError` that says what is wrong.
#[wasm_bindgen]
pub struct RingBufferReader {
    ring: RingReader<JsWords>,
    cursor: Cursor,
    scratch: Vec<f32>,
}

/// Frames one poll looks at.
const POLL_FRAMES: usize = 1 << 15;

#[wasm_bindgen]
impl RingBufferReader {
    /// Opens the ring in a buffer.
    ///
    /// # Errors
    /// A `RingBufferError` if it is no buffer or holds no whole ring.
    #[wasm_bindgen(constructor)]
    pub fn new(buffer: &JsValue) -> Result<RingBufferReader, Error> {
        console_error_panic_hook::set_once();
        let words = JsWords::new(buffer)
            .ok_or_else(|| error("a SharedArrayBuffer or ArrayBuffer is needed"))?;
        let ring = RingReader::new(words).map_err(error)?;
        let cursor = Cursor::at_live_edge(&ring);
        Ok(Self {
            ring,
            cursor,
            scratch: Vec::new(),
        })
    }

    /// Sample rate in Hz.
    #[wasm_bindgen(getter, js_name = sampleRate)]
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.ring.format().sample_rate
    }

    /// Number of channels.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn channels(&self) -> u32 {
        self.ring.format().channels
    }

    /// Frames per channel the ring holds.
    #[wasm_bindgen(getter, js_name = capacityFrames)]
    #[must_use]
    pub fn capacity_frames(&self) -> f64 {
        self.ring.format().capacity_frames as f64
    }

    /// Frames per block.
    #[wasm_bindgen(getter, js_name = blockFrames)]
    #[must_use]
    pub fn block_frames(&self) -> u32 {
        self.ring.format().block_frames
    }

    /// Complete blocks written since the start.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn sequence(&self) -> f64 {
        self.written_frames() / f64::from(self.block_frames())
    }

    /// End of the readable frames, counted from the ring's start.
    #[wasm_bindgen(getter, js_name = writtenFrames)]
    #[must_use]
    pub fn written_frames(&self) -> f64 {
        self.ring.written_frames() as f64
    }

    /// Oldest frame that can be read now.
    #[wasm_bindgen(getter, js_name = oldestFrame)]
    #[must_use]
    pub fn oldest_frame(&self) -> f64 {
        self.ring.oldest_frame() as f64
    }

    /// Name of the source.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn label(&self) -> String {
        self.ring
            .extension()
            .map_or_else(String::new, |extension| extension.label.clone())
    }

    /// Frames that `poll` lost since the start, overwritten before they were read.
    #[wasm_bindgen(getter, js_name = lostFrames)]
    #[must_use]
    pub fn lost_frames(&self) -> f64 {
        self.cursor.lost_frames() as f64
    }

    /// Times that `poll` was lapped by the writer.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn laps(&self) -> f64 {
        self.cursor.laps() as f64
    }

    /// Minimum and maximum of `num_points` equal parts of all that is readable: [point][2].
    ///
    /// # Errors
    /// A `RingBufferError`: no such channel, or overwritten meanwhile.
    pub fn get_waveform(&self, channel: u32, num_points: usize) -> Result<Float32Array, Error> {
        let end = self.ring.written_frames();
        // Some distance from the oldest frame: it goes while it is read.
        let margin = u64::from(self.sample_rate()) / 10;
        let oldest = self.ring.oldest_frame();
        let start = if oldest == 0 {
            0
        } else {
            (oldest + margin).min(end)
        };
        self.span(channel, start, end, num_points)
    }

    /// The same of the frames `start_frame` to `end_frame`, the last one not included.
    ///
    /// # Errors
    /// A `RingBufferError`: no such channel, not written yet, or overwritten.
    pub fn get_waveform_span(
        &self,
        channel: u32,
        start_frame: f64,
        end_frame: f64,
        num_points: usize,
    ) -> Result<Float32Array, Error> {
        self.span(channel, start_frame as u64, end_frame as u64, num_points)
    }

    fn span(
        &self,
        channel: u32,
        start: u64,
        end: u64,
        points: usize,
    ) -> Result<Float32Array, Error> {
        let values = waveform(&self.ring, channel, start..end, points).map_err(error)?;
        Ok(Float32Array::from(&values[..]))
    }

    /// The newest `num_windows` Hann columns in dBFS, oldest first:
    /// [window][window_size / 2 + 1]. What is not there yet is at −200 dBFS.
    ///
    /// # Errors
    /// A `RingBufferError`: no such channel or window, or overwritten meanwhile.
    pub fn get_spectrogram(
        &self,
        channel: u32,
        window_size: usize,
        hop_size: usize,
        num_windows: usize,
    ) -> Result<Float32Array, Error> {
        let values =
            spectrogram(&self.ring, channel, window_size, hop_size, num_windows).map_err(error)?;
        Ok(Float32Array::from(&values[..]))
    }

    /// The consistent samples of one channel from a frame on.
    ///
    /// # Errors
    /// A `RingBufferError`: no such channel, not written yet, or overwritten.
    pub fn read(
        &self,
        channel: u32,
        start_frame: f64,
        frames: usize,
    ) -> Result<Float32Array, Error> {
        if frames as u64 > self.ring.format().readable_frames() {
            return Err(error("more frames than the ring holds"));
        }
        let mut samples = vec![0.0; frames];
        self.ring
            .read(channel, start_frame as u64, &mut samples)
            .map_err(error)?;
        Ok(Float32Array::from(&samples[..]))
    }

    /// Follows the live edge: `{start, end, lost}` in frames since the last call. What was
    /// overwritten before it could be read counts as lost.
    ///
    /// # Errors
    /// A `RingBufferError` if the ring is gone.
    pub fn poll(&mut self) -> Result<Object, Error> {
        let lost_before = self.cursor.lost_frames();
        let start = self.cursor.position();
        let mut end = start;
        loop {
            let poll = self
                .cursor
                .poll(&self.ring, 0..1, POLL_FRAMES, &mut self.scratch)
                .map_err(error)?;
            end = end.max(self.cursor.position());
            if poll == Poll::Nothing {
                break;
            }
        }
        let object = Object::new();
        let lost = self.cursor.lost_frames() - lost_before;
        for (name, value) in [("start", start), ("end", end), ("lost", lost)] {
            // A fresh plain object takes any property.
            let _ = Reflect::set(&object, &name.into(), &(value as f64).into());
        }
        Ok(object)
    }
}
