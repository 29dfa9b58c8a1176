//! Device sample formats as f32 in −1..1: one division by the format's full scale, unsigned ones centred first.
//!
//! Pure arithmetic, fit for a real-time callback.

use cpal::{I24, U24};

/// A sample format that a device may deliver.
pub trait ToF32: Copy {
    /// The sample as f32; the lowest value of an integer format is exactly −1.
    fn to_f32(self) -> f32;
}

macro_rules! convert {
    ($($format:ty: |$sample:ident| $value:expr;)*) => {$(
        impl ToF32 for $format {
            #[inline]
            fn to_f32(self) -> f32 {
                let $sample = self;
                $value
            }
        }
    )*};
}

convert! {
    i8: |s| f32::from(s) / 128.0;
    i16: |s| f32::from(s) / 32_768.0;
    I24: |s| s.inner() as f32 / 8_388_608.0;
    i32: |s| s as f32 / 2_147_483_648.0;
    i64: |s| s as f32 / 9_223_372_036_854_775_808.0;
    u8: |s| (f32::from(s) - 128.0) / 128.0;
    u16: |s| (f32::from(s) - 32_768.0) / 32_768.0;
    U24: |s| (s.inner() - 8_388_608) as f32 / 8_388_608.0;
    u32: |s| (i64::from(s) - 2_147_483_648) as f32 / 2_147_483_648.0;
    u64: |s| (s ^ (1 << 63)) as i64 as f32 / 9_223_372_036_854_775_808.0;
    f32: |s| s;
    f64: |s| s as f32;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn close(value: f32, expected: f32) {
        assert!(
            (value - expected).abs() < 1e-6,
            "{value} instead of {expected}"
        );
    }

    #[test]
    fn ends_and_middle_of_every_format() {
        for (low, middle, high) in [
            (
                i8::MIN.to_f32(),
                0i8.to_f32(),
                i8::MAX.to_f32() + 1.0 / 128.0,
            ),
            (
                i16::MIN.to_f32(),
                0i16.to_f32(),
                i16::MAX.to_f32() + 1.0 / 32_768.0,
            ),
            (
                I24::new(-8_388_608).unwrap().to_f32(),
                I24::new(0).unwrap().to_f32(),
                I24::new(8_388_607).unwrap().to_f32(),
            ),
            (i32::MIN.to_f32(), 0i32.to_f32(), i32::MAX.to_f32()),
            (i64::MIN.to_f32(), 0i64.to_f32(), i64::MAX.to_f32()),
            (
                u8::MIN.to_f32(),
                128u8.to_f32(),
                u8::MAX.to_f32() + 1.0 / 128.0,
            ),
            (
                u16::MIN.to_f32(),
                32_768u16.to_f32(),
                u16::MAX.to_f32() + 1.0 / 32_768.0,
            ),
            (
                U24::new(0).unwrap().to_f32(),
                U24::new(8_388_608).unwrap().to_f32(),
                U24::new(16_777_215).unwrap().to_f32(),
            ),
            (u32::MIN.to_f32(), (1u32 << 31).to_f32(), u32::MAX.to_f32()),
            (u64::MIN.to_f32(), (1u64 << 63).to_f32(), u64::MAX.to_f32()),
            ((-1.0f64).to_f32(), 0.0f64.to_f32(), 1.0f64.to_f32()),
            ((-1.0f32).to_f32(), 0.0f32.to_f32(), 1.0f32.to_f32()),
        ] {
            close(low, -1.0);
            close(middle, 0.0);
            close(high, 1.0);
        }
    }

    #[test]
    fn small_steps_survive() {
        assert_eq!(1i16.to_f32(), 1.0 / 32_768.0);
        assert_eq!(I24::new(-1).unwrap().to_f32(), -1.0 / 8_388_608.0);
        assert_eq!(((1u32 << 31) + 256).to_f32(), 256.0 / 2_147_483_648.0);
    }
}
