//! The sheet of all keys and gestures.

use bevy::prelude::*;
use bevy_egui::{EguiContext, PrimaryEguiContext, egui};
use soundfall_settings::keys::{GESTURES, SHORTCUTS};

use super::{frame, style};

/// Whether it is shown.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySheet(pub bool);

/// Where there is less room than this the columns are under each other.
const BOTH_COLUMNS: f32 = 900.0;

pub(crate) fn show_sheet(
    mut contexts: Query<&mut EguiContext, With<PrimaryEguiContext>>,
    mut sheet: ResMut<KeySheet>,
) {
    if !sheet.0 {
        return;
    }
    let Ok(mut context) = contexts.single_mut() else {
        return;
    };
    let context = context.get_mut();
    style(context);
    let room = context.content_rect().shrink(24.0);
    let mut open = true;
    egui::Window::new("Keys and gestures")
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .collapsible(false)
        .resizable(false)
        .fade_in(false)
        .open(&mut open)
        .frame(frame().fill(egui::Color32::from_rgb(12, 17, 28)))
        .default_height(room.height())
        .max_height(room.height())
        .show(context, |ui| {
            egui::ScrollArea::vertical().show(ui, |ui| {
                let keys = SHORTCUTS.iter().map(|shortcut| {
                    let keys: Vec<_> = shortcut.keys().collect();
                    (keys.join("  "), shortcut.help)
                });
                let hands = GESTURES
                    .iter()
                    .map(|gesture| (gesture.hand.to_owned(), gesture.help));
                if room.width() > BOTH_COLUMNS {
                    ui.horizontal_top(|ui| {
                        column(ui, "hands", hands);
                        ui.add_space(18.0);
                        column(ui, "keys", keys);
                    });
                } else {
                    column(ui, "hands", hands);
                    ui.add_space(10.0);
                    column(ui, "keys", keys);
                }
            });
        });
    if !open {
        sheet.0 = false;
    }
}

fn column(ui: &mut egui::Ui, name: &str, lines: impl Iterator<Item = (String, &'static str)>) {
    egui::Grid::new(name)
        .num_columns(2)
        .spacing([16.0, 5.0])
        .show(ui, |ui| {
            for (what, help) in lines {
                ui.strong(what);
                ui.label(help);
                ui.end_row();
            }
        });
}
