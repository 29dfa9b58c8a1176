//! The instruments on the screen: labels of peaks, curves along the front edge, and a strip of meters
//! beside the scene.

mod controls;
mod curves;
mod labels;
mod likeness;
mod loudness;
mod meters;
mod scope;
mod strip;

use bevy::prelude::*;
use bevy_egui::{EguiPlugin, EguiPrimaryContextPass};
use soundfall_systems::{
    backend::SharedBackend,
    instruments::{InstrumentChoice, InstrumentReadings, collect_instruments, send_instruments},
    analysis::{collect_jobs, schedule_jobs},
};

pub(crate) use controls::{instrument_section, press_instrument_keys};

use crate::{SoundfallSystems, annotate::show_messages, panel::show_panel};

/// Listens and shows what is chosen. Needs [`crate::SourcePlugin`], [`crate::SpectrumPlugin`],
/// [`crate::CameraPlugin`] and [`crate::WaterfallPlugin`].
pub struct InstrumentsPlugin;

impl Plugin for InstrumentsPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        app.init_resource::<SharedBackend>()
            .init_resource::<InstrumentChoice>()
            .init_resource::<InstrumentReadings>()
            .add_systems(
                Update,
                (
                    send_instruments
                        .in_set(SoundfallSystems::Schedule)
                        .after(schedule_jobs),
                    collect_instruments
                        .in_set(SoundfallSystems::Collect)
                        .after(collect_jobs),
                ),
            )
            .add_systems(
                EguiPrimaryContextPass,
                (curves::draw_curves, labels::draw_labels, strip::draw_strip)
                    .chain()
                    .after(show_messages)
                    .before(show_panel)
                    .in_set(SoundfallSystems::Ui),
            );
    }
}
