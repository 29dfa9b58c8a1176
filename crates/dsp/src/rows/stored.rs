//! How a row stores a level: a half float, 0 at −160 dBFS and 1 at 0 dBFS.

/// The dB range a level is stored over: heights are normalised by it.
pub const STORED_DB_SPAN: f32 = 160.0;

/// What a row stores in a gap. As the bits of half floats it is above every
/// level, so that the maximum of two rows keeps it.
pub const HOLE: f32 = -1.0;

/// Bytes of one level in a row.
pub const LEVEL_BYTES: usize = 2;

/// Bits of [`HOLE`] as a half float.
pub(super) const HOLE_BITS: u16 = 0xbc00;

/// Level of a column with lost samples, while maxima are taken.
pub(super) const LOST: f32 = f32::INFINITY;

/// Level in dBFS as stored in a row: 0 at −160 dBFS, 1 at 0 dBFS, at most 1.25.
#[must_use]
pub fn stored_level(dbfs: f32) -> f32 {
    (1.0 + dbfs / STORED_DB_SPAN).clamp(0.0, 1.25)
}

/// The bits of the half float that stores a level in dBFS: rounded to nearest, within 0.04 dB of
/// the level. Levels within 0.01 dB of the floor count as the floor, +∞ stands for a hole.
#[inline(always)]
pub(crate) fn stored_bits(dbfs: f32) -> u16 {
    let level = 1.0 + dbfs * (1.0 / STORED_DB_SPAN);
    // Below the smallest normal half float; NaN too.
    let level = if level > 6.2e-5 { level } else { 0.0 };
    let level = if level < 1.25 { level } else { 1.25 };
    // Half floats have 13 bits less of mantissa and an exponent biased by 112 less.
    let bits = (level.to_bits() + 0x1000) >> 13;
    let bits = bits.saturating_sub(112 << 10) as u16;
    if dbfs == LOST { HOLE_BITS } else { bits }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    /// Against the crate `half`, over all levels there are.
    #[test]
    fn levels_are_packed_as_half_floats() {
        for i in 0..500_000 {
            let dbfs = -205.0 + i as f32 * 0.0005;
            let ours = f16::from_bits(stored_bits(dbfs)).to_f32();
            let exact = stored_level(dbfs);
            let step = if exact < 0.01 {
                7e-5
            } else {
                2.6e-4 * exact.max(0.25) * 2.0
            };
            assert!((ours - exact).abs() <= step, "{dbfs} dBFS: {ours} {exact}");
            if exact > 1e-4 {
                // One rounding more or less, since the level itself is rounded differently.
                let theirs = f16::from_f32(exact).to_bits();
                assert!(stored_bits(dbfs).abs_diff(theirs) <= 1, "{dbfs}");
            }
        }
        assert_eq!(stored_bits(f32::NAN), 0);
        assert_eq!(stored_bits(f32::NEG_INFINITY), 0);
        assert_eq!(f16::from_bits(stored_bits(1e9)).to_f32(), 1.25);
        assert_eq!(f16::from_bits(stored_bits(LOST)).to_f32(), HOLE);
        assert_eq!(f16::from_bits(stored_bits(0.0)).to_f32(), 1.0);
    }
}
