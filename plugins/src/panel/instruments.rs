//! The instruments in the panel.

use bevy_egui::egui;
use soundfall_settings::keys::{Action, hints};
use soundfall_systems::instruments::InstrumentChoice;

use super::rows::{Channels, rows};

/// The section of the panel.
pub(super) fn instrument_section(
    ui: &mut egui::Ui,
    choice: &mut InstrumentChoice,
    channels: Channels<'_>,
) {
    egui::CollapsingHeader::new("Instruments")
        .default_open(false)
        .show(ui, |ui| {
            egui::Grid::new("instruments")
                .num_columns(2)
                .spacing([12.0, 7.0])
                .show(ui, |ui| {
                    rows(ui, choice, channels);
                    ui.label("Measured");
                    if ui.button("start anew").clicked() {
                        choice.restarts = choice.restarts.wrapping_add(1);
                    }
                    ui.end_row();
                });
            ui.weak(hints(|action| {
                matches!(action, Action::ToggleInstrument(_))
            }));
        });
}
