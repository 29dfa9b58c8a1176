//! Noise: a small seeded random generator, white and pink.
//!
//! Same seed, same noise, on every machine.

use super::Render;

/// SplitMix64 (Steele, Lea, Flood 2014): every seed gives another full-period stream.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(
            seed.wrapping_mul(0xD134_2543_DE82_EF95)
                .wrapping_add(0x9E37_79B9_7F4A_7C15),
        )
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in −1..1.
    pub(super) fn bipolar(&mut self) -> f32 {
        // The upper 24 bits fit an f32 exactly.
        (self.next_u64() >> 40) as f32 * (2.0 / (1 << 24) as f32) - 1.0
    }
}

/// White noise, uniform in −0.5..0.5 (−10.8 dBFS RMS).
pub(super) struct White(Vec<Random>);

impl White {
    pub(super) fn new(channels: usize, seed: u64) -> Self {
        Self(
            (0..channels as u64)
                .map(|c| Random::new(seed ^ (c << 32)))
                .collect(),
        )
    }
}

impl Render for White {
    fn block(&mut self, _start: u64, planes: &mut [Vec<f32>]) {
        for (random, plane) in self.0.iter_mut().zip(planes) {
            for sample in plane.iter_mut() {
                *sample = 0.5 * random.bipolar();
            }
        }
    }
}

const ROWS: usize = 16;

/// Pink noise (−3 dB an octave) by the Voss-McCartney method: 16 random rows, row k drawn anew every 2^(k+1)
/// frames, and a white one on top. The sum cannot leave −1..1.
pub(super) struct Pink(Vec<PinkChannel>);

struct PinkChannel {
    random: Random,
    rows: [f32; ROWS],
    counter: u32,
}

impl Pink {
    pub(super) fn new(channels: usize, seed: u64) -> Self {
        let channel = |c: u64| {
            let mut random = Random::new(seed ^ (c << 32) ^ 0x5EED);
            let rows = std::array::from_fn(|_| random.bipolar());
            PinkChannel {
                random,
                rows,
                counter: 0,
            }
        };
        Self((0..channels as u64).map(channel).collect())
    }
}

impl Render for Pink {
    fn block(&mut self, _start: u64, planes: &mut [Vec<f32>]) {
        const SCALE: f32 = 1.0 / (ROWS as f32 + 1.0);
        for (channel, plane) in self.0.iter_mut().zip(planes) {
            // Summed afresh every block, so that rounding never builds up.
            let mut sum: f32 = channel.rows.iter().sum();
            for sample in plane.iter_mut() {
                channel.counter = channel.counter.wrapping_add(1);
                let row = channel.counter.trailing_zeros() as usize;
                if row < ROWS {
                    let fresh = channel.random.bipolar();
                    sum += fresh - channel.rows[row];
                    channel.rows[row] = fresh;
                }
                *sample = (sum + channel.random.bipolar()) * SCALE;
            }
        }
    }
}
