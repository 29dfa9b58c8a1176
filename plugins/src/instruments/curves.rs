//! Averages and held maxima: thin curves over the front edge of every surface.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::{instruments::InstrumentReadings, waterfall::SurfacePlace};

use crate::{
    annotate::{LabelPainter, ShownView, painter},
    projection::{Projection, front},
};

/// With more surfaces than this curves would only be noise.
const MAX_SURFACES: usize = 16;
/// Points of text from one point of a curve to the next.
const PITCH: f32 = 2.5;

const HOLD: egui::Color32 = egui::Color32::from_rgb(255, 236, 196);
const AVERAGE: egui::Color32 = egui::Color32::from_rgb(132, 208, 255);

pub(super) fn draw_curves(
    mut context: LabelPainter,
    views: Query<(ShownView, &InstrumentReadings)>,
    cameras: Query<(&Camera, &GlobalTransform)>,
) {
    let Some(painter) = painter(&mut context) else {
        return;
    };
    for (view, readings) in &views {
        let (Some((plan, report)), Some(shown)) = (readings.newest(), &view.state.axis) else {
            continue;
        };
        let Some(project) = view.projection(&cameras) else {
            continue;
        };
        let (ours, theirs) = (&plan.settings.axis, shown);
        let same_axis = ours.scale() == theirs.scale();
        let seen = ours.position(theirs.min_hz())..ours.position(theirs.max_hz());
        let same_channels = view
            .state
            .drawn
            .iter()
            .map(|one| one.channel)
            .eq(plan.channels.iter().copied());
        let places = &view.surfaces.places;
        if !same_channels
            || !same_axis
            || !view.state.visible
            || !view.window.is_live()
            || places.len() > MAX_SURFACES
        {
            continue;
        }
        let painter = painter.with_clip_rect(view.scene());
        let range = view.settings.db_min..view.settings.db_max;
        for (place, channel) in places.iter().zip(&report.channels) {
            let curves = [
                (&channel.average_dbfs, AVERAGE.gamma_multiply(0.75), 1.5),
                (&channel.hold_dbfs, HOLD.gamma_multiply(0.85), 1.1),
            ];
            for (levels, colour, width) in curves {
                if !levels.is_empty() {
                    let stroke = egui::Stroke::new(width, colour);
                    let part = part(levels, &seen);
                    draw(&painter, &project, place, part, &range, stroke);
                }
            }
        }
    }
}

/// The levels that lie between two places of their axis, and where these begin and end on the part that is seen.
fn part<'a>(levels: &'a [f32], seen: &std::ops::Range<f64>) -> (&'a [f32], f32, f32) {
    let bins = levels.len() as f64;
    let bin = |place: f64| (place * bins).clamp(0.0, bins);
    let (first, last) = (bin(seen.start).ceil(), bin(seen.end).floor());
    let span = (seen.end - seen.start).max(1e-9);
    let x = |bin: f64| ((bin / bins - seen.start) / span) as f32;
    let part = levels.get(first as usize..last as usize);
    (part.unwrap_or_default(), x(first), x(last))
}

/// One curve, in pieces where it sinks below the floor.
fn draw(
    painter: &egui::Painter,
    project: &Projection,
    place: &SurfacePlace,
    (levels, left, right): (&[f32], f32, f32),
    range: &std::ops::Range<f32>,
    stroke: egui::Stroke,
) {
    let width = project.front_width(place);
    let points = ((width / PITCH) as usize).clamp(24, 256).min(levels.len());
    let mut piece = Vec::new();
    let end = |piece: &mut Vec<egui::Pos2>| {
        if piece.len() > 1 {
            painter.add(egui::Shape::line(std::mem::take(piece), stroke));
        }
        piece.clear();
    };
    for i in 0..points {
        let part = i * levels.len() / points..(i + 1) * levels.len() / points;
        let level = levels[part].iter().copied().fold(f32::MIN, f32::max);
        let height = (level - range.start) / (range.end - range.start).max(1.0);
        let x = left + (right - left) * (i as f32 + 0.5) / points as f32;
        let at = project.at(front(place, x, height.clamp(0.0, 1.0)));
        match at.filter(|_| height > 0.0) {
            Some(at) => piece.push(at),
            None => end(&mut piece),
        }
    }
    end(&mut piece);
}
