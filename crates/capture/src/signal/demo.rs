//! The demo: renders the score with additive voices and filtered noise, and mixes it for any number of channels.
//!
//! Sines stay below 0.45 of the rate; nothing depends on the clock. Every round of the score is the same.

use std::f64::consts::PI;

use super::Render;
use super::noise::Random;
use super::osc::add_sine;
use super::score::{self, Note, Timbre};

/// Frequency ratio, level and decay (1/s) of a bell's partials.
const BELL: [(f64, f32, f32); 9] = [
    (0.5, 0.35, 0.5),
    (1.0, 1.0, 0.7),
    (1.19, 0.45, 1.0),
    (1.56, 0.3, 1.3),
    (2.0, 0.55, 1.2),
    (2.66, 0.4, 1.9),
    (3.76, 0.3, 2.6),
    (5.2, 0.22, 3.6),
    (6.8, 0.16, 5.0),
];
/// Brings the loudest moment to about −1 dBFS; the clamp behind it never acts.
const MASTER: f32 = 0.75;
const PAD_PARTIALS: usize = 12;
const PLUCK_PARTIALS: usize = 14;
const BASS_PARTIALS: usize = 8;

/// Renders the piece round after round.
pub(super) struct Demo {
    notes: Vec<Note>,
    /// Notes of this round that have started.
    started: usize,
    voices: Vec<Voice>,
    /// One pair of buses (left, right) a group.
    buses: Vec<[Vec<f32>; 2]>,
    /// Gain of every bus on every channel.
    gains: Vec<[[f32; 2]; Timbre::GROUPS]>,
    rate: f64,
    /// Blocks a round, so that a round starts with a block.
    round_blocks: u64,
    seed: u64,
}

impl Demo {
    pub(super) fn new(channels: usize, rate: f64, block_frames: usize, seed: u64) -> Self {
        let empty = || [vec![0.0; block_frames], vec![0.0; block_frames]];
        Self {
            notes: score::notes(),
            started: 0,
            voices: Vec::with_capacity(64),
            buses: (0..Timbre::GROUPS).map(|_| empty()).collect(),
            gains: (0..channels).map(|c| gains(c, channels)).collect(),
            rate,
            round_blocks: (score::SECS * rate / block_frames as f64).round() as u64,
            seed,
        }
    }

    /// Starts the notes that begin before `end` seconds of the round.
    fn start_notes(&mut self, end: f64) {
        while let Some(note) = self.notes.get(self.started).filter(|note| note.at < end) {
            self.voices.push(Voice::new(
                *note,
                self.seed ^ self.started as u64,
                self.rate,
            ));
            self.started += 1;
        }
    }
}

/// How much of every group a channel hears. One and two channels hear all of it; with more, each brings one
/// group to the front (and a second one from the ninth on).
fn gains(channel: usize, channels: usize) -> [[f32; 2]; Timbre::GROUPS] {
    let mut gains = [[0.0; 2]; Timbre::GROUPS];
    for (group, pair) in gains.iter_mut().enumerate() {
        let near = match channels {
            1 | 2 => 1.0,
            _ if group == channel % Timbre::GROUPS => 1.25,
            _ if channel >= Timbre::GROUPS
                && group == (channel + channel / Timbre::GROUPS) % Timbre::GROUPS =>
            {
                0.8
            }
            // Below a tenth, a little different on every channel.
            _ => 0.10 + 0.22 * ((channel * 8 + group) as f32 * 0.618_034).fract(),
        };
        *pair = match (channels, channel % 2) {
            (1, _) => [0.75 * near; 2],
            (_, 0) => [near, 0.5 * near],
            _ => [0.5 * near, near],
        };
    }
    gains
}

impl Render for Demo {
    fn block(&mut self, start: u64, planes: &mut [Vec<f32>]) {
        let frames = self.buses[0][0].len();
        let in_round = (start / frames as u64) % self.round_blocks;
        if in_round == 0 {
            self.started = 0;
            self.voices.clear();
        }
        let first = in_round as f64 * frames as f64;
        self.start_notes((first + frames as f64) / self.rate);
        for bus in self.buses.iter_mut().flatten() {
            bus.fill(0.0);
        }
        for voice in &mut self.voices {
            let begin = (voice.note.at * self.rate).round();
            let offset = (begin - first).clamp(0.0, (frames - 1) as f64) as usize;
            let bus = &mut self.buses[voice.note.timbre.group()][voice.note.side];
            let elapsed = (first + offset as f64 - begin) / self.rate;
            voice.render(&mut bus[offset..], elapsed, self.rate);
        }
        let end = (first + frames as f64) / self.rate;
        self.voices
            .retain(|voice| end < voice.note.at + voice.note.secs);
        for (plane, gains) in planes.iter_mut().zip(&self.gains) {
            plane.fill(0.0);
            for (bus, gain) in self.buses.iter().flatten().zip(gains.iter().flatten()) {
                for (sample, value) in plane.iter_mut().zip(bus) {
                    *sample += gain * value;
                }
            }
            for sample in plane.iter_mut() {
                *sample = (MASTER * *sample).clamp(-0.98, 0.98);
            }
        }
    }
}

/// A note that sounds.
struct Voice {
    note: Note,
    phases: Vec<f64>,
    random: Random,
    filter: BandPass,
}

impl Voice {
    fn new(note: Note, seed: u64, rate: f64) -> Self {
        let partials = match note.timbre {
            Timbre::Pad => PAD_PARTIALS,
            Timbre::Pluck => PLUCK_PARTIALS,
            Timbre::Bass => BASS_PARTIALS,
            Timbre::Bell => BELL.len(),
            Timbre::Shimmer => 2,
            Timbre::Glide(_) | Timbre::Kick => 1,
            Timbre::Swell(_) | Timbre::Hat => 0,
        };
        // Percussive tones start at zero crossings, pads anywhere.
        let spread = if note.timbre == Timbre::Pad {
            0.618_034
        } else {
            0.0
        };
        let phases = (0..partials)
            .map(|k| (k as f64 * spread + note.hz * spread).fract())
            .collect();
        Self {
            note,
            phases,
            random: Random::new(seed),
            filter: BandPass::new(rate),
        }
    }

    /// Adds the frames from `t` seconds after the note's start on.
    fn render(&mut self, out: &mut [f32], t: f64, rate: f64) {
        let next = t + out.len() as f64 / rate;
        let Note {
            timbre,
            secs,
            hz,
            level,
            ..
        } = self.note;
        match timbre {
            Timbre::Swell(to) => {
                let center = hz * (to / hz).powf((t / secs).clamp(0.0, 1.0));
                let gain = |t: f64| level * hump(t, secs, 0.6) as f32;
                self.filter
                    .add_noise(out, &mut self.random, center, 2.2, (gain(t), gain(next)));
                return;
            }
            Timbre::Hat => {
                let gain = |t: f64| {
                    level * (ease(t / 0.002) * (-t * 32.0).exp() * tail(t, secs, 0.03)) as f32
                };
                self.filter
                    .add_noise(out, &mut self.random, hz, 1.1, (gain(t), gain(next)));
                return;
            }
            _ => {}
        }
        for (index, phase) in self.phases.iter_mut().enumerate() {
            let freq = |t: f64| partial_hz(timbre, index, hz, t, secs) / rate;
            let amp = |t: f64| level * partial_level(timbre, index, t, secs) as f32;
            *phase = add_sine(out, *phase, (freq(t), freq(next)), (amp(t), amp(next)));
        }
    }
}

/// Frequency of a partial, `t` seconds into its note.
fn partial_hz(timbre: Timbre, index: usize, hz: f64, t: f64, secs: f64) -> f64 {
    let k = (index + 1) as f64;
    match timbre {
        Timbre::Pad => {
            // Vibrato sets in after a second.
            let depth = 0.0045 * ease((t - 0.8) / 1.5);
            k * hz * (1.0 + depth * (2.0 * PI * (4.6 * t + hz * 0.01)).sin())
        }
        // Stiff strings: high partials lie a little too high.
        Timbre::Pluck => k * hz * (1.0 + 0.0003 * k * k).sqrt(),
        Timbre::Bell => BELL[index].0 * hz,
        Timbre::Glide(to) => hz * (to / hz).powf((t / secs).clamp(0.0, 1.0)),
        Timbre::Kick => hz * (1.0 + 3.2 * (-t * 28.0).exp()),
        Timbre::Shimmer => hz * (1.0 + 0.003 * index as f64),
        _ => k * hz,
    }
}

/// Level of a partial against its note, `t` seconds into it.
fn partial_level(timbre: Timbre, index: usize, t: f64, secs: f64) -> f64 {
    let k = (index + 1) as f64;
    match timbre {
        Timbre::Pad => {
            // A bright spot that climbs through the partials and comes back.
            let center = 1.0 + 8.0 * (PI * (t / secs).clamp(0.0, 1.0)).sin().powi(2);
            let bright = (-((k - center) / 2.2).powi(2)).exp();
            (0.35 + 0.9 * bright) / k.powf(0.85) * ease(t / 1.1) * tail(t, secs, 1.4)
        }
        Timbre::Bass => {
            ease(t / 0.008) * (-t * (1.2 + 1.1 * k)).exp() * tail(t, secs, 0.08) / k.powf(0.8)
        }
        Timbre::Pluck => {
            ease(t / 0.004) * (-t * (2.2 + 0.8 * k)).exp() * tail(t, secs, 0.1) / k.powf(0.7)
        }
        Timbre::Bell => {
            let (_, level, decay) = BELL[index];
            f64::from(level) * ease(t / 0.003) * (-t * f64::from(decay)).exp() * tail(t, secs, 0.6)
        }
        Timbre::Glide(_) => hump(t, secs, 0.7),
        Timbre::Kick => ease(t / 0.004) * (-t * 6.5).exp() * tail(t, secs, 0.08),
        Timbre::Shimmer => {
            let tremble = 0.6 + 0.4 * (2.0 * PI * (7.0 + 2.0 * index as f64) * t).sin();
            tremble * hump(t, secs, 0.3)
        }
        Timbre::Swell(_) | Timbre::Hat => 0.0,
    }
}

/// 0 to 1 as a raised cosine, 0 before and 1 after.
fn ease(x: f64) -> f64 {
    0.5 - 0.5 * (PI * x.clamp(0.0, 1.0)).cos()
}

/// 1 until the last `release` seconds, then down to 0 at the end.
fn tail(t: f64, secs: f64, release: f64) -> f64 {
    ease((secs - t) / release)
}

/// Rises until `peak` (as a part of the length) and falls to 0 at the end.
fn hump(t: f64, secs: f64, peak: f64) -> f64 {
    let place = t / secs;
    ease(place / peak) * ease((1.0 - place) / (1.0 - peak))
}

/// State-variable band-pass, trapezoidal integration (Zavalishin, The Art of VA Filter Design, ch. 4).
struct BandPass {
    rate: f64,
    s1: f32,
    s2: f32,
}

impl BandPass {
    fn new(rate: f64) -> Self {
        Self {
            rate,
            s1: 0.0,
            s2: 0.0,
        }
    }

    /// Adds noise around `center` Hz; equally dense at every sampling rate. Gain goes linearly from first to second.
    fn add_noise(
        &mut self,
        out: &mut [f32],
        random: &mut Random,
        center: f64,
        q: f32,
        gain: (f32, f32),
    ) {
        let g = (PI * (center / self.rate).min(0.42)).tan() as f32;
        let r = 1.0 / q;
        let h = 1.0 / (1.0 + g * (g + r));
        let density = (self.rate / 48_000.0).sqrt() as f32;
        let slope = (gain.1 - gain.0) / out.len() as f32;
        for (i, sample) in out.iter_mut().enumerate() {
            let input = density * random.bipolar();
            let band = h * (self.s1 + g * (input - self.s2));
            let low = self.s2 + g * band;
            self.s1 = 2.0 * band - self.s1;
            self.s2 = 2.0 * low - self.s2;
            *sample += (gain.0 + slope * i as f32) * r * band;
        }
    }
}
