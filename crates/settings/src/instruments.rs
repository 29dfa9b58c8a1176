//! Settings of the instruments of a view: what is measured beside the picture.

use soundfall_dsp::instruments::{Instrument, InstrumentSet};

use crate::declare::settings;
use crate::kind::{Control, Kind, Names, Number, Unit, Unset};

settings! {
    /// Which instruments are shown, and how they measure. Changing it never touches the picture.
    /// Channels are those of the stream, counted from 0 (in texts from 1).
    #[cfg_attr(feature = "bevy", derive(bevy_ecs::prelude::Component))]
    pub struct InstrumentChoice in Instruments {
        /// Instruments shown.
        pub shown: InstrumentSet = InstrumentSet::NONE, "show", Some("Instruments"), Redraw,
            Kind::SomeOf(Names {
                names: &Instrument::NAMES,
                offered: &Instrument::NAMES,
                titles: &Instrument::TITLES,
                help: &Instrument::HELP,
            });
        /// Frequency of A4, for the names of notes.
        pub a4_hz: f64 = 440.0, "a4", Some("A4"), Nothing,
            Kind::Number(Number::new(380.0, 500.0, Unit::Hz).shown(1, Control::Drag(0.1)));
        /// Time constant of averages.
        pub average_secs: f64 = 1.0, "average", Some("Averaged"), Nothing,
            Kind::Number(Number::new(0.0, 60.0, Unit::Secs).shown(2, Control::Drag(0.05)));
        /// How fast held maxima fall.
        pub hold_fall_db_per_sec: Option<f64> = None, "hold-fall", Some("Held"), Nothing,
            Kind::Optional(
                Unset { word: "off", meaning: "held for ever", start: "10", switch: "falls" },
                &Kind::Number(Number::new(1.0, 120.0, Unit::DbPerSec).shown(0, Control::Drag(0.2))),
            );
        /// Two channels for phase correlation and goniometer.
        pub pair: Option<(u32, u32)> = None, "pair", Some("Pair"), Nothing, Kind::Optional(
            Unset { word: "auto", meaning: "the first two shown", start: "1,2", switch: "chosen" },
            &Kind::Pair,
        );
        /// The channel that coherence is measured to.
        pub reference: Option<u32> = None, "reference", Some("Reference"), Nothing, Kind::Optional(
            Unset { word: "auto", meaning: "the first one shown", start: "1", switch: "chosen" },
            &Kind::Channel,
        );
    }
    state {
        /// Counts up when all measurements are to start anew.
        pub restarts: u32 = 0;
    }
}

impl InstrumentChoice {
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
