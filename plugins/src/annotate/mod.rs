//! Axes, labels, colour bar and messages: everything that explains a picture.

mod bar;
mod lanes;
mod lines;
mod messages;
mod scene;

use bevy::{asset::embedded_asset, camera::CameraUpdateSystems, ecs::query::QueryData, prelude::*};
use bevy_egui::{EguiContext, EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass, egui};
use soundfall_systems::{
    diagnostics::RunStats,
    layout::ViewArea,
    view::{TimeWindow, ViewOf, ViewSettings},
    waterfall::{FieldState, SurfaceLayout},
    waveform::LaneField,
};

pub(crate) use messages::show_messages;

use crate::{
    Soundfall, SoundfallSystems,
    projection::{Projection, ViewCamera},
    waterfall::fit_surfaces,
    waveform::fit_lane_quads,
};

/// Paints the labels of every view that has a camera ([`crate::CameraOf`]) and an area
/// ([`ViewArea`]), into the egui context marked [`LabelContext`]. Needs [`crate::WaterfallPlugin`].
pub struct AnnotatePlugin;

impl Plugin for AnnotatePlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        embedded_asset!(app, "line.wgsl");
        app.add_plugins(MaterialPlugin::<lines::LineMaterial>::default())
            .init_resource::<RunStats>()
            // Labels belong to the display frame that they are painted in: after its cameras.
            .configure_sets(
                PostUpdate,
                EguiPostUpdateSet::EndPass
                    .after(TransformSystems::Propagate)
                    .after(CameraUpdateSystems),
            )
            .add_systems(
                Soundfall,
                lines::draw_lines
                    .in_set(SoundfallSystems::Prepare)
                    .after(fit_surfaces)
                    .after(fit_lane_quads),
            )
            .add_systems(PreUpdate, scale_labels.in_set(SoundfallSystems::Layout))
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

/// The egui context that labels are painted in. Put it on the camera that carries the primary
/// context.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct LabelContext;

/// What is known of a view when it is explained.
#[derive(QueryData)]
pub(crate) struct ShownView {
    pub of: &'static ViewOf,
    pub area: &'static ViewArea,
    pub settings: &'static ViewSettings,
    pub window: &'static TimeWindow,
    pub state: &'static FieldState,
    pub surfaces: &'static SurfaceLayout,
    pub lanes: &'static LaneField,
    camera: &'static ViewCamera,
    place: &'static GlobalTransform,
}

impl ShownViewItem<'_, '_> {
    /// Where its scene is seen; none before it has a camera and an area.
    pub fn projection(&self, cameras: &Query<(&Camera, &GlobalTransform)>) -> Option<Projection> {
        let (camera, at) = cameras.get(self.camera.camera()).ok()?;
        (self.area.points > 0.0).then(|| Projection::new(camera, at, self.place, self.area))
    }

    /// A point of the picture in points of text, from physical pixels.
    pub fn point(&self, at: UVec2) -> egui::Pos2 {
        let at = at.as_vec2() / self.area.points.max(0.01);
        egui::pos2(at.x, at.y)
    }

    /// The scene in points of text.
    pub fn scene(&self) -> egui::Rect {
        egui::Rect::from_min_max(
            self.point(self.area.scene.min),
            self.point(self.area.scene.max),
        )
    }
}

/// Text grows with the picture.
fn scale_labels(
    views: Query<&ViewArea>,
    mut contexts: Query<(&Camera, &mut EguiContext), With<LabelContext>>,
) {
    let points = views.iter().map(|area| area.points).fold(0.0, f32::max);
    for (camera, mut context) in &mut contexts {
        let target_scale = camera.target_scaling_factor().unwrap_or(1.0);
        let wanted = (points / target_scale).max(0.25);
        let context = context.get_mut();
        if points > 0.0 && (context.zoom_factor() - wanted).abs() > 1e-3 {
            context.set_zoom_factor(wanted);
        }
    }
}

/// The context all labels are painted in.
pub(crate) type LabelPainter<'w, 's> = Query<'w, 's, &'static mut EguiContext, With<LabelContext>>;

/// Labels under everything else.
pub(crate) fn painter(context: &mut LabelPainter) -> Option<egui::Painter> {
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
