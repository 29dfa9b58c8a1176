#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod annotate;
mod camera;
pub mod host;
mod instruments;
mod overlay;
mod panel;
mod schedule;
mod source;
mod spectrum;
mod upload;
mod waterfall;
mod waveform;

pub use annotate::AnnotatePlugin;
pub use camera::{CameraPlugin, SceneCamera};
pub use instruments::InstrumentsPlugin;
pub use overlay::OverlayPlugin;
pub use panel::PanelPlugin;
pub use schedule::{SoundfallSystems, SchedulePlugin};
pub use source::SourcePlugin;
pub use spectrum::SpectrumPlugin;
pub use upload::UploadPlugin;
pub use waterfall::WaterfallPlugin;
pub use waveform::WaveformPlugin;

use bevy::app::{PluginGroup, PluginGroupBuilder};

/// The whole display. Needs Bevy's base plugins, as [`host`] adds them.
pub struct SoundfallPlugins;

impl PluginGroup for SoundfallPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(SchedulePlugin)
            .add(SourcePlugin)
            .add(SpectrumPlugin)
            .add(UploadPlugin)
            .add(WaterfallPlugin)
            .add(WaveformPlugin)
            .add(CameraPlugin)
            .add(AnnotatePlugin)
            .add(InstrumentsPlugin)
            .add(PanelPlugin)
            .add(OverlayPlugin)
    }
}
