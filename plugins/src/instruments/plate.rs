//! What every instrument of the strip has: a plate with a heading, and something to draw on it.

use std::any::Any;

use bevy_egui::egui;
use soundfall_dsp::{colormap::Colormap, instruments::Instrument, instruments::InstrumentReport};
use soundfall_systems::instruments::{InstrumentChoice, InstrumentPlan};

/// How an instrument stands in the strip.
pub(super) struct Plate {
    pub of: Instrument,
    /// Its heading.
    pub title: &'static str,
    /// Least height, in points.
    pub least: f32,
    /// Height at its best for so many channels, in points.
    pub best: fn(usize) -> f32,
    /// What stands beside the heading: a unit, or what it shows.
    pub aside: fn(&Measured) -> String,
    /// What it remembers from frame to frame, at first.
    pub memory: fn() -> Memory,
    /// Draws it into a rectangle in points.
    pub draw: fn(&egui::Painter, egui::Rect, &Measured, &mut Memory),
}

/// What an instrument of a view remembers, of a type of its own.
pub(super) type Memory = Box<dyn Any + Send + Sync>;

/// What is drawn.
pub(super) struct Measured<'a> {
    pub choice: &'a InstrumentChoice,
    pub plan: &'a InstrumentPlan,
    pub report: &'a InstrumentReport,
    pub colormap: Colormap,
}

/// The ground of one instrument.
pub(super) fn ground(painter: &egui::Painter, rect: egui::Rect) {
    painter.rect_filled(
        rect,
        9.0,
        egui::Color32::from_rgba_unmultiplied(12, 17, 28, 205),
    );
    let edge = egui::Stroke::new(1.0, egui::Color32::from_rgba_unmultiplied(58, 72, 100, 120));
    painter.rect_stroke(rect, 9.0, edge, egui::StrokeKind::Inside);
}

/// A plain quad into a mesh, its colours from the bottom to the top.
pub(super) fn quad(
    mesh: &mut egui::Mesh,
    rect: egui::Rect,
    bottom: egui::Color32,
    top: egui::Color32,
) {
    let first = mesh.vertices.len() as u32;
    mesh.colored_vertex(rect.left_top(), top);
    mesh.colored_vertex(rect.right_top(), top);
    mesh.colored_vertex(rect.left_bottom(), bottom);
    mesh.colored_vertex(rect.right_bottom(), bottom);
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first + 1, first + 3, first + 2);
}
