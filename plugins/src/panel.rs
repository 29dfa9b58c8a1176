//! The control panel and its keys. Everything in it applies at once.

use bevy::prelude::*;
use bevy_egui::{
    EguiContext, EguiPrimaryContextPass, PrimaryEguiContext, egui, input::EguiWantsInput,
};
use soundfall_dsp::{colormap::Colormap, scale::Scale, window::Window};
use soundfall_systems::{
    analysis::{AnalysisOf, AnalysisSettings},
    instruments::InstrumentChoice,
    stream::{SourceSwitch, Stream, StreamStatus, adopt_sources},
    view::{FocusedView, MAX_CHANNELS, ProgramSettings, ViewOf, ViewSettings},
};

use crate::{
    Soundfall, SoundfallSystems,
    annotate::show_messages,
    instruments::{instrument_section, press_instrument_keys},
};

/// The panel at the right, and the keys that work everywhere: both for the focused view. For
/// programs: the keys include the one that quits.
pub struct PanelPlugin;

impl Plugin for PanelPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ProgramSettings>()
            .add_systems(
                EguiPrimaryContextPass,
                show_panel.in_set(SoundfallSystems::Ui).after(show_messages),
            )
            .add_systems(
                Soundfall,
                press_keys
                    .in_set(SoundfallSystems::Input)
                    .before(adopt_sources),
            );
    }
}

/// Windows offered; any other is reached from the command line.
const WINDOWS: [Window; 9] = [
    Window::Hann,
    Window::Hamming,
    Window::Blackman,
    Window::BlackmanHarris,
    Window::Nuttall,
    Window::FlatTop,
    Window::Kaiser(8.6),
    Window::Gaussian(256.0),
    Window::Rect,
];
const SCALES: [Scale; 5] = [
    Scale::Linear,
    Scale::Log,
    Scale::Mel,
    Scale::Bark,
    Scale::Erb,
];

pub(crate) fn press_keys(
    keys: Option<Res<ButtonInput<KeyCode>>>,
    wants: Option<Res<EguiWantsInput>>,
    focused: Res<FocusedView>,
    mut program: ResMut<ProgramSettings>,
    mut views: Query<(&mut ViewSettings, &mut InstrumentChoice)>,
    mut exit: MessageWriter<AppExit>,
) {
    let Some(keys) = keys else { return };
    // A number is being typed into the panel.
    if wants.is_some_and(|wants| wants.wants_keyboard_input()) {
        return;
    }
    if keys.just_pressed(KeyCode::Tab) {
        program.panel = !program.panel;
    }
    if keys.just_pressed(KeyCode::F3) {
        program.overlay = !program.overlay;
    }
    if keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight])
        && keys.just_pressed(KeyCode::KeyQ)
    {
        exit.write(AppExit::Success);
    }
    let view = focused.0.and_then(|view| views.get_mut(view).ok());
    let Some((mut settings, mut instruments)) = view else {
        return;
    };
    let mut chosen = instruments.clone();
    press_instrument_keys(&keys, &mut chosen);
    instruments.set_if_neq(chosen);
    if keys.just_pressed(KeyCode::KeyC) {
        let at = Colormap::ALL
            .iter()
            .position(|map| *map == settings.colormap)
            .unwrap_or(0);
        settings.colormap = Colormap::ALL[(at + 1) % Colormap::ALL.len()];
    }
}

pub(crate) fn show_panel(
    mut contexts: Query<&mut EguiContext, With<PrimaryEguiContext>>,
    focused: Res<FocusedView>,
    mut program: ResMut<ProgramSettings>,
    mut views: Query<(&ViewOf, &mut ViewSettings, &mut InstrumentChoice)>,
    mut analyses: Query<(&AnalysisOf, &mut AnalysisSettings)>,
    streams: Query<(Option<&Stream>, Option<&SourceSwitch>, &StreamStatus)>,
) {
    if !program.panel {
        return;
    }
    let Ok(mut context) = contexts.single_mut() else {
        return;
    };
    let view = focused.0.and_then(|view| views.get_mut(view).ok());
    let Some((of, mut view, mut instruments)) = view else {
        return;
    };
    let Ok((of, mut settings)) = analyses.get_mut(of.0) else {
        return;
    };
    let Ok((stream, switch, status)) = streams.get(of.0) else {
        return;
    };
    // Edit copies, so that change detection only fires for real changes.
    let (mut next_view, mut next_settings) = (view.clone(), settings.clone());
    let mut next_instruments = instruments.clone();
    let mut open = true;
    style(context.get_mut());
    egui::Window::new("soundfall")
        .anchor(egui::Align2::RIGHT_TOP, [-14.0, 14.0])
        .default_width(236.0)
        .resizable(false)
        .fade_in(false)
        .open(&mut open)
        .frame(frame())
        .show(context.get_mut(), |ui| {
            egui::Grid::new("controls")
                .num_columns(2)
                .spacing([12.0, 7.0])
                .show(ui, |ui| {
                    source_rows(ui, stream, switch, status, &mut next_view);
                    analysis_rows(ui, &mut next_settings);
                    picture_rows(ui, &mut next_view);
                });
            ui.add_space(4.0);
            instrument_section(ui, &mut next_instruments, &next_view.channels);
            ui.add_space(4.0);
            ui.weak("Tab panel \u{00b7} F3 figures \u{00b7} C colours");
        });
    if !open {
        program.panel = false;
    }
    view.set_if_neq(next_view);
    settings.set_if_neq(next_settings);
    instruments.set_if_neq(next_instruments);
}

/// Night colours for egui, set once.
fn style(context: &egui::Context) {
    let night = egui::Color32::from_rgb(24, 31, 46);
    let wanted = |visuals: &egui::Visuals| visuals.widgets.inactive.weak_bg_fill == night;
    if wanted(&context.global_style().visuals) {
        return;
    }
    context.global_style_mut(|style| {
        let widgets = &mut style.visuals.widgets;
        widgets.inactive.weak_bg_fill = night;
        widgets.inactive.bg_fill = night;
        widgets.open.weak_bg_fill = egui::Color32::TRANSPARENT;
        widgets.open.bg_fill = night;
        widgets.hovered.weak_bg_fill = egui::Color32::from_rgb(36, 47, 70);
        widgets.active.weak_bg_fill = egui::Color32::from_rgb(44, 58, 86);
        style.visuals.selection.bg_fill = egui::Color32::from_rgb(24, 96, 104);
        style.visuals.window_fill = egui::Color32::from_rgb(12, 17, 28);
        style.visuals.extreme_bg_color = egui::Color32::from_rgb(8, 11, 19);
    });
}

fn frame() -> egui::Frame {
    egui::Frame::new()
        .fill(egui::Color32::from_rgba_unmultiplied(12, 17, 28, 232))
        .stroke(egui::Stroke::new(1.0, egui::Color32::from_rgb(36, 46, 66)))
        .corner_radius(10.0)
        .inner_margin(12.0)
}

fn source_rows(
    ui: &mut egui::Ui,
    stream: Option<&Stream>,
    switch: Option<&SourceSwitch>,
    status: &StreamStatus,
    view: &mut ViewSettings,
) {
    ui.label("Source");
    let Some(stream) = stream else {
        ui.weak("none");
        ui.end_row();
        return;
    };
    let format = stream.history.format();
    match switch {
        Some(switch) if !switch.0.choices().is_empty() => choose_source(ui, stream, switch),
        _ => {
            ui.label(&stream.name);
        }
    }
    ui.end_row();

    ui.label("History");
    let seconds = status.written_frames.saturating_sub(status.oldest_frame) as f64
        / f64::from(format.sample_rate);
    ui.label(format!("{seconds:.0} s"));
    ui.end_row();

    ui.label("Channels");
    let all = format.channels.min(MAX_CHANNELS as u32);
    let mut count = view.channels.len() as u32;
    let mut first = view.channels.first().copied().unwrap_or(0) + 1;
    ui.horizontal(|ui| {
        let changed = ui
            .add(
                egui::DragValue::new(&mut count)
                    .range(1..=all)
                    .suffix(" from"),
            )
            .changed()
            | ui.add(egui::DragValue::new(&mut first).range(1..=format.channels))
                .changed();
        if changed {
            let first = (first - 1).min(format.channels - count);
            view.channels = (first..first + count).collect();
        }
    });
    ui.end_row();
}

fn choose_source(ui: &mut egui::Ui, stream: &Stream, switch: &SourceSwitch) {
    egui::ComboBox::from_id_salt("source")
        .selected_text(&stream.name)
        .width(150.0)
        .truncate()
        .show_ui(ui, |ui| {
            for name in switch.0.choices() {
                let chosen = name == stream.name;
                if ui.selectable_label(chosen, &name).clicked() && !chosen {
                    switch.0.choose(&name);
                }
            }
        });
}

fn analysis_rows(ui: &mut egui::Ui, settings: &mut AnalysisSettings) {
    ui.label("Window");
    egui::ComboBox::from_id_salt("window")
        .selected_text(settings.window.to_string())
        .show_ui(ui, |ui| {
            for window in WINDOWS {
                ui.selectable_value(&mut settings.window, window, window.to_string());
            }
        });
    ui.end_row();

    ui.label("Size");
    egui::ComboBox::from_id_salt("size")
        .selected_text(settings.window_size.to_string())
        .show_ui(ui, |ui| {
            for size in (6..=15).map(|power| 1_usize << power) {
                ui.selectable_value(&mut settings.window_size, size, size.to_string());
            }
        });
    ui.end_row();

    ui.label("Hop");
    ui.add(
        egui::DragValue::new(&mut settings.hop_frames)
            .range(16..=16_384)
            .clamp_existing_to_range(false)
            .speed(8.0)
            .suffix(" frames"),
    );
    ui.end_row();

    ui.label("Frequency");
    egui::ComboBox::from_id_salt("scale")
        .selected_text(settings.scale.to_string())
        .show_ui(ui, |ui| {
            for scale in SCALES {
                ui.selectable_value(&mut settings.scale, scale, scale.to_string());
            }
        });
    ui.end_row();

    ui.label("Range");
    ui.horizontal(|ui| {
        let high = settings.max_hz;
        ui.add(
            egui::DragValue::new(&mut settings.min_hz)
                .clamp_existing_to_range(false)
                .range(1.0..=high * 0.9)
                .speed(5.0)
                .max_decimals(0),
        );
        let low = settings.min_hz;
        ui.add(
            egui::DragValue::new(&mut settings.max_hz)
                .clamp_existing_to_range(false)
                .range(low * 1.2..=384_000.0)
                .speed(50.0)
                .max_decimals(0)
                .suffix(" Hz"),
        );
    });
    ui.end_row();
}

fn picture_rows(ui: &mut egui::Ui, view: &mut ViewSettings) {
    ui.label("Shown");
    ui.add(
        egui::Slider::new(&mut view.span_secs, 0.5..=120.0)
            .clamping(egui::SliderClamping::Edits)
            .logarithmic(true)
            .suffix(" s")
            .max_decimals(1),
    );
    ui.end_row();

    ui.label("Floor");
    let high = view.db_max;
    ui.add(
        egui::Slider::new(&mut view.db_min, -160.0..=(high - 6.0))
            .clamping(egui::SliderClamping::Edits)
            .suffix(" dBFS")
            .max_decimals(0),
    );
    ui.end_row();

    ui.label("Top");
    let low = view.db_min;
    ui.add(
        egui::Slider::new(&mut view.db_max, (low + 6.0)..=12.0)
            .clamping(egui::SliderClamping::Edits)
            .suffix(" dBFS")
            .max_decimals(0),
    );
    ui.end_row();

    ui.label("Colours");
    egui::ComboBox::from_id_salt("colours")
        .selected_text(view.colormap.to_string())
        .show_ui(ui, |ui| {
            for map in Colormap::ALL {
                ui.selectable_value(&mut view.colormap, map, map.to_string());
            }
        });
    ui.end_row();

    ui.label("Relief");
    ui.add(
        egui::Slider::new(&mut view.height_scale, 0.05..=2.5)
            .clamping(egui::SliderClamping::Edits)
            .max_decimals(2),
    );
    ui.end_row();
}
