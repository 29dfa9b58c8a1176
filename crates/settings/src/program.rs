//! Settings of the program itself: there is one of each, however many views there are.

use crate::declare::settings;
use crate::kind::{Control, Kind, Number, Unit, Unset};

settings! {
    /// What surrounds the picture, and how long it runs.
    #[cfg_attr(feature = "bevy", derive(bevy_ecs::prelude::Resource))]
    pub struct ProgramSettings in Program {
        /// Show the control panel.
        pub panel: bool = true, "panel", None, Redraw, Kind::Flag;
        /// Show the performance overlay.
        pub overlay: bool = false, "overlay", None, Redraw, Kind::Flag;
        /// Views move at once, without gliding.
        pub reduced_motion: bool = false, "reduced-motion", Some("Reduced motion"), Redraw, Kind::Flag;
        /// Size of the window or picture.
        pub size: (u32, u32) = (1600, 900), "size", None, Start, Kind::Size(64, 8192);
        /// Smooth edges (4 samples a pixel; up to 16.7 million pixels).
        pub smooth: bool = true, "smooth", None, Start, Kind::Flag;
        /// End after this time.
        pub seconds: Option<f64> = None, "seconds", None, Start, Kind::Optional(
            Unset { word: "never", meaning: "until it is closed", start: "10", switch: "ends" },
            &Kind::Number(Number::new(0.001, 1e9, Unit::Secs).shown(1, Control::Drag(1.0))),
        );
    }
}
