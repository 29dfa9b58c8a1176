//! Notes, cents and octaves.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use soundfall_dsp::note::Note;

#[test]
fn known_notes() {
    for (hz, a4, text) in [
        (440.0, 440.0, "A4"),
        (27.5, 440.0, "A0"),
        (4186.009, 440.0, "C8"),
        (442.0, 442.0, "A4"),
        (442.0, 440.0, "A4 +8 ct"),
        (466.1638, 440.0, "A♯4"),
        (16.3516, 440.0, "C0"),
        (15.4339, 440.0, "B-1"),
    ] {
        assert_eq!(Note::nearest(hz, a4).unwrap().to_string(), text, "{hz}");
    }
    for hz in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Note::nearest(hz, 440.0), None);
        assert_eq!(Note::nearest(440.0, hz), None);
    }
}

proptest! {
    #[test]
    fn note_and_cents_give_the_frequency_back(hz in 1e-3f64..1e6, a4 in 400.0f64..480.0) {
        let note = Note::nearest(hz, a4).unwrap();
        prop_assert!(note.cents.abs() <= 50.0 + 1e-9);
        let back = note.hz(a4) * (note.cents / 1200.0).exp2();
        prop_assert!((back / hz - 1.0).abs() < 1e-9);
    }

    #[test]
    fn any_frequency_is_survived(hz in any::<f64>(), a4 in any::<f64>()) {
        if let Some(note) = Note::nearest(hz, a4) {
            prop_assert!(!note.to_string().is_empty());
        }
    }
}
