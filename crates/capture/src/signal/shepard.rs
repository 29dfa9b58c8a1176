//! Tones that rise without end: sines an octave apart glide up together, those at the ends unheard (R. N. Shepard,
//! "Circularity in Judgments of Relative Pitch", JASA 36, 1964; gliding after J.-C. Risset).

use std::f64::consts::TAU;

use super::Render;
use super::osc::add_sine;

/// Seconds in which every tone rises by an octave.
const OCTAVE_SECS: f64 = 10.0;

/// The tones of every channel; channels are spread over the octave.
pub(super) struct Shepard {
    rate: f64,
    /// Hz at the lower end, where nothing is heard yet.
    low: f64,
    /// Tones that sound at once, one an octave.
    octaves: usize,
    channels: Vec<Tones>,
}

struct Tones {
    /// Octaves that have passed, with those that the channel is ahead.
    risen: f64,
    /// Phases in turns, from the lowest tone up.
    phases: Vec<f64>,
}

impl Shepard {
    pub(super) fn new(channels: usize, rate: f64) -> Self {
        let low = 20.0_f64.min(0.01 * rate);
        let octaves = (0.44 * rate / low).log2().floor().clamp(1.0, 10.0) as usize;
        let tones = |c| Tones {
            risen: c as f64 / channels as f64,
            // Spread, so that the tones do not begin with a click of all of them.
            phases: (0..octaves).map(|k| (k as f64 * 0.618).fract()).collect(),
        };
        Self {
            rate,
            low,
            octaves,
            channels: (0..channels).map(tones).collect(),
        }
    }

    /// Turns a frame and amplitude of a tone so many octaves above the lower end.
    fn tone(&self, octave: f64) -> (f64, f32) {
        let octaves = self.octaves as f64;
        let share = (octave / octaves).clamp(0.0, 1.0);
        let amplitude = 0.8 / octaves * (1.0 - (TAU * share).cos());
        (self.low * octave.exp2() / self.rate, amplitude as f32)
    }
}

impl Render for Shepard {
    fn block(&mut self, start: u64, planes: &mut [Vec<f32>]) {
        let count = self.channels.len() as f64;
        for (c, plane) in planes.iter_mut().enumerate() {
            plane.fill(0.0);
            let octaves = |frame: f64| frame / self.rate / OCTAVE_SECS + c as f64 / count;
            let from = octaves(start as f64);
            let rise = octaves(start as f64 + plane.len() as f64) - from;
            let mut phases = std::mem::take(&mut self.channels[c].phases);
            if from.floor() > self.channels[c].risen.floor() {
                // Every tone is an octave higher now, and the highest is the lowest again.
                phases.rotate_right(1);
            }
            for (k, phase) in phases.iter_mut().enumerate() {
                let octave = k as f64 + from.fract();
                let ((f0, a0), (f1, a1)) = (self.tone(octave), self.tone(octave + rise));
                *phase = add_sine(plane, *phase, (f0, f1), (a0, a1));
            }
            self.channels[c] = Tones {
                risen: from,
                phases,
            };
        }
    }
}
