//! Rows of the panel, made from the table of settings: what a setting is says which control it
//! gets. Everything goes through the table's own reading and writing, so a control can give no value
//! that another way of setting refuses.

use bevy_egui::egui;
use soundfall_settings::{Control, Info, Kind, Names, Number, Setting, SettingsTable, Unset};

/// What controls of channels choose among.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channels<'a> {
    /// Those shown, indices into the stream.
    pub(super) shown: &'a [u32],
    /// How many the stream has.
    pub(super) there: u32,
}

/// A row for each setting that has one, in a grid of two columns.
pub(super) fn rows<S: SettingsTable>(ui: &mut egui::Ui, settings: &mut S, channels: Channels<'_>) {
    for (place, setting) in S::TABLE.iter().enumerate() {
        let Some(label) = setting.info.label.filter(|label| !label.is_empty()) else {
            continue;
        };
        if needs_two(&setting.info.kind) && channels.shown.len() < 2 {
            continue;
        }
        if let Kind::SomeOf(names) = setting.info.kind {
            check_boxes(ui, settings, setting, &names);
            continue;
        }
        ui.label(label)
            .on_hover_text(setting.info.help_with_range());
        let mates = S::TABLE[place + 1..]
            .iter()
            .take_while(|mate| mate.info.label == Some(""));
        match mates.count() {
            0 => control(ui, settings, setting, channels, true),
            count => {
                ui.horizontal(|ui| {
                    for (nth, one) in S::TABLE[place..=place + count].iter().enumerate() {
                        control(ui, settings, one, channels, nth == count);
                    }
                });
            }
        }
        ui.end_row();
    }
}

/// Whether there is anything to choose only among several channels.
fn needs_two(kind: &Kind) -> bool {
    matches!(kind.inner(), Kind::Channel | Kind::Pair)
}

/// The control of a setting; with its unit where `with_unit`.
pub(super) fn control<S: SettingsTable>(
    ui: &mut egui::Ui,
    settings: &mut S,
    setting: &Setting<S>,
    channels: Channels<'_>,
    with_unit: bool,
) {
    let before = setting.get(settings);
    let limits = settings.limits(setting).unwrap_or_default();
    let row = Row {
        info: &setting.info,
        limits,
        channels,
        with_unit,
    };
    if let Some(text) = row.draw(ui, &setting.info.kind, &before) {
        // Within the range of the table; what is not is not set.
        let _ = setting.set(settings, &text);
    }
}

/// What a control has to know.
struct Row<'a> {
    info: &'a Info,
    limits: (f64, f64),
    channels: Channels<'a>,
    with_unit: bool,
}

impl Row<'_> {
    /// Draws the control over a value; gives the new value, as text, where the user made one.
    fn draw(&self, ui: &mut egui::Ui, kind: &Kind, before: &str) -> Option<String> {
        match kind {
            Kind::Number(number) => self.number(ui, number, before),
            Kind::Flag => {
                let mut on = before == "on";
                let changed = ui.checkbox(&mut on, "").changed();
                changed.then(|| if on { "on" } else { "off" }.to_owned())
            }
            Kind::OneOf(names) => self.menu(ui, names.offered.iter().zip(names.titles), before),
            Kind::Optional(unset, kind) if needs_two(kind) => {
                let given = Some(before).filter(|text| *text != unset.word);
                self.chosen(ui, kind, given)
            }
            Kind::Optional(unset, kind) => self.optional(ui, unset, kind, before),
            Kind::Channels(most) => self.span_of_channels(ui, *most),
            Kind::Channel | Kind::Pair => self.chosen(ui, kind, Some(before)),
            Kind::SomeOf(_) | Kind::Size(..) => {
                ui.label(before);
                None
            }
        }
    }

    fn number(&self, ui: &mut egui::Ui, number: &Number, before: &str) -> Option<String> {
        let mut value: f64 = before.parse().ok()?;
        let range = self.limits.0..=self.limits.1;
        let suffix = match self.with_unit {
            true => number.unit.suffix(),
            false => String::new(),
        };
        let response = match number.control {
            Control::Menu(values) => {
                let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
                return self.menu(ui, texts.iter().zip(&texts), before);
            }
            Control::Drag(speed) => ui.add(
                egui::DragValue::new(&mut value)
                    .range(range)
                    .clamp_existing_to_range(false)
                    .speed(speed)
                    .max_decimals(number.decimals)
                    .suffix(suffix),
            ),
            Control::Slider | Control::LogSlider => ui.add(
                egui::Slider::new(&mut value, range)
                    .clamping(egui::SliderClamping::Edits)
                    .logarithmic(number.control == Control::LogSlider)
                    .suffix(suffix)
                    .max_decimals(number.decimals),
            ),
        };
        let value = if number.whole { value.round() } else { value };
        response.changed().then(|| value.to_string())
    }

    fn menu<'t, T: AsRef<str> + 't>(
        &self,
        ui: &mut egui::Ui,
        entries: impl Iterator<Item = (&'t T, &'t T)>,
        before: &str,
    ) -> Option<String> {
        let entries: Vec<(&str, &str)> = entries
            .map(|(text, title)| (text.as_ref(), title.as_ref()))
            .collect();
        let shown = entries.iter().find(|(text, _)| *text == before);
        let mut chosen = None;
        egui::ComboBox::from_id_salt(self.info.name)
            .selected_text(shown.map_or(before, |(_, title)| title))
            .show_ui(ui, |ui| {
                for (text, title) in entries {
                    if ui.selectable_label(text == before, title).clicked() {
                        chosen = Some(text.to_owned());
                    }
                }
            });
        chosen
    }

    /// A switch, and the control while it is on.
    fn optional(
        &self,
        ui: &mut egui::Ui,
        unset: &Unset,
        kind: &Kind,
        before: &str,
    ) -> Option<String> {
        ui.horizontal(|ui| {
            let mut given = before != unset.word;
            if ui.checkbox(&mut given, unset.switch).changed() {
                let text = if given { unset.start } else { unset.word };
                return Some(text.to_owned());
            }
            given.then(|| self.draw(ui, kind, before)).flatten()
        })
        .inner
    }

    /// So many channels from one on.
    fn span_of_channels(&self, ui: &mut egui::Ui, most: usize) -> Option<String> {
        let Channels { shown, there } = self.channels;
        let mut count = shown.len() as u32;
        let mut first = shown.first().copied().unwrap_or(0) + 1;
        ui.horizontal(|ui| {
            let counted = egui::DragValue::new(&mut count)
                .range(1..=there.min(most as u32))
                .clamp_existing_to_range(false)
                .suffix(" from");
            let starting = egui::DragValue::new(&mut first)
                .range(1..=there)
                .clamp_existing_to_range(false);
            let changed = ui.add(counted).changed() | ui.add(starting).changed();
            changed.then(|| {
                let first = first.min((there + 1).saturating_sub(count)).max(1);
                format!("{first}-{}", first + count.max(1) - 1)
            })
        })
        .inner
    }

    /// One of the channels shown, or two of them; the first ones where nothing is given.
    fn chosen(&self, ui: &mut egui::Ui, kind: &Kind, given: Option<&str>) -> Option<String> {
        let menus = if *kind == Kind::Pair { 2 } else { 1 };
        let first = self.channels.shown.iter().map(|channel| channel + 1);
        let mut numbers: Vec<u32> = match given {
            Some(text) => text
                .split(',')
                .filter_map(|part| part.parse().ok())
                .collect(),
            None => first.take(menus).collect(),
        };
        let changed = ui
            .horizontal(|ui| {
                let boxes = numbers.iter_mut().enumerate();
                boxes.fold(false, |changed, (nth, number)| {
                    channel_box(ui, (self.info.name, nth), number, self.channels.shown) | changed
                })
            })
            .inner;
        changed.then(|| {
            let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            texts.join(",")
        })
    }
}

/// A menu of the channels shown, counted from 1; true where another one was chosen.
fn channel_box(ui: &mut egui::Ui, id: (&str, usize), number: &mut u32, channels: &[u32]) -> bool {
    let before = *number;
    egui::ComboBox::from_id_salt(id)
        .selected_text(before.to_string())
        .width(44.0)
        .show_ui(ui, |ui| {
            for one in channels {
                ui.selectable_value(number, one + 1, (one + 1).to_string());
            }
        });
    *number != before
}

/// Rows of two boxes each for what may be switched on.
fn check_boxes<S: SettingsTable>(
    ui: &mut egui::Ui,
    settings: &mut S,
    setting: &Setting<S>,
    names: &Names,
) {
    let before = setting.get(settings);
    let mut on: Vec<&str> = before.split(',').filter(|name| *name != "none").collect();
    let mut changed = false;
    let entries: Vec<usize> = (0..names.names.len()).collect();
    for two in entries.chunks(2) {
        for place in two {
            let name = names.names[*place];
            let mut shown = on.contains(&name);
            let response = ui.checkbox(&mut shown, names.titles[*place]);
            if response.on_hover_text(names.help[*place]).changed() {
                changed = true;
                on.retain(|other| *other != name);
                if shown {
                    on.push(name);
                }
            }
        }
        ui.end_row();
    }
    if changed {
        // Names of the list itself.
        let _ = setting.set(settings, &on.join(","));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soundfall_settings::{AnalysisSettings, InstrumentChoice, ProgramSettings, ViewSettings};

    fn drawn<S: SettingsTable + PartialEq + std::fmt::Debug>(settings: &S) {
        for shown in [&[][..], &[0], &[2, 3, 5]] {
            let channels = Channels { shown, there: 6 };
            let mut after = settings.clone();
            egui::__run_test_ui(|ui| {
                rows(ui, &mut after, channels);
                for setting in S::TABLE {
                    control(ui, &mut after, setting, channels, true);
                }
            });
            assert_eq!(
                after, *settings,
                "drawing changed a setting that nobody touched"
            );
        }
    }

    #[test]
    fn every_setting_has_a_control_that_leaves_it_alone() {
        drawn(&AnalysisSettings::default());
        drawn(&ViewSettings::default());
        drawn(&InstrumentChoice::default());
        drawn(&ProgramSettings::default());
        drawn(&AnalysisSettings {
            window_size: 1000,
            hop_frames: 999_999,
            min_hz: 0.0,
            ..AnalysisSettings::default()
        });
        drawn(&ViewSettings {
            span_secs: 0.05,
            db_min: -72.5,
            channels: vec![5, 1],
            ..ViewSettings::default()
        });
        drawn(&InstrumentChoice {
            hold_fall_db_per_sec: Some(12.0),
            pair: Some((5, 2)),
            reference: Some(9),
            ..InstrumentChoice::default()
        });
    }
}
