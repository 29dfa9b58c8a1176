//! The instruments in the panel, and their keys.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_dsp::instruments::Instrument;
use soundfall_systems::instruments::InstrumentChoice;

/// Keys that switch an instrument.
const KEYS: [(KeyCode, Instrument); 4] = [
    (KeyCode::KeyP, Instrument::Peaks),
    (KeyCode::KeyH, Instrument::Hold),
    (KeyCode::KeyM, Instrument::Meters),
    (KeyCode::KeyG, Instrument::Stereo),
];

/// Heeds the keys of the instruments; nobody is typing.
pub(crate) fn press_instrument_keys(keys: &ButtonInput<KeyCode>, choice: &mut InstrumentChoice) {
    for (key, one) in KEYS {
        if keys.just_pressed(key) {
            let shown = choice.shown.has(one);
            choice.shown.set(one, !shown);
        }
    }
}

/// The section of the panel. `channels` are those shown.
pub(crate) fn instrument_section(
    ui: &mut egui::Ui,
    choice: &mut InstrumentChoice,
    channels: &[u32],
) {
    egui::CollapsingHeader::new("Instruments")
        .default_open(false)
        .show(ui, |ui| {
            egui::Grid::new("instruments")
                .num_columns(2)
                .spacing([12.0, 7.0])
                .show(ui, |ui| rows(ui, choice, channels));
            ui.weak("P peaks \u{00b7} H hold \u{00b7} M meters \u{00b7} G stereo");
        });
}

fn rows(ui: &mut egui::Ui, choice: &mut InstrumentChoice, channels: &[u32]) {
    for two in Instrument::ALL.chunks(2) {
        for one in two {
            let mut shown = choice.shown.has(*one);
            if ui.checkbox(&mut shown, title(*one)).changed() {
                choice.shown.set(*one, shown);
            }
        }
        ui.end_row();
    }

    ui.label("A4");
    ui.add(
        egui::DragValue::new(&mut choice.a4_hz)
            .range(390.0..=490.0)
            .clamp_existing_to_range(false)
            .speed(0.1)
            .max_decimals(1)
            .suffix(" Hz"),
    );
    ui.end_row();

    ui.label("Averaged");
    ui.add(
        egui::DragValue::new(&mut choice.average_secs)
            .range(0.0..=60.0)
            .clamp_existing_to_range(false)
            .speed(0.05)
            .max_decimals(2)
            .suffix(" s"),
    );
    ui.end_row();

    ui.label("Held");
    ui.horizontal(|ui| {
        let mut falls = choice.hold_fall_db_per_sec.is_some();
        if ui.checkbox(&mut falls, "falls").changed() {
            choice.hold_fall_db_per_sec = falls.then_some(10.0);
        }
        if let Some(fall) = &mut choice.hold_fall_db_per_sec {
            ui.add(
                egui::DragValue::new(fall)
                    .range(1.0..=120.0)
                    .speed(0.2)
                    .max_decimals(0)
                    .suffix(" dB/s"),
            );
        }
    });
    ui.end_row();

    let first = channels.first().copied().unwrap_or(0);
    let second = channels.get(1).copied().unwrap_or(first);
    if channels.len() > 1 {
        ui.label("Pair");
        let (mut left, mut right) = choice.pair.unwrap_or((first, second));
        ui.horizontal(|ui| {
            let changed = channel_box(ui, "left", &mut left, channels)
                | channel_box(ui, "right", &mut right, channels);
            if changed {
                choice.pair = Some((left, right));
            }
        });
        ui.end_row();

        ui.label("Reference");
        let mut reference = choice.reference.unwrap_or(first);
        if channel_box(ui, "reference", &mut reference, channels) {
            choice.reference = Some(reference);
        }
        ui.end_row();
    }

    ui.label("Measured");
    if ui.button("start anew").clicked() {
        choice.restarts = choice.restarts.wrapping_add(1);
    }
    ui.end_row();
}

fn title(one: Instrument) -> &'static str {
    match one {
        Instrument::Peaks => "Peaks",
        Instrument::Average => "Average",
        Instrument::Hold => "Max hold",
        Instrument::Meters => "Meters",
        Instrument::Loudness => "Loudness",
        Instrument::Stereo => "Stereo",
        Instrument::Coherence => "Coherence",
    }
}

/// A menu of the channels shown; true where another one was chosen.
fn channel_box(ui: &mut egui::Ui, name: &str, channel: &mut u32, channels: &[u32]) -> bool {
    let before = *channel;
    egui::ComboBox::from_id_salt(name)
        .selected_text(format!("{}", *channel + 1))
        .width(44.0)
        .show_ui(ui, |ui| {
            for one in channels {
                ui.selectable_value(channel, *one, format!("{}", one + 1));
            }
        });
    *channel != before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_switch_on_and_off() {
        let mut choice = InstrumentChoice::default();
        for shown in [true, false] {
            let mut keys = ButtonInput::default();
            keys.press(KeyCode::KeyP);
            keys.press(KeyCode::KeyG);
            press_instrument_keys(&keys, &mut choice);
            assert_eq!(choice.shown.has(Instrument::Peaks), shown);
            assert_eq!(choice.shown.has(Instrument::Stereo), shown);
            assert!(!choice.shown.has(Instrument::Meters));
        }
    }
}
