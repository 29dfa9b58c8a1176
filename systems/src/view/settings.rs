//! What the user chose to see. Changing any of it never touches the samples.

use bevy_ecs::prelude::*;
use soundfall_dsp::colormap::Colormap;

/// At most this many channels are shown at once.
pub const MAX_CHANNELS: usize = 64;

/// How the picture is cut and coloured.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct View {
    /// Seconds of history from the front edge to the back.
    pub span_secs: f64,
    /// Level at the floor, dBFS.
    pub db_min: f32,
    /// Level at the top, dBFS.
    pub db_max: f32,
    /// Colours of the levels.
    pub colormap: Colormap,
    /// Channels shown, in order; indices into the ring.
    pub channels: Vec<u32>,
    /// Relief: 1 is the designed height.
    pub height_scale: f32,
    /// The control panel is open.
    pub panel: bool,
    /// The performance overlay is open.
    pub overlay: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            span_secs: 10.0,
            db_min: -90.0,
            db_max: -6.0,
            colormap: Colormap::Viridis,
            channels: vec![0],
            height_scale: 1.0,
            panel: true,
            overlay: false,
        }
    }
}
