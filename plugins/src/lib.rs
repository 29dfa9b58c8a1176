#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod analysis;
mod annotate;
mod diagnostics;
mod explore;
pub mod host;
mod instruments;
mod key_codes;
mod layout;
mod material;
mod overlay;
mod panel;
mod projection;
mod schedule;
mod shaders;
mod stream;
mod upload;
mod waterfall;
mod waveform;

pub use analysis::AnalysisPlugin;
pub use annotate::{AnnotatePlugin, LabelContext};
pub use diagnostics::DiagnosticsPlugin;
pub use explore::ExplorePlugin;
pub use instruments::{InstrumentPaintPlugin, InstrumentsPlugin};
pub use layout::LayoutPlugin;
pub use overlay::OverlayPlugin;
pub use panel::PanelPlugin;
pub use projection::{CameraOf, ViewCamera};
pub use schedule::{SchedulePlugin, Soundfall, SoundfallSystems, run_soundfall};
pub use stream::StreamPlugin;
pub use upload::{MAX_VIEWS, UploadPlugin};
pub use waterfall::{ColormapTables, WaterfallPlugin};
pub use waveform::{LaneStrip, WaveformPlugin};

/// What an app needs to show a sound.
pub mod prelude {
    pub use crate::SoundfallPlugins;
    pub use soundfall_systems::{
        analysis::{Analysis, AnalysisOf, AnalysisSettings},
        stream::{History, Recording, RingHistory, SharedHistory, Stream},
        view::{Follow, TimeWindow, View, ViewOf, ViewSettings},
    };
}

use bevy::app::{PluginGroup, PluginGroupBuilder, Update};
use bevy::ecs::schedule::{InternedScheduleLabel, ScheduleLabel};

/// Streams, analyses and views in any Bevy app with a 3D renderer. Adds no camera, no key and no
/// window, and leaves the host's schedules as they are but for one system.
pub struct SoundfallPlugins {
    host: InternedScheduleLabel,
}

impl SoundfallPlugins {
    /// Runs soundfall's own schedule once a display frame, in this schedule of the host.
    pub fn new(host: impl ScheduleLabel) -> Self {
        Self {
            host: host.intern(),
        }
    }
}

impl Default for SoundfallPlugins {
    fn default() -> Self {
        Self::new(Update)
    }
}

impl PluginGroup for SoundfallPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(SchedulePlugin::new(self.host))
            .add(StreamPlugin)
            .add(AnalysisPlugin)
            .add(UploadPlugin)
            .add(WaterfallPlugin)
            .add(WaveformPlugin)
            .add(InstrumentsPlugin)
    }
}

/// What makes a program of it: a window divided among the views, cameras, labels, panel, keys and
/// figures. Needs [`SoundfallPlugins`] and a [`host::Target`].
pub struct ProgramPlugins;

impl PluginGroup for ProgramPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(DiagnosticsPlugin)
            .add(LayoutPlugin)
            .add(ExplorePlugin)
            .add(AnnotatePlugin)
            .add(InstrumentPaintPlugin)
            .add(PanelPlugin)
            .add(OverlayPlugin)
    }
}
