//! The plain signals: sines, chirp, chord, clicks, sweep pair, silence.
//!
//! Noise is in `noise`, the composed minute in `demo`.

use super::Render;
use super::osc::{add_sine, sin_turns};

/// Halves a frequency until it is below 0.45 of the rate.
fn fold(mut hz: f64, rate: f64) -> f64 {
    while hz >= 0.45 * rate {
        hz /= 2.0;
    }
    hz
}

/// Nothing.
pub(super) struct Silence;

impl Render for Silence {
    fn block(&mut self, _start: u64, planes: &mut [Vec<f32>]) {
        for plane in planes {
            plane.fill(0.0);
        }
    }
}

/// One sine a channel, a semitone apart. The first channel is the frequency asked for, unfolded.
pub(super) struct Sines(Vec<(f64, f64)>);

impl Sines {
    pub(super) fn new(hz: f64, channels: usize, rate: f64) -> Self {
        let freq = |c: usize| {
            if c == 0 {
                hz / rate
            } else {
                fold(hz * (c as f64 / 12.0).exp2(), rate) / rate
            }
        };
        Self((0..channels).map(|c| (freq(c), 0.0)).collect())
    }
}

impl Render for Sines {
    fn block(&mut self, _start: u64, planes: &mut [Vec<f32>]) {
        for ((freq, phase), plane) in self.0.iter_mut().zip(planes) {
            plane.fill(0.0);
            if *freq < 0.45 {
                *phase = add_sine(plane, *phase, (*freq, *freq), (0.5, 0.5));
            } else {
                // Asked for by name, up to half the rate: past the band limit of the other signals.
                for sample in plane.iter_mut() {
                    *sample = 0.5 * sin_turns(*phase as f32);
                    *phase = (*phase + *freq).fract();
                }
            }
        }
    }
}

/// Logarithmic glide up and down; its frequency is a function of time alone.
pub(super) struct Chirp {
    phases: Vec<f64>,
    rate: f64,
    low: f64,
    octaves: f64,
}

const CHIRP_SECS: f64 = 8.0;

impl Chirp {
    pub(super) fn new(channels: usize, rate: f64) -> Self {
        let (low, high) = (40.0f64.min(0.01 * rate), 16_000.0f64.min(0.44 * rate));
        Self {
            phases: vec![0.0; channels],
            rate,
            low,
            octaves: (high / low).log2(),
        }
    }

    /// Frequency in turns a frame, `secs` after the start; rises for the first half of the cycle.
    fn freq(&self, secs: f64) -> f64 {
        let place = (secs / CHIRP_SECS).fract();
        let height = 1.0 - (2.0 * place - 1.0).abs();
        self.low * (height * self.octaves).exp2() / self.rate
    }
}

impl Render for Chirp {
    fn block(&mut self, start: u64, planes: &mut [Vec<f32>]) {
        let channels = planes.len() as f64;
        for (c, plane) in planes.iter_mut().enumerate() {
            plane.fill(0.0);
            let offset = CHIRP_SECS * c as f64 / channels;
            let from = start as f64 / self.rate + offset;
            let to = from + plane.len() as f64 / self.rate;
            self.phases[c] = add_sine(
                plane,
                self.phases[c],
                (self.freq(from), self.freq(to)),
                (0.5, 0.5),
            );
        }
    }
}

/// Four notes with five partials each; every partial breathes at its own slow pace.
pub(super) struct Chord {
    partials: Vec<Vec<Partial>>,
    rate: f64,
}

struct Partial {
    freq: f64,
    phase: f64,
    level: f32,
    breath_hz: f64,
    breath_phase: f64,
}

/// Roots of the channels, in semitones over A2, and the chord on each, in semitones over the root.
const ROOTS: [(f64, [f64; 4]); 8] = [
    (0.0, [0.0, 7.0, 15.0, 26.0]),  // A minor 9
    (-4.0, [0.0, 7.0, 16.0, 26.0]), // F add 9
    (3.0, [0.0, 7.0, 16.0, 23.0]),  // C major 7
    (-2.0, [0.0, 7.0, 14.0, 21.0]), // G 6/9
    (5.0, [0.0, 7.0, 15.0, 22.0]),  // D minor 7
    (7.0, [0.0, 5.0, 12.0, 22.0]),  // E 7 sus 4
    (12.0, [0.0, 7.0, 15.0, 22.0]), // A minor 7
    (8.0, [0.0, 7.0, 16.0, 26.0]),  // F add 9, an octave up
];

impl Chord {
    pub(super) fn new(channels: usize, rate: f64) -> Self {
        Self {
            partials: (0..channels).map(|c| Self::channel(c, rate)).collect(),
            rate,
        }
    }

    fn channel(c: usize, rate: f64) -> Vec<Partial> {
        let (root, notes) = ROOTS[c % ROOTS.len()];
        // Channels past the table are the same chords, detuned by a tenth of a tone each round.
        let round = 0.2 * (c / ROOTS.len()) as f64;
        let mut partials = Vec::with_capacity(20);
        for (n, note) in notes.iter().enumerate() {
            let hz = 110.0 * ((root + note + round) / 12.0).exp2();
            for k in 1..=5usize {
                let index = (n * 5 + k) as f64;
                partials.push(Partial {
                    freq: hz * k as f64 / rate,
                    phase: (index * 0.618_034 + c as f64 * 0.381_966).fract(),
                    level: 0.1 / (k as f32).powf(1.2),
                    breath_hz: 0.07 + 0.023 * ((index * 7.0 + c as f64 * 3.0) % 11.0),
                    breath_phase: (index * 0.754_877).fract(),
                });
            }
        }
        partials
    }
}

impl Partial {
    /// 0.15 ..= 1 of the level, as a slow sine.
    fn level_at(&self, secs: f64) -> f32 {
        let turns = (self.breath_hz * secs + self.breath_phase).fract() as f32;
        self.level * (0.575 + 0.425 * sin_turns(turns))
    }
}

impl Render for Chord {
    fn block(&mut self, start: u64, planes: &mut [Vec<f32>]) {
        for (partials, plane) in self.partials.iter_mut().zip(planes) {
            plane.fill(0.0);
            let from = start as f64 / self.rate;
            let to = from + plane.len() as f64 / self.rate;
            for partial in partials {
                let amp = (partial.level_at(from), partial.level_at(to));
                partial.phase = add_sine(plane, partial.phase, (partial.freq, partial.freq), amp);
            }
        }
    }
}

/// One-sample impulses, in turn from channel to channel.
pub(super) struct Clicks {
    period: u64,
    channels: u64,
}

impl Clicks {
    pub(super) fn new(channels: usize, rate: f64) -> Self {
        Self {
            period: (rate / 2.0) as u64,
            channels: channels as u64,
        }
    }
}

impl Render for Clicks {
    fn block(&mut self, start: u64, planes: &mut [Vec<f32>]) {
        for (c, plane) in planes.iter_mut().enumerate() {
            plane.fill(0.0);
            // The first one a quarter of a second in, so that a picture of the start shows it whole.
            let first = self.period / 2 + self.period * c as u64 / self.channels;
            let end = start + plane.len() as u64;
            let mut number = start.saturating_sub(first).div_ceil(self.period);
            while first + number * self.period < end {
                let frame = first + number * self.period;
                plane[(frame - start) as usize] = if number.is_multiple_of(2) { 0.9 } else { -0.9 };
                number += 1;
            }
        }
    }
}

/// Pairs with the same three partials; the second of a pair runs one turn in 8 s ahead in every partial.
pub(super) struct SweepPair {
    phases: Vec<[f64; 3]>,
    rate: f64,
}

impl SweepPair {
    pub(super) fn new(channels: usize, rate: f64) -> Self {
        Self {
            phases: vec![[0.0; 3]; channels],
            rate,
        }
    }
}

impl Render for SweepPair {
    fn block(&mut self, _start: u64, planes: &mut [Vec<f32>]) {
        for (c, plane) in planes.iter_mut().enumerate() {
            plane.fill(0.0);
            let base = 220.0 * ((c / 2 % 24) as f64 * 5.0 / 12.0 % 3.0).exp2();
            let turn = if c % 2 == 1 { 1.0 / CHIRP_SECS } else { 0.0 };
            for (k, phase) in self.phases[c].iter_mut().enumerate() {
                let freq = ((k + 1) as f64 * base + turn) / self.rate;
                let amp = 0.4 / (k + 1) as f32;
                *phase = add_sine(plane, *phase, (freq, freq), (amp, amp));
            }
        }
    }
}
