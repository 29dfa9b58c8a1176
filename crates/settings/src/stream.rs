//! Settings of what is captured or played. Which device, file or signal it is, is no setting.

use crate::declare::settings;
use crate::kind::{Control, Kind, Number, Unit, Unset};

settings! {
    /// The shape of a stream, and how much of it is kept.
    pub struct StreamSettings in Stream {
        /// Channels to capture.
        pub channels: Option<u32> = None, "channels", None, Start, Kind::Optional(
            Unset { word: "auto", meaning: "those of the source", start: "2", switch: "chosen" },
            &Kind::Number(Number::new(1.0, 256.0, Unit::None).whole()),
        );
        /// Sample rate.
        pub sample_rate: Option<u32> = None, "rate", None, Start, Kind::Optional(
            Unset { word: "auto", meaning: "that of the source", start: "48000", switch: "chosen" },
            &Kind::Number(Number::new(1000.0, 768_000.0, Unit::Hz).whole()),
        );
        /// Length of the history that is kept.
        pub history_secs: f64 = 30.0, "history", None, Start,
            Kind::Number(Number::new(0.1, 86_400.0, Unit::Secs).shown(1, Control::LogSlider));
        /// Speed of a file (1 is real time).
        pub speed: f64 = 1.0, "speed", None, Start,
            Kind::Number(Number::new(0.01, 1000.0, Unit::None).shown(2, Control::LogSlider));
    }
}
