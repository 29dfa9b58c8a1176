//! Labels of the scene's axes, at their places in space.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_dsp::scale::FrequencyAxis;
use soundfall_systems::{
    annotate::{frequency_ticks, hertz, time_ticks},
    waterfall::{SurfaceLayout, SurfacePlace},
};

use super::{CLEAR, LabelPainter, QUIET, ShownView, ShownViewItem, painter, text};
use crate::projection::Projection;

/// Points between two frequency labels at least.
const LABEL_PITCH: f32 = 44.0;

pub(super) fn label_scene(
    mut context: LabelPainter,
    views: Query<ShownView>,
    cameras: Query<(&Camera, &GlobalTransform)>,
) {
    let Some(painter) = painter(&mut context) else {
        return;
    };
    for view in &views {
        if let (Some(axis), Some(project)) = (&view.state.axis, view.projection(&cameras)) {
            let painter = painter.with_clip_rect(view.scene());
            label(&painter, &view, axis, &project);
        }
    }
}

fn label(
    painter: &egui::Painter,
    view: &ShownViewItem,
    axis: &FrequencyAxis,
    project: &Projection,
) {
    let surfaces = view.surfaces;
    // One ladder for all: as many ticks as the narrowest surface of the front row has room for.
    let front = || surfaces.places.iter().filter(|place| place.row == 0);
    let room = front()
        .filter_map(|place| {
            let edge = |side: f32| {
                project
                    .at(place.centre
                        + Vec3::new(side * place.size.x / 2.0, 0.0, place.size.z / 2.0))
            };
            Some(edge(-1.0)?.distance(edge(1.0)?))
        })
        .fold(f32::INFINITY, f32::min);
    let width = view.scene().width() / surfaces.columns as f32;
    let most = (room.min(width) / LABEL_PITCH) as usize;
    // Without room for words under each the range is said once, at the right.
    let said_once = most < 2;
    let ticks = if said_once {
        Vec::new()
    } else {
        frequency_ticks(axis, most.min(16))
    };
    for place in front() {
        for tick in &ticks {
            let x = (tick.at as f32 - 0.5) * place.size.x;
            let point = place.centre + Vec3::new(x, 0.0, place.size.z / 2.0 + 0.55);
            if let Some(at) = project.at(point) {
                text(
                    painter,
                    at,
                    egui::Align2::CENTER_CENTER,
                    &tick.label,
                    12.5,
                    QUIET,
                );
            }
        }
    }
    if let Some(place) = front_right(surfaces) {
        let most = if surfaces.rows > 1 { 2 } else { 6 };
        let mut taken: Vec<egui::Rect> = Vec::new();
        for tick in time_ticks(view.settings.span_secs, view.state.edge_secs, most) {
            let z = place.size.z / 2.0 - tick.at as f32 * place.size.z;
            let point = place.centre + Vec3::new(place.size.x / 2.0 + 0.75, 0.0, z);
            if let Some(at) = project.at(point) {
                // From the front to the back; what comes too close to the one before is left out.
                let is_free = |last: &egui::Rect| !last.expand(1.0).contains(at);
                if taken.last().is_none_or(is_free) {
                    let colour = if tick.major { CLEAR } else { QUIET };
                    let align = egui::Align2::LEFT_CENTER;
                    taken.push(text(painter, at, align, &tick.label, 12.5, colour));
                }
            }
        }
        let unit =
            place.centre + Vec3::new(place.size.x / 2.0 + 0.6, 0.0, place.size.z / 2.0 + 0.55);
        if let Some(mut at) = project.at(unit) {
            let (words, align) = if said_once {
                let range = format!(
                    "{} \u{2013} {} Hz",
                    hertz(axis.min_hz()),
                    hertz(axis.max_hz())
                );
                (range, egui::Align2::RIGHT_CENTER)
            } else {
                ("Hz".to_owned(), egui::Align2::LEFT_CENTER)
            };
            // Below the label of the front edge.
            if let Some(first) = taken.first() {
                at.y = at.y.max(first.bottom() + 6.0);
            }
            text(painter, at, align, &words, 12.5, QUIET);
        }
    }
    if surfaces.places.len() > 1 {
        let size = if surfaces.places.len() > 16 {
            10.0
        } else {
            12.5
        };
        for (place, drawn) in surfaces.places.iter().zip(&view.state.drawn) {
            let point = place.centre
                + Vec3::new(-place.size.x / 2.0, place.size.y * 0.12, place.size.z / 2.0);
            if let Some(at) = project.at(point) {
                name_plate(painter, at, &format!("{}", drawn.channel + 1), size);
            }
        }
    }
}

/// The surface whose right side is free for the time axis.
fn front_right(surfaces: &SurfaceLayout) -> Option<&SurfacePlace> {
    surfaces
        .places
        .iter()
        .filter(|place| place.row == 0)
        .max_by_key(|place| place.column)
}

fn name_plate(painter: &egui::Painter, at: egui::Pos2, words: &str, points: f32) {
    let layout = painter.layout_no_wrap(words.to_owned(), super::font(points), CLEAR);
    let size = layout.size() + egui::vec2(8.0, 2.0);
    let plate = egui::Rect::from_min_size(at + egui::vec2(2.0, -size.y - 3.0), size);
    painter.rect_filled(
        plate,
        4.0,
        egui::Color32::from_rgba_unmultiplied(10, 15, 26, 215),
    );
    painter.galley(plate.min + egui::vec2(4.0, 1.0), layout, CLEAR);
}
