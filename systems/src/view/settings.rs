//! What the user chose to see. Changing any of it never touches the samples.

use bevy_ecs::prelude::*;
use soundfall_dsp::colormap::Colormap;

/// At most this many channels are shown at once.
pub const MAX_CHANNELS: usize = 64;

/// How a picture is cut and coloured.
#[derive(Component, Clone, Debug, PartialEq)]
pub struct ViewSettings {
    /// Seconds of history from the front edge to the back.
    pub span_secs: f64,
    /// Level at the floor, dBFS.
    pub db_min: f32,
    /// Level at the top, dBFS.
    pub db_max: f32,
    /// Colours of the levels.
    pub colormap: Colormap,
    /// Channels shown, in order; indices into the stream.
    pub channels: Vec<u32>,
    /// Height of the surface: 1 is the designed height.
    pub height_scale: f32,
}

impl Default for ViewSettings {
    fn default() -> Self {
        Self {
            span_secs: 10.0,
            db_min: -90.0,
            db_max: -6.0,
            colormap: Colormap::Viridis,
            channels: vec![0],
            height_scale: 1.0,
        }
    }
}

/// What the user chose about the program as a whole.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ProgramSettings {
    /// The control panel is open.
    pub panel: bool,
    /// The performance overlay is open.
    pub overlay: bool,
}

impl Default for ProgramSettings {
    fn default() -> Self {
        Self {
            panel: true,
            overlay: false,
        }
    }
}
