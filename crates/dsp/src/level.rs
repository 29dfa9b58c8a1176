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
