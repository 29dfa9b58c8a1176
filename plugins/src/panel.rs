//! The control panel, and the keys. Everything in it applies at once, to the view in focus.

mod instruments;
mod keys;
mod rows;
mod sheet;

use bevy::prelude::*;
use bevy_egui::{EguiContext, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext, egui};
use soundfall_settings::{
    SettingsTable,
    keys::{Action, hints},
};
use soundfall_systems::{
    analysis::{AnalysisOf, AnalysisSettings},
    instruments::InstrumentChoice,
    stream::{SourceSwitch, Stream, StreamStatus, adopt_sources},
    view::{FocusedView, ProgramSettings, ViewOf, ViewSettings},
};

use crate::{Soundfall, SoundfallSystems, annotate::show_messages, instruments::draw_strip};

pub(crate) use keys::press_keys;
pub(crate) use sheet::{KeySheet, show_sheet};

use instruments::instrument_section;
use rows::{Channels, rows};

/// The panel at the right, and the keys that work everywhere: both for the focused view. For
/// programs: the keys include the one that quits. Needs [`crate::AnnotatePlugin`].
pub struct PanelPlugin;

impl Plugin for PanelPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        app.init_resource::<ProgramSettings>()
            .init_resource::<KeySheet>()
            .add_systems(
                EguiPrimaryContextPass,
                (show_panel, show_sheet)
                    .chain()
                    .in_set(SoundfallSystems::Ui)
                    .after(show_messages)
                    .after(draw_strip),
            )
            .add_systems(
                Soundfall,
                press_keys
                    .in_set(SoundfallSystems::Input)
                    .before(adopt_sources),
            );
    }
}

pub(crate) fn show_panel(
    mut contexts: Query<&mut EguiContext, With<PrimaryEguiContext>>,
    focused: Res<FocusedView>,
    streams: Query<(Option<&Stream>, &StreamStatus, Option<&SourceSwitch>)>,
    mut analyses: Query<(&mut AnalysisSettings, &AnalysisOf)>,
    mut views: Query<(&mut ViewSettings, &mut InstrumentChoice, &ViewOf)>,
    mut program: ResMut<ProgramSettings>,
) {
    if !program.panel {
        return;
    }
    let Ok(mut context) = contexts.single_mut() else {
        return;
    };
    let Some((mut view, mut instruments, of)) = focused.0.and_then(|view| views.get_mut(view).ok())
    else {
        return;
    };
    let Ok((mut analysis, of)) = analyses.get_mut(of.0) else {
        return;
    };
    let Ok(source) = streams.get(of.0) else {
        return;
    };
    // Edit copies, so that change detection only fires for real changes.
    let (mut next_view, mut next_analysis) = (view.clone(), analysis.clone());
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
            let shown = next_view.channels.clone();
            let there = source
                .0
                .map_or(1, |stream| stream.history.format().channels);
            let channels = Channels {
                shown: &shown,
                there,
            };
            egui::Grid::new("controls")
                .num_columns(2)
                .spacing([12.0, 7.0])
                .show(ui, |ui| {
                    source_rows(ui, source);
                    if source.0.is_some() {
                        channel_row(ui, &mut next_view, channels);
                    }
                    rows(ui, &mut next_analysis, channels);
                    rows(ui, &mut next_view, channels);
                });
            ui.add_space(4.0);
            instrument_section(ui, &mut next_instruments, channels);
            ui.add_space(4.0);
            ui.weak(hints(|action| {
                matches!(
                    action,
                    Action::TogglePanel | Action::ToggleOverlay | Action::ToggleKeys
                )
            }));
        });
    if !open {
        program.panel = false;
    }
    view.set_if_neq(next_view);
    analysis.set_if_neq(next_analysis);
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
    (stream, status, switch): (Option<&Stream>, &StreamStatus, Option<&SourceSwitch>),
) {
    ui.label("Source");
    let Some(stream) = stream else {
        ui.weak("none");
        ui.end_row();
        return;
    };
    match switch {
        Some(switch) if !switch.0.choices().is_empty() => choose_source(ui, stream, switch),
        _ => {
            ui.label(&stream.name);
        }
    }
    ui.end_row();

    ui.label("History");
    let seconds = status.written_frames.saturating_sub(status.oldest_frame) as f64
        / f64::from(stream.history.format().sample_rate);
    ui.label(format!("{seconds:.0} s"));
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

/// Which channels are shown: part of the view, but it belongs beside the source.
fn channel_row(ui: &mut egui::Ui, view: &mut ViewSettings, channels: Channels<'_>) {
    let Some(setting) = ViewSettings::setting("channel") else {
        return;
    };
    ui.label("Channels")
        .on_hover_text(setting.info.help_with_range());
    rows::control(ui, view, setting, channels, true);
    ui.end_row();
}
