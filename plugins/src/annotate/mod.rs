//! Axes, labels, colour bar and messages: everything that explains the picture.

mod bar;
mod lanes;
mod lines;
mod messages;
mod project;
mod scene;

use bevy::{asset::embedded_asset, prelude::*};
use bevy_egui::{EguiContext, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext, egui};

use soundfall_systems::layout::Layout;

pub(crate) use messages::show_messages;
pub(crate) use project::{Projector, front};

use crate::{SoundfallSystems, waveform::fit_lanes};

/// Draws the words. Needs [`crate::CameraPlugin`] and what it explains.
pub struct AnnotatePlugin;

impl Plugin for AnnotatePlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        embedded_asset!(app, "line.wgsl");
        app.add_plugins(MaterialPlugin::<lines::LineMaterial>::default())
            .add_systems(Startup, lines::spawn_lines)
            .add_systems(
                Update,
                lines::draw_lines.in_set(SoundfallSystems::Prepare).after(fit_lanes),
            )
            .add_systems(PreUpdate, scale_words.in_set(SoundfallSystems::Layout))
            .add_systems(
                EguiPrimaryContextPass,
                (
                    scene::label_scene,
                    lanes::label_lanes,
                    bar::draw_bar,
                    show_messages,
                )
                    .chain()
                    .in_set(SoundfallSystems::Ui),
            );
    }
}

/// Text grows with the picture.
fn scale_words(
    layout: Res<Layout>,
    mut contexts: Query<(&Camera, &mut EguiContext), With<PrimaryEguiContext>>,
) {
    for (camera, mut context) in &mut contexts {
        let target_scale = camera.target_scaling_factor().unwrap_or(1.0);
        let wanted = (layout.points / target_scale).max(0.25);
        let context = context.get_mut();
        if layout.points > 0.0 && (context.zoom_factor() - wanted).abs() > 1e-3 {
            context.set_zoom_factor(wanted);
        }
    }
}

/// The context all words are painted in.
pub(crate) type WordContext<'w, 's> =
    Query<'w, 's, &'static mut EguiContext, With<PrimaryEguiContext>>;

/// Words under everything else.
pub(crate) fn painter(context: &mut WordContext) -> Option<egui::Painter> {
    let mut context = context.single_mut().ok()?;
    Some(context.get_mut().layer_painter(egui::LayerId::background()))
}

/// Quiet text.
pub(crate) const QUIET: egui::Color32 = egui::Color32::from_rgb(150, 162, 182);
/// Text to be read first.
pub(crate) const CLEAR: egui::Color32 = egui::Color32::from_rgb(226, 232, 242);

/// Text of a size in points.
pub(crate) fn font(size: f32) -> egui::FontId {
    egui::FontId::proportional(size)
}

/// Text with a dark shadow, readable over any colour.
fn text(
    painter: &egui::Painter,
    at: egui::Pos2,
    align: egui::Align2,
    words: &str,
    size: f32,
    colour: egui::Color32,
) -> egui::Rect {
    // One shadow, not an outline: every text costs a layout and a mesh.
    let shade = egui::Color32::from_rgba_unmultiplied(4, 6, 11, 220);
    painter.text(at + egui::vec2(1.0, 1.0), align, words, font(size), shade);
    painter.text(at, align, words, font(size), colour)
}
