//! The fast logarithm against the exact one, over everything a power can be.

use soundfall_dsp::level::{
    DB_ERROR, FLOOR_DBFS, amplitude_to_db, db_to_amplitude, power_to_db, power_to_db_exact,
};

#[test]
fn the_error_is_within_its_statement_over_all_exponents() {
    let mut worst = 0.0f64;
    let mut bits = 1e-20f32.to_bits();
    while bits < f32::INFINITY.to_bits() {
        let power = f32::from_bits(bits);
        let exact = power_to_db_exact(f64::from(power));
        worst = worst.max((f64::from(power_to_db(power)) - exact).abs());
        bits += 2003; // prime: every part of the mantissa is met
    }
    assert!(worst < f64::from(DB_ERROR), "{worst}");
}

#[test]
fn it_rises_except_for_rounding() {
    let mut before = FLOOR_DBFS;
    let mut bits = 1e-20f32.to_bits();
    while bits < 1e20f32.to_bits() {
        let db = power_to_db(f32::from_bits(bits));
        assert!(db >= before - 2.0 * DB_ERROR);
        before = db;
        bits += 20_011;
    }
}

#[test]
fn extremes_are_finite() {
    assert_eq!(power_to_db(1.0), 0.0);
    for power in [
        0.0,
        -0.0,
        -1.0,
        f32::NAN,
        f32::NEG_INFINITY,
        1e-30,
        f32::from_bits(1),
    ] {
        assert_eq!(power_to_db(power), FLOOR_DBFS, "{power}");
    }
    assert!(power_to_db(f32::INFINITY).is_finite());
    assert!(power_to_db(f32::MAX).is_finite());
    assert_eq!(power_to_db_exact(f64::NAN), -200.0);
    assert_eq!(amplitude_to_db(f64::NAN), -200.0);
    assert_eq!(amplitude_to_db(0.0), -200.0);
    assert!((db_to_amplitude(amplitude_to_db(0.125)) - 0.125).abs() < 1e-15);
}
