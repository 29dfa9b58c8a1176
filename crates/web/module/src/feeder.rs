//! The built-in signals, for the worker that feeds a ring with them. The same code as natively.

use js_sys::{Error, Float32Array};
use soundfall_capture::Signal;
use soundfall_capture::signal::Generator;
use wasm_bindgen::prelude::*;

use crate::error::refused;

/// Renders one signal.
#[wasm_bindgen]
pub struct SignalFeeder {
    generator: Generator,
    interleaved: Vec<f32>,
    planes: Vec<f32>,
}

#[wasm_bindgen]
impl SignalFeeder {
    /// A signal by name (`sine:440`, `chord` …) on so many channels.
    ///
    /// # Errors
    /// An `Error` that says what is wrong with the name or the numbers.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, channels: u32, rate: u32) -> Result<SignalFeeder, Error> {
        console_error_panic_hook::set_once();
        let signal: Signal = name.parse().map_err(refused)?;
        let generator = Generator::new(signal, channels, rate).map_err(refused)?;
        Ok(Self {
            generator,
            interleaved: Vec::new(),
            planes: Vec::new(),
        })
    }

    /// The next frames, planar: `[channel][frame]`.
    #[must_use]
    pub fn render(&mut self, frames: u32) -> Float32Array {
        let (frames, channels) = (frames as usize, self.generator.channels() as usize);
        self.interleaved.resize(frames * channels, 0.0);
        self.generator.fill(&mut self.interleaved);
        self.planes.resize(frames * channels, 0.0);
        if frames > 0 {
            for (channel, plane) in self.planes.chunks_exact_mut(frames).enumerate() {
                let samples = self.interleaved.iter().skip(channel).step_by(channels);
                for (slot, sample) in plane.iter_mut().zip(samples) {
                    *slot = *sample;
                }
            }
        }
        Float32Array::from(&self.planes[..])
    }
}

/// The names of the built-in signals, as written in a link.
#[wasm_bindgen(js_name = signalNames)]
#[must_use]
pub fn signal_names() -> Vec<String> {
    Signal::ALL.iter().map(ToString::to_string).collect()
}
