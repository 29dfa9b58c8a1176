//! The score of the demo: sixty seconds, 24 bars at 96 beats a minute, as a list of notes.
//!
//! The notes and their times; `demo` synthesises them.

/// Length of the piece in seconds.
pub(super) const SECS: f64 = 60.0;
const BEAT: f64 = 60.0 / 96.0;
const BAR: f64 = 4.0 * BEAT;

/// Who plays a note; also the groups that channels bring to the front.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Timbre {
    /// Slow chord tones whose brightness wanders through their partials.
    Pad,
    /// Deep and round.
    Bass,
    /// String-like, high partials die first.
    Pluck,
    /// Inharmonic partials that ring long.
    Bell,
    /// One sine that glides to this frequency.
    Glide(f64),
    /// A band of noise whose middle moves to this frequency.
    Swell(f64),
    /// A falling thump.
    Kick,
    /// A short burst of high noise.
    Hat,
    /// Pure tones high up, trembling.
    Shimmer,
}

impl Timbre {
    /// Number of groups.
    pub(super) const GROUPS: usize = 8;

    /// The group it belongs to.
    pub(super) fn group(self) -> usize {
        match self {
            Self::Pad => 0,
            Self::Pluck => 1,
            Self::Bell => 2,
            Self::Glide(_) => 3,
            Self::Bass => 4,
            Self::Swell(_) => 5,
            Self::Kick | Self::Hat => 6,
            Self::Shimmer => 7,
        }
    }
}

/// One note.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    /// Start in seconds.
    pub(super) at: f64,
    /// Length in seconds.
    pub(super) secs: f64,
    /// Frequency in Hz.
    pub(super) hz: f64,
    /// Amplitude, 0..1.
    pub(super) level: f32,
    /// 0 left, 1 right.
    pub(super) side: usize,
    /// Who plays it.
    pub(super) timbre: Timbre,
}

/// Chord tones as MIDI keys, low to high: bass first.
const CHORDS: [[u8; 6]; 12] = [
    [33, 45, 52, 59, 60, 64], // A minor 9
    [29, 41, 52, 57, 60, 67], // F major 9
    [36, 48, 55, 62, 64, 67], // C add 9
    [31, 43, 50, 59, 64, 69], // G 6/9
    [33, 45, 52, 59, 60, 64],
    [29, 41, 52, 57, 60, 67],
    [26, 38, 53, 57, 60, 64], // D minor 9
    [28, 40, 52, 57, 62, 71], // E 7 sus 4
    [33, 45, 57, 59, 60, 64],
    [29, 41, 57, 60, 64, 67],
    [36, 48, 55, 62, 64, 71], // C major 9
    [33, 45, 52, 57, 64, 71], // A, open
];

fn hz(key: u8) -> f64 {
    440.0 * ((f64::from(key) - 69.0) / 12.0).exp2()
}

/// Collects notes; the side of the next one alternates.
struct Writer {
    notes: Vec<Note>,
}

impl Writer {
    fn play(&mut self, timbre: Timbre, at: f64, secs: f64, hz: f64, level: f32) {
        let side = self.notes.len() % 2;
        self.notes.push(Note {
            at,
            secs,
            hz,
            level,
            side,
            timbre,
        });
    }

    /// Five-note pad under one chord.
    fn pad(&mut self, at: f64, secs: f64, chord: &[u8; 6], level: f32) {
        for (i, key) in chord[1..].iter().enumerate() {
            self.play(
                Timbre::Pad,
                at + 0.11 * i as f64,
                secs - 0.11 * i as f64,
                hz(*key),
                level,
            );
        }
    }

    /// Arpeggio in steps of `step` seconds; the pattern climbs and falls over two octaves.
    fn arpeggio(&mut self, at: f64, steps: usize, step: f64, chord: &[u8; 6], level: f32) {
        const PATTERN: [(usize, u8); 8] = [
            (1, 12),
            (3, 12),
            (5, 12),
            (2, 24),
            (4, 24),
            (5, 24),
            (3, 24),
            (4, 12),
        ];
        for i in 0..steps {
            let (tone, shift) = PATTERN[i % PATTERN.len()];
            let accent = if i % 4 == 0 { 1.0 } else { 0.7 };
            self.play(
                Timbre::Pluck,
                at + step * i as f64,
                1.6,
                hz(chord[tone] + shift),
                level * accent,
            );
        }
    }

    /// Kick on every beat, hats between, for a number of bars.
    fn groove(&mut self, at: f64, bars: usize, level: f32) {
        for beat in 0..bars * 4 {
            let at = at + BEAT * beat as f64;
            if beat % 2 == 0 {
                self.play(Timbre::Kick, at, 0.5, 46.0, level);
            }
            self.play(Timbre::Hat, at + BEAT / 2.0, 0.2, 9_500.0, 0.5 * level);
            if beat % 4 == 3 {
                self.play(Timbre::Hat, at + BEAT * 0.75, 0.15, 12_000.0, 0.35 * level);
            }
        }
    }

    /// Parallel glides that fan out (or in) between two pitches.
    fn fan(
        &mut self,
        at: f64,
        secs: f64,
        count: usize,
        from: (f64, f64),
        to: (f64, f64),
        level: f32,
    ) {
        for i in 0..count {
            let place = i as f64 / (count.max(2) - 1) as f64;
            let between = |(low, high): (f64, f64)| low * (high / low).powf(place);
            self.play(
                Timbre::Glide(between(to)),
                at + 0.04 * i as f64,
                secs,
                between(from),
                level,
            );
        }
    }
}

/// The whole piece, in order of time.
pub(super) fn notes() -> Vec<Note> {
    let mut w = Writer {
        notes: Vec::with_capacity(700),
    };
    let at = |bar: usize| BAR * bar as f64;
    opening(&mut w, at);
    groove(&mut w, at);
    rise(&mut w, at);
    climax(&mut w, at);
    ending(&mut w, at);
    w.notes.sort_by(|a, b| a.at.total_cmp(&b.at));
    w.notes
}

/// Bars 0–5: pads wake up, bells, first plucks.
fn opening(w: &mut Writer, at: impl Fn(usize) -> f64) {
    for (part, chord) in (0..3).zip(&CHORDS) {
        w.pad(at(2 * part), 5.6, chord, 0.05 + 0.012 * part as f32);
    }
    for (i, key) in [76u8, 83, 79, 88, 84, 91].into_iter().enumerate() {
        w.play(Timbre::Bell, 1.25 + 1.875 * i as f64, 5.0, hz(key), 0.07);
    }
    w.arpeggio(at(2), 8, BEAT, &CHORDS[1], 0.10);
    w.arpeggio(at(4), 16, BEAT / 2.0, &CHORDS[2], 0.12);
    w.play(Timbre::Swell(3_000.0), 3.0, 6.5, 500.0, 0.05);
    w.fan(at(4), 4.8, 5, (300.0, 1_200.0), (1_200.0, 9_000.0), 0.034);
}

/// Bars 6–11: bass and drums join.
fn groove(w: &mut Writer, at: impl Fn(usize) -> f64) {
    for (part, chord) in (3..6).zip(&CHORDS[3..]) {
        let start = at(2 * part);
        w.pad(start, 5.4, chord, 0.06);
        for beat in [0.0, 1.5, 3.0, 4.0, 5.5, 7.0] {
            w.play(Timbre::Bass, start + BEAT * beat, 1.2, hz(chord[0]), 0.22);
        }
        w.groove(start, 2, if part == 3 { 0.22 } else { 0.34 });
        w.arpeggio(start, 32, BEAT / 4.0, chord, 0.11);
        w.play(Timbre::Swell(6_000.0), start, 5.0, 800.0, 0.05);
    }
    for (i, key) in [88u8, 95, 91, 100].into_iter().enumerate() {
        w.play(
            Timbre::Bell,
            at(10) + 2.0 * BEAT * i as f64,
            4.0,
            hz(key),
            0.06,
        );
    }
    // Crossing glides.
    w.fan(at(8), 9.0, 4, (200.0, 800.0), (6_000.0, 14_000.0), 0.032);
    w.fan(at(8), 9.0, 4, (6_000.0, 14_000.0), (200.0, 800.0), 0.032);
}

/// Bars 12–15: breath, then everything rises into a moment of silence.
fn rise(w: &mut Writer, at: impl Fn(usize) -> f64) {
    w.pad(at(12), 5.4, &CHORDS[6], 0.07);
    for (i, key) in [96u8, 98, 100, 103, 105, 108, 110, 112]
        .into_iter()
        .enumerate()
    {
        w.play(
            Timbre::Shimmer,
            at(12) + BEAT * i as f64,
            2.2,
            hz(key),
            0.03,
        );
    }
    w.play(Timbre::Bell, at(12), 6.0, hz(62), 0.14);
    w.play(Timbre::Bell, at(13), 6.0, hz(69), 0.12);
    w.play(Timbre::Swell(900.0), at(12), 4.8, 7_000.0, 0.07);
    // Half a second before bar 16 all of this has stopped.
    let secs = 2.0 * BAR - 0.55;
    w.pad(at(14), secs, &CHORDS[7], 0.07);
    w.play(Timbre::Swell(11_000.0), at(14), secs, 300.0, 0.16);
    w.fan(
        at(14),
        secs - 0.4,
        9,
        (82.4, 330.0),
        (4_000.0, 15_000.0),
        0.036,
    );
    let mut step = BEAT / 2.0;
    let mut time = at(14);
    while time < at(16) - 0.7 {
        let near = ((time - at(14)) / (2.0 * BAR)) as f32;
        w.play(
            Timbre::Hat,
            time,
            0.12,
            3_000.0 + 7_000.0 * f64::from(near),
            0.10 + 0.25 * near,
        );
        step = (step * 0.955).max(BEAT / 16.0);
        time += step;
    }
}

/// Bars 16–21: all of it.
fn climax(w: &mut Writer, at: impl Fn(usize) -> f64) {
    w.play(Timbre::Kick, at(16), 1.4, 38.0, 0.5);
    w.play(Timbre::Swell(1_500.0), at(16), 3.5, 12_000.0, 0.22);
    for (part, chord) in (8..11).zip(&CHORDS[8..]) {
        let start = at(2 * part);
        w.pad(start, 5.4, chord, 0.085);
        for eighth in 0..16 {
            let level = if eighth % 3 == 0 { 0.24 } else { 0.13 };
            w.play(
                Timbre::Bass,
                start + BEAT / 2.0 * eighth as f64,
                0.7,
                hz(chord[0]),
                level,
            );
        }
        w.groove(start, 2, 0.4);
        w.arpeggio(start, 32, BEAT / 4.0, chord, 0.13);
        for i in 0..8u8 {
            let key = chord[2 + usize::from(i) % 4] + 48;
            w.play(
                Timbre::Shimmer,
                start + BEAT * f64::from(i),
                1.4,
                hz(key),
                0.022,
            );
        }
        for i in 0..4usize {
            let key = chord[2 + i] + 24;
            w.play(
                Timbre::Bell,
                start + 2.0 * BEAT * i as f64,
                4.0,
                hz(key),
                0.075,
            );
        }
    }
    w.fan(at(18), 5.0, 6, (150.0, 600.0), (5_000.0, 15_000.0), 0.03);
    w.fan(at(20), 5.4, 8, (5_000.0, 15_000.0), (110.0, 440.0), 0.03);
}

/// Bars 22–23: one great bell chord rings out.
fn ending(w: &mut Writer, at: impl Fn(usize) -> f64) {
    w.play(Timbre::Kick, at(22), 1.4, 38.0, 0.4);
    w.pad(at(22), 3.9, &CHORDS[11], 0.07);
    for (i, key) in [57u8, 64, 69, 76, 81, 88, 93].into_iter().enumerate() {
        w.play(
            Timbre::Bell,
            at(22) + 0.16 * i as f64,
            4.3 - 0.16 * i as f64,
            hz(key),
            0.075,
        );
    }
    w.play(Timbre::Swell(250.0), at(22), 3.6, 9_000.0, 0.08);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_fits_into_the_minute() {
        for note in notes() {
            assert!(
                note.at >= 0.0 && note.at + note.secs < SECS - 0.2,
                "{note:?}"
            );
            assert!(
                note.hz > 20.0 && note.hz < 16_000.0 && note.level > 0.0,
                "{note:?}"
            );
        }
    }

    #[test]
    fn a_silence_precedes_the_climax() {
        let start = BAR * 16.0;
        for note in notes() {
            let end = note.at + note.secs;
            assert!(
                end <= start - 0.1 || note.at >= start || note.at < BAR * 12.5,
                "{note:?}"
            );
        }
    }
}
