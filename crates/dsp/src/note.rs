//! Frequencies to notes of the twelve-tone equal temperament. Never guesses a key: sharps only.

use std::fmt;

/// The note nearest to a frequency. `Display` writes `A4`, or `A4 +12 ct` when off by a cent or
/// more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// MIDI number: 69 is A4, 60 is C4. May lie outside 0..=127.
    pub midi: i32,
    /// How far the frequency lies above the note, in hundredths of a semitone, −50..=50.
    pub cents: f64,
}

const NAMES: [&str; 12] = [
    "C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B",
];

impl Note {
    /// The note nearest to `hz` with A4 tuned to `a4_hz` (usually 440).
    ///
    /// None where a frequency is not a finite number above 0.
    ///
    /// ```
    /// use soundfall_dsp::note::Note;
    /// assert_eq!(Note::nearest(261.63, 440.0).unwrap().to_string(), "C4");
    /// assert_eq!(Note::nearest(446.0, 440.0).unwrap().to_string(), "A4 +23 ct");
    /// ```
    #[must_use]
    pub fn nearest(hz: f64, a4_hz: f64) -> Option<Self> {
        let valid = |f: f64| f.is_finite() && f > 0.0;
        if !(valid(hz) && valid(a4_hz)) {
            return None;
        }
        let semitones = 69.0 + 12.0 * (hz.log2() - a4_hz.log2());
        let midi = semitones.round();
        Some(Self {
            midi: midi as i32,
            cents: (semitones - midi) * 100.0,
        })
    }

    /// Letter with sharp, without octave.
    #[must_use]
    pub fn name(&self) -> &'static str {
        NAMES[self.midi.rem_euclid(12) as usize]
    }

    /// Octave in scientific pitch notation: C4 starts octave 4.
    #[must_use]
    pub fn octave(&self) -> i32 {
        self.midi.div_euclid(12) - 1
    }

    /// The exact frequency of the note in Hz.
    #[must_use]
    pub fn hz(&self, a4_hz: f64) -> f64 {
        a4_hz * ((f64::from(self.midi) - 69.0) / 12.0).exp2()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name(), self.octave())?;
        let cents = self.cents.round();
        if cents == 0.0 {
            return Ok(());
        }
        write!(f, " {cents:+.0} ct")
    }
}
