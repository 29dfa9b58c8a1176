//! Settings of a view: what part of the analysis is seen, and how it is coloured.

use soundfall_dsp::colormap::Colormap;

use crate::declare::settings;
use crate::kind::{Control, Kind, Names, Number, Unit, Unset};

/// At most this many channels are shown at once.
pub const MAX_CHANNELS: usize = 64;

/// The shortest time that is shown: ten samples at 192 kHz.
pub const MIN_SPAN_SECS: f64 = 0.000_05;

/// The longest time that is shown: a day.
pub const MAX_SPAN_SECS: f64 = 86_400.0;

settings! {
    /// How the picture is cut and coloured. Changing any of it never touches the samples.
    /// Channels are those of the stream, counted from 0 (in texts from 1).
    #[cfg_attr(feature = "bevy", derive(bevy_ecs::prelude::Component))]
    pub struct ViewSettings in View {
        /// Time from the front edge to the back.
        pub span_secs: f64 = 10.0, "span", Some("Shown"), Rows,
            Kind::Number(Number::new(MIN_SPAN_SECS, MAX_SPAN_SECS, Unit::Secs).shown(1, Control::LogSlider));
        /// Lowest frequency shown, where that is less than what is analysed.
        pub low_hz: Option<f64> = None, "low", None, Redraw, band("the lower end of the range", "100");
        /// Highest frequency shown, where that is less than what is analysed.
        pub high_hz: Option<f64> = None, "high", None, Redraw, band("the upper end of the range", "1000");
        /// Level at the floor.
        pub db_min: f32 = -90.0, "db-min", Some("Floor"), Redraw, LEVEL;
        /// Level at the top.
        pub db_max: f32 = -6.0, "db-max", Some("Top"), Redraw, LEVEL;
        /// Colours of the levels.
        pub colormap: Colormap = Colormap::Viridis, "colormap", Some("Colours"), Redraw,
            Kind::OneOf(Names {
                names: &Colormap::NAMES,
                offered: &Colormap::NAMES,
                titles: &Colormap::NAMES,
                help: &Colormap::HELP,
            });
        /// Curve of the colours over the range: above 1 only the loudest is bright, below 1 the quiet too.
        pub gamma: f32 = 1.0, "gamma", Some("Gamma"), Redraw,
            Kind::Number(Number::new(0.25, 4.0, Unit::None).shown(2, Control::LogSlider));
        /// Height of the surfaces (1 is as designed).
        pub height_scale: f32 = 1.0, "height-scale", Some("Relief"), Redraw,
            Kind::Number(Number::new(0.05, 2.5, Unit::None).shown(2, Control::Slider));
        /// Channels shown, in order.
        pub channels: Vec<u32> = vec![0], "channel", None, Rows, Kind::Channels(MAX_CHANNELS);
    }
    rules { "db-min" + 6.0 <= "db-max"; }
}

const fn band(meaning: &'static str, start: &'static str) -> Kind {
    const HZ: Kind =
        Kind::Number(Number::new(0.0, 384_000.0, Unit::Hz).shown(0, Control::Drag(5.0)));
    Kind::Optional(
        Unset {
            word: "range",
            meaning,
            start,
            switch: "part",
        },
        &HZ,
    )
}

const LEVEL: Kind = Kind::Number(Number::new(-160.0, 24.0, Unit::Dbfs).shown(0, Control::Slider));
