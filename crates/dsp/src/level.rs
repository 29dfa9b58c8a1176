//! Power and decibels. Never knows what a power belongs to: no window, no axis, no colour.

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

/// 10·log₁₀(1 + r) ≈ r·q(r): minimax coefficients of q for [√½ − 1, √2 − 1] (Remez exchange on
/// the absolute error, 8.6e-5 dB). The factor r makes 0 dB exact.
const Q: [f32; 5] = [
    4.341_646,
    -2.170_906_4,
    1.494_992,
    -1.147_387_2,
    0.548_987_2,
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
    power_to_db_with::<false>(power)
}

/// The same; `FUSED` where the processor multiplies and adds in one instruction.
#[inline(always)]
pub(crate) fn power_to_db_with<const FUSED: bool>(power: f32) -> f32 {
    let mul_add = |a: f32, b: f32, c: f32| if FUSED { a.mul_add(b, c) } else { a * b + c };
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
    // Two short chains instead of a long one (Estrin's scheme).
    let low = mul_add(Q[1], r, Q[0]);
    let high = mul_add(Q[4], r2, mul_add(Q[3], r, Q[2]));
    let db = mul_add(exponent as f32, DB_PER_LOG2, r * mul_add(high, r2, low));
    if db > FLOOR_DBFS { db } else { FLOOR_DBFS }
}

/// Largest relative error of [`db_to_power`] for levels between −200 and 60 dB, rounding included
/// (4.3e-5 dB).
pub const POWER_ERROR: f32 = 1e-5;

/// Highest level [`db_to_power`] follows, in dB; above it the power would leave `f32`.
const MAX_DB: f32 = 380.0;

/// 2^f = 1 + f·e(f): minimax coefficients of e for [−½, ½] (least maximum of the relative error,
/// 9.1e-8).
#[allow(
    clippy::approx_constant,
    reason = "a fitted coefficient beside ln 2, not ln 2"
)]
const E: [f32; 5] = [
    0.693_147,
    0.240_222_42,
    0.055_507_34,
    0.009_671_513,
    0.001_326_472_7,
];

/// 10^(dB/10), not below [`FLOOR_POWER`], within [`POWER_ERROR`]: the inverse of
/// [`power_to_db`].
///
/// NaN and everything below [`FLOOR_DBFS`] give the floor, everything above 380 dB gives 1e38.
/// Straight arithmetic without a branch, so that loops over it become vector code.
///
/// ```
/// use soundfall_dsp::level::db_to_power;
/// assert_eq!(db_to_power(0.0), 1.0);
/// assert!((db_to_power(-30.0) - 1e-3).abs() < 1e-8);
/// assert!((db_to_power(f32::NAN) / 1e-20 - 1.0).abs() < 1e-5);
/// ```
#[inline(always)]
#[must_use]
pub fn db_to_power(db: f32) -> f32 {
    /// log₂(10)/10: octaves of power a decibel has.
    const LOG2_PER_DB: f32 = 0.332_192_8;
    /// Adding it leaves no bits behind the point: rounds to the nearest integer.
    const ROUNDS: f32 = 12_582_912.0;
    // Written so that NaN takes the floor, and as the vector instructions do it.
    let db = if db > FLOOR_DBFS { db } else { FLOOR_DBFS };
    let db = if db < MAX_DB { db } else { MAX_DB };
    let octaves = db * LOG2_PER_DB;
    let rounded = octaves + ROUNDS;
    let f = octaves - (rounded - ROUNDS);
    let f2 = f * f;
    let e = (E[0] + E[1] * f) + f2 * ((E[2] + E[3] * f) + f2 * E[4]);
    // The integer stands in the lowest bits of the mantissa; up it goes to be an exponent.
    let whole = rounded.to_bits() as i32 - ROUNDS.to_bits() as i32;
    let scale = f32::from_bits(((whole + 127) << 23) as u32);
    let power = (1.0 + f * e) * scale;
    if power > FLOOR_POWER {
        power
    } else {
        FLOOR_POWER
    }
}

/// 10·log₁₀(power) in full precision, not below [`FLOOR_DBFS`]; NaN gives the floor.
#[must_use]
pub fn power_to_db_exact(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fused_and_plain_arithmetic_agree_within_the_error() {
        let mut bits = FLOOR_POWER.to_bits();
        while bits < 1e20f32.to_bits() {
            let power = f32::from_bits(bits);
            let (plain, fused) = (power_to_db(power), power_to_db_with::<true>(power));
            assert!((plain - fused).abs() < 5e-5, "{power}: {plain} {fused}");
            let exact = power_to_db_exact(f64::from(power));
            assert!(
                (f64::from(fused) - exact).abs() < f64::from(DB_ERROR),
                "{power}"
            );
            bits += 40_009;
        }
        assert_eq!(power_to_db_with::<true>(1.0), 0.0);
        assert_eq!(power_to_db_with::<true>(f32::NAN), FLOOR_DBFS);
    }
}
