//! The instruments: what listens beside the picture, and how it is painted: labels of peaks, curves
//! along the front edge, and a strip of meters beside the scene.

mod coherence;
mod curves;
mod labels;
mod loudness;
mod meters;
mod plate;
mod scope;
mod strip;

pub(crate) use strip::{draw_strip, wants_strip};

use bevy::prelude::*;
use bevy_egui::{EguiPlugin, EguiPrimaryContextPass};
use soundfall_systems::{
    analysis::{collect_jobs, schedule_jobs},
    backend::SharedBackend,
    instruments::{collect_instruments, send_instruments},
};

use crate::{Soundfall, SoundfallSystems, annotate::show_messages};

/// Measures what is chosen for every view ([`soundfall_systems::instruments::InstrumentChoice`]).
/// Needs [`crate::StreamPlugin`].
pub struct InstrumentsPlugin;

impl Plugin for InstrumentsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<SharedBackend>().add_systems(
            Soundfall,
            (
                send_instruments
                    .in_set(SoundfallSystems::Schedule)
                    .after(schedule_jobs),
                collect_instruments
                    .in_set(SoundfallSystems::Collect)
                    .after(collect_jobs),
            ),
        );
    }
}

/// Paints what [`InstrumentsPlugin`] measures. Needs [`crate::AnnotatePlugin`].
pub struct InstrumentPaintPlugin;

impl Plugin for InstrumentPaintPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        app.add_systems(
            EguiPrimaryContextPass,
            (curves::draw_curves, labels::draw_labels, draw_strip)
                .chain()
                .after(show_messages)
                .in_set(SoundfallSystems::Ui),
        );
    }
}
