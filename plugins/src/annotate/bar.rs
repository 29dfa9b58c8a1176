//! The colour bar: which colour is which level.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_dsp::colormap::Colormap;
use soundfall_systems::{annotate::level_ticks, view::ViewSettings};

use super::{LabelPainter, QUIET, ShownView, painter, text};

/// The colours of the maps that are shown now.
type Tables = Vec<(Colormap, [[u8; 4]; 256])>;

pub(super) fn draw_bar(
    mut context: LabelPainter,
    views: Query<ShownView>,
    mut tables: Local<Tables>,
) {
    let Some(painter) = painter(&mut context) else {
        return;
    };
    tables.retain(|(map, _)| views.iter().any(|view| view.settings.colormap == *map));
    for view in &views {
        if view.area.points <= 0.0 || !view.state.visible {
            continue;
        }
        let map = view.settings.colormap;
        let known = tables.iter().find(|(known, _)| *known == map);
        let colours = match known {
            Some((_, colours)) => *colours,
            None => {
                let colours = map.table();
                tables.push((map, colours));
                colours
            }
        };
        bar_of(&painter, view.scene(), view.settings, &colours);
    }
}

fn bar_of(
    painter: &egui::Painter,
    scene: egui::Rect,
    settings: &ViewSettings,
    colours: &[[u8; 4]; 256],
) {
    let scene_height = scene.height();
    let height = (scene_height * 0.34).clamp(60.0, 240.0);
    // Below the words, in the smallest window too.
    let top = (scene_height * 0.2).clamp(58.0, 74.0);
    let bar =
        egui::Rect::from_min_size(scene.min + egui::vec2(20.0, top), egui::vec2(10.0, height));
    let mut mesh = egui::Mesh::default();
    let steps = 64_u32;
    for i in 0..=steps {
        let share = i as f32 / steps as f32;
        let [r, g, b, _] = colours[(share.powf(settings.gamma) * 255.0) as usize];
        let colour = egui::Color32::from_rgb(r, g, b);
        let y = bar.bottom() - share * bar.height();
        mesh.colored_vertex(egui::pos2(bar.left(), y), colour);
        mesh.colored_vertex(egui::pos2(bar.right(), y), colour);
        if i > 0 {
            let at = i * 2;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at + 1, at);
        }
    }
    painter.add(mesh);
    for tick in level_ticks(settings.db_min, settings.db_max, (height / 26.0) as usize) {
        let y = bar.bottom() - tick.at as f32 * bar.height();
        painter.line_segment(
            [
                egui::pos2(bar.right() + 2.0, y),
                egui::pos2(bar.right() + 6.0, y),
            ],
            egui::Stroke::new(1.0, QUIET),
        );
        text(
            painter,
            egui::pos2(bar.right() + 10.0, y),
            egui::Align2::LEFT_CENTER,
            &tick.label,
            12.0,
            QUIET,
        );
    }
    text(
        painter,
        egui::pos2(bar.left(), bar.bottom() + 8.0),
        egui::Align2::LEFT_TOP,
        "dBFS",
        12.0,
        QUIET,
    );
}
