//! `RingBufferReader` for JavaScript.

use js_sys::{Array, Error, Float32Array, Object, Reflect};
use soundfall_ring::{Cursor, MAX_FRAME, Poll, RingRead, RingReader};
use soundfall_web::{js::JsWords, latest, spectrogram, waveform, whole_waveform};
use wasm_bindgen::prelude::*;

use crate::error::ring_buffer_error as error;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Memory with a ring in it. A view of shared memory must begin at a multiple of 8 bytes. */
export type RingMemory = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** A span of frames that was lost before it reached the ring; the ring holds zeros there. */
export interface RingGap {
    /** First lost frame. */
    readonly start: number;
    /** Lost frames. */
    readonly length: number;
    /** What lost them; `unknown reason N` for a number that this version does not know. */
    readonly reason: "capture overrun" | "device lost" | "source discontinuity" | `unknown reason ${number}`;
}

/** What became of the ring since the last poll. */
export interface RingPoll {
    /** First frame since the last poll. */
    readonly start: number;
    /** End of the frames that are there now. */
    readonly end: number;
    /** How many of them were overwritten before they could be read. */
    readonly lost: number;
}

/** The newest samples of a channel. */
export interface RingLatest {
    /** Frame of the first sample. */
    readonly start: number;
    readonly samples: Float32Array;
}
"#;

/// Reads an AUDITAB ring in a `SharedArrayBuffer`, an `ArrayBuffer` or a view of one (such as a `Uint8Array` with the
/// bytes of a ring file), while it is written.
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
    /// Opens the ring in a buffer or a view. Nothing is copied: what is written later is seen.
    ///
    /// # Errors
    /// A `RingBufferError` if it is no buffer or holds no whole ring.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "RingMemory")] memory: &JsValue,
    ) -> Result<RingBufferReader, Error> {
        console_error_panic_hook::set_once();
        let words = JsWords::new(memory).map_err(error)?;
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

    /// The newest gaps (at most 111), oldest first.
    #[wasm_bindgen(unchecked_return_type = "RingGap[]")]
    #[must_use]
    pub fn gaps(&self) -> Array {
        let gap = |gap: soundfall_ring::Gap| {
            object([
                ("start", (gap.start_frame as f64).into()),
                ("length", (gap.length_frames as f64).into()),
                ("reason", gap.reason.to_string().into()),
            ])
        };
        self.ring.gaps().into_iter().map(gap).collect()
    }

    /// Gaps ever recorded.
    #[wasm_bindgen(getter, js_name = gapTotal)]
    #[must_use]
    pub fn gap_total(&self) -> f64 {
        self.ring.gap_total() as f64
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
    /// A `RingBufferError`: no such channel, or overwritten meanwhile in three tries.
    pub fn get_waveform(&self, channel: u32, num_points: usize) -> Result<Float32Array, Error> {
        let values = whole_waveform(&self.ring, channel, num_points).map_err(error)?;
        Ok(Float32Array::from(&values[..]))
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
        let frames = frame(start_frame)?..frame(end_frame)?;
        let values = waveform(&self.ring, channel, frames, num_points).map_err(error)?;
        Ok(Float32Array::from(&values[..]))
    }

    /// The newest `num_windows` Hann columns in dBFS, oldest first:
    /// [window][window_size / 2 + 1]. What is not there yet is at −200 dBFS.
    ///
    /// # Errors
    /// A `RingBufferError`: no such channel or window, or overwritten meanwhile in three tries.
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
        let start = frame(start_frame)?;
        let mut samples = vec![0.0; frames];
        self.ring
            .read(channel, start, &mut samples)
            .map_err(error)?;
        Ok(Float32Array::from(&samples[..]))
    }

    /// The newest `frames` samples of one channel: `{start, samples}`.
    ///
    /// # Errors
    /// A `RingBufferError`: no such channel, fewer frames so far, or overwritten in three tries.
    #[wasm_bindgen(js_name = readLatest, unchecked_return_type = "RingLatest")]
    pub fn read_latest(&self, channel: u32, frames: usize) -> Result<Object, Error> {
        let (start, samples) = latest(&self.ring, channel, frames).map_err(error)?;
        Ok(object([
            ("start", (start as f64).into()),
            ("samples", Float32Array::from(&samples[..]).into()),
        ]))
    }

    /// Follows the live edge: `{start, end, lost}` in frames since the last call. What was
    /// overwritten before it could be read counts as lost.
    ///
    /// # Errors
    /// A `RingBufferError` if the ring is gone, or another one is in its place.
    #[wasm_bindgen(unchecked_return_type = "RingPoll")]
    pub fn poll(&mut self) -> Result<Object, Error> {
        let lost_before = self.cursor.lost_frames();
        let start = self.cursor.position();
        let mut end = start;
        // No farther than the edge is now: a writer may be faster than this loop.
        let target = self.ring.written_frames();
        loop {
            let poll = self
                .cursor
                .poll(&self.ring, 0..1, POLL_FRAMES, &mut self.scratch)
                .map_err(error)?;
            match poll {
                Poll::Nothing => break,
                _ => end = end.max(self.cursor.position()),
            }
            if end >= target {
                break;
            }
        }
        let lost = self.cursor.lost_frames() - lost_before;
        Ok(object([
            ("start", (start as f64).into()),
            ("end", (end as f64).into()),
            ("lost", (lost as f64).into()),
        ]))
    }
}

/// A frame's number as JavaScript gives it.
fn frame(number: f64) -> Result<u64, Error> {
    if number >= 0.0 && number <= MAX_FRAME as f64 {
        Ok(number as u64)
    } else {
        Err(error(format_args!(
            "frame {number}: frames are numbers from 0 on"
        )))
    }
}

/// A plain object with these properties.
fn object<const N: usize>(properties: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        // A fresh plain object takes any property.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object
}
