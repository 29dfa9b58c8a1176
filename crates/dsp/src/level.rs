//! Power and decibels. Never knows what a power belongs to: no window, no axis, no colour.

use rustfft::num_complex::Complex32;

/// Lowest level any result has, in dBFS (an amplitude of 1e-10).
pub const FLOOR_DBFS: f32 = -200.0;

/// The power that [`FLOOR_DBFS`] stands for.
pub const FLOOR_POWER: f32 = 1e-20;

/// Largest error of [`power_to_db`] against the exact logarithm, in dB, rounding included.
pub const DB_ERROR: f32 = 2e-4;

/// 10·log₁₀(2): decibels an octave of power has.
const DB_PER_LOG2: f32 = 3.010_3;

/// Bits of √½, where the mantissa interval [√½, √2) starts.
const SQRT_HALF_BITS: i32 = 0x3f35_04f3;

/// Minimax coefficients of log₂(1 + r) ≈ r·q(r) on [√½ − 1, √2 − 1] (Remez exchange on the
/// absolute error, 2.9e-5 = 8.6e-5 dB). The factor r makes 0 dB exact.
const Q: [f32; 5] = [
    1.442_263_6,
    -0.721_159_5,
    0.496_625_58,
    -0.381_153_77,
    0.182_369_6,
];

/// 10·log₁₀(power), not below [`FLOOR_DBFS`], within [`DB_ERROR`]; 0 dB is exact.
///
/// Zero, negative and NaN give the floor, infinity about 385 dB. Straight arithmetic without a
/// branch, so that loops over it become vector code.
///
/// ```
/// use soundfall_dsp::level::power_to_db;
/// assert_eq!(power_to_db(1.0), 0.0);
/// assert!((power_to_db(0.01) + 20.0).abs() < 2e-4);
/// assert_eq!(power_to_db(f32::NAN), -200.0);
/// ```
#[inline(always)]
#[must_use]
pub fn power_to_db(power: f32) -> f32 {
    // Written so that NaN takes the floor, and as the vector maximum instruction does it.
    let power = if power > FLOOR_POWER {
        power
    } else {
        FLOOR_POWER
    };
    let bits = power.to_bits() as i32;
    let exponent = (bits - SQRT_HALF_BITS) >> 23;
    let r = f32::from_bits((bits - (exponent << 23)) as u32) - 1.0;
    let r2 = r * r;
    let q = (Q[0] + Q[1] * r) + r2 * ((Q[2] + Q[3] * r) + r2 * Q[4]);
    let db = (exponent as f32 + r * q) * DB_PER_LOG2;
    if db > FLOOR_DBFS { db } else { FLOOR_DBFS }
}

/// |x|² of each spectrum value in decibels. Handles as many values as the shorter slice has.
#[inline(always)]
pub(crate) fn spectrum_to_db(spectrum: &[Complex32], out: &mut [f32]) {
    for (db, x) in out.iter_mut().zip(spectrum) {
        *db = power_to_db(x.re * x.re + x.im * x.im);
    }
}

/// 20·log₁₀(amplitude) in full precision, not below [`FLOOR_DBFS`]; NaN gives the floor.
#[must_use]
pub fn amplitude_to_db(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-10).log10()
}

/// The amplitude a level stands for: 10^(dB/20).
#[must_use]
pub fn db_to_amplitude(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}
