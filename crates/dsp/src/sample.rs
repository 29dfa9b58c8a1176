//! Which samples count as sound. Never scales, filters or limits: a sample passes or is zero.

/// Largest magnitude that counts as sound: 240 dB above full scale.
///
/// It keeps every sum, product and transform in this crate finite in `f32`.
pub const LARGEST: f32 = 1e12;

/// Smallest magnitude that counts as sound: −300 dBFS.
///
/// That is 100 dB below the floor of every result, and keeps subnormal numbers, on which
/// processors are slow, out of the transforms.
pub const SMALLEST: f32 = 1e-15;

/// Whether `x` is a number that a sample can be: neither NaN nor infinite nor above [`LARGEST`].
///
/// ```
/// use soundfall_dsp::sample::is_valid;
/// assert!(is_valid(-0.25) && is_valid(0.0));
/// assert!(!is_valid(f32::NAN) && !is_valid(f32::INFINITY) && !is_valid(-1e13));
/// ```
#[inline(always)]
#[must_use]
pub fn is_valid(x: f32) -> bool {
    x.abs() <= LARGEST
}

/// `x` where it is a sample, 0 where it is NaN, infinite, above [`LARGEST`] or below [`SMALLEST`].
///
/// ```
/// use soundfall_dsp::sample::clean;
/// assert_eq!(clean(-0.25), -0.25);
/// assert_eq!(clean(f32::NAN), 0.0);
/// assert_eq!(clean(f32::INFINITY), 0.0);
/// ```
#[inline(always)]
#[must_use]
pub fn clean(x: f32) -> f32 {
    let magnitude = x.abs();
    // `&`, not `&&`: one vector mask instead of a branch. NaN fails both comparisons.
    #[allow(
        clippy::manual_range_contains,
        reason = "`contains` branches, and loops over this must become vector code"
    )]
    if (magnitude <= LARGEST) & (magnitude >= SMALLEST) {
        x
    } else {
        0.0
    }
}
