//! Settings of a view: what part of the analysis is seen, and how it is coloured.

use soundfall_dsp::colormap::Colormap;

use crate::declare::settings;
use crate::kind::{Control, Kind, Names, Number, Unit};

/// At most this many channels are shown at once.
pub const MAX_CHANNELS: usize = 64;

settings! {
    /// How the picture is cut and coloured. Changing any of it never touches the samples.
    /// Channels are those of the stream, counted from 0 (in texts from 1).
    #[cfg_attr(feature = "bevy", derive(bevy_ecs::prelude::Component))]
    pub struct ViewSettings in View {
        /// Time from the front edge to the back.
        pub span_secs: f64 = 10.0, "span", Some("Shown"), Rows,
            Kind::Number(Number::new(0.05, 3600.0, Unit::Secs).shown(1, Control::LogSlider));
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

const LEVEL: Kind = Kind::Number(Number::new(-160.0, 24.0, Unit::Dbfs).shown(0, Control::Slider));
