//! What the user chose about the instruments of a view. Changing it never touches the picture.

use bevy_ecs::prelude::*;
use soundfall_dsp::instruments::{Instrument, InstrumentSet};

/// Which instruments are shown, and how they measure.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct InstrumentChoice {
    /// What is shown. Nothing else is computed.
    pub shown: InstrumentSet,
    /// The tuning of A4 in Hz, for the names of notes.
    pub a4_hz: f64,
    /// The two ring channels of correlation and goniometer; the first two shown without a choice.
    pub pair: Option<(u32, u32)>,
    /// The ring channel that coherence is measured to; the first one shown without a choice.
    pub reference: Option<u32>,
    /// Time constant of averages, in seconds.
    pub average_secs: f64,
    /// How fast held maxima fall, in dB a second; none holds them for ever.
    pub hold_fall_db_per_sec: Option<f64>,
    /// Counts up when all measurements are to start anew.
    pub restarts: u32,
}

impl Default for InstrumentChoice {
    fn default() -> Self {
        Self {
            shown: InstrumentSet::NONE,
            a4_hz: 440.0,
            pair: None,
            reference: None,
            average_secs: 1.0,
            hold_fall_db_per_sec: None,
            restarts: 0,
        }
    }
}

impl InstrumentChoice {
    /// Whether anything stands in the strip beside the scene.
    #[must_use]
    pub fn wants_strip(&self) -> bool {
        self.shown.has_any(&[
            Instrument::Meters,
            Instrument::Loudness,
            Instrument::Stereo,
            Instrument::Coherence,
        ])
    }

    /// Places of the pair among the channels shown; none where one of them is not shown, or there
    /// is only one.
    #[must_use]
    pub fn pair_among(&self, channels: &[u32]) -> Option<(usize, usize)> {
        let place = |channel| channels.iter().position(|shown| *shown == channel);
        match self.pair {
            Some((left, right)) => Some((place(left)?, place(right)?)),
            None => (channels.len() > 1).then_some((0, 1)),
        }
    }

    /// Place of the reference among the channels shown; the first one where it is not shown.
    #[must_use]
    pub fn reference_among(&self, channels: &[u32]) -> usize {
        let wanted = self.reference;
        channels
            .iter()
            .position(|shown| Some(*shown) == wanted)
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_found_where_they_are_shown() {
        let mut choice = InstrumentChoice::default();
        assert_eq!(choice.pair_among(&[4]), None);
        assert_eq!(choice.pair_among(&[4, 7, 9]), Some((0, 1)));
        choice.pair = Some((9, 4));
        choice.reference = Some(7);
        assert_eq!(choice.pair_among(&[4, 7, 9]), Some((2, 0)));
        assert_eq!(choice.pair_among(&[4, 7]), None);
        assert_eq!(choice.reference_among(&[4, 7, 9]), 1);
        assert_eq!(choice.reference_among(&[4]), 0);
    }
}
