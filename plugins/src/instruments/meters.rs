//! Level meters: peak, RMS, held peak and a lamp for clips, one bar a channel.

use bevy_egui::egui;
use soundfall_dsp::instruments::{Instrument, LevelReport};

use super::labels::signed;
use super::plate::{Measured, Memory, Plate, quad};
use crate::annotate::{CLEAR, QUIET, font};

/// The lowest level of the scale, dBFS. The highest is 0.
const FLOOR: f32 = -60.0;
const MARKS: [f32; 8] = [0.0, -6.0, -12.0, -18.0, -24.0, -36.0, -48.0, -60.0];
/// Widest pitch of two bars.
const WIDEST: f32 = 64.0;

/// Colours along the scale.
const COLOURS: [(f32, [u8; 3]); 6] = [
    (-60.0, [24, 74, 96]),
    (-30.0, [32, 148, 142]),
    (-18.0, [72, 196, 128]),
    (-9.0, [196, 214, 84]),
    (-4.0, [248, 184, 72]),
    (0.0, [255, 92, 72]),
];

pub(super) const PLATE: Plate = Plate {
    of: Instrument::Meters,
    title: "Level",
    least: 104.0,
    best: |_| 230.0,
    aside: |_| "dBFS".to_owned(),
    memory: || Box::new(()),
    draw,
};

fn draw(painter: &egui::Painter, body: egui::Rect, measured: &Measured, _: &mut Memory) {
    let channels = &measured.plan.channels;
    let levels: Vec<&LevelReport> = measured
        .report
        .channels
        .iter()
        .filter_map(|channel| channel.level.as_ref())
        .collect();
    if levels.is_empty() {
        return;
    }
    let scale = 26.0;
    let room = body.width() - scale - 2.0;
    let pitch = (room / levels.len() as f32).min(WIDEST);
    let figures = pitch >= 24.0 && body.height() > 88.0;
    let foot = if figures { 27.0 } else { 14.0 };
    let field = egui::Rect::from_min_max(
        egui::pos2(body.left() + scale, body.top() + 9.0),
        egui::pos2(body.right(), body.bottom() - foot),
    );
    marks(painter, field);
    let left = field.left() + (field.width() - pitch * levels.len() as f32) / 2.0;
    let width = (pitch * 0.72).min(34.0);
    let mut mesh = egui::Mesh::default();
    // Every channel has a number where there is room, otherwise every second, fourth …
    let mut step = 1;
    while pitch * (step as f32) < 15.0 {
        step *= 2;
    }
    for (index, (level, channel)) in levels.iter().zip(channels.iter()).enumerate() {
        let middle = left + pitch * (index as f32 + 0.5);
        let bar = egui::Rect::from_x_y_ranges(
            middle - width / 2.0..=middle + width / 2.0,
            field.y_range(),
        );
        bar_of(&mut mesh, bar, level);
        if index.is_multiple_of(step) {
            let at = egui::pos2(middle, field.bottom() + 2.0);
            let words = format!("{}", channel + 1);
            painter.text(at, egui::Align2::CENTER_TOP, words, font(11.0), QUIET);
        }
        if figures {
            let at = egui::pos2(middle, field.bottom() + 14.0);
            let words = match level.held_dbfs {
                held if held < -99.0 => "\u{2212}\u{221e}".to_owned(),
                held => signed(&format!("{held:.1}")),
            };
            let size = if pitch < 30.0 { 9.5 } else { 11.0 };
            painter.text(at, egui::Align2::CENTER_TOP, words, font(size), CLEAR);
        }
    }
    painter.add(mesh);
}

fn marks(painter: &egui::Painter, field: egui::Rect) {
    let mut last = f32::NEG_INFINITY;
    for mark in MARKS {
        let y = height(field, mark);
        let line = egui::Stroke::new(
            1.0,
            QUIET.gamma_multiply(if mark == 0.0 { 0.5 } else { 0.16 }),
        );
        painter.hline(field.x_range(), y, line);
        if y - last >= 11.0 {
            last = y;
            let at = egui::pos2(field.left() - 5.0, y);
            let words = signed(&format!("{mark:.0}"));
            painter.text(at, egui::Align2::RIGHT_CENTER, words, font(10.5), QUIET);
        }
    }
}

fn height(field: egui::Rect, dbfs: f32) -> f32 {
    let share = ((dbfs - FLOOR) / -FLOOR).clamp(0.0, 1.0);
    field.bottom() - share * field.height()
}

fn bar_of(mesh: &mut egui::Mesh, bar: egui::Rect, level: &LevelReport) {
    let trough = egui::Color32::from_rgba_unmultiplied(150, 175, 215, 16);
    quad(mesh, bar, trough, trough);
    filled(mesh, bar, level.peak_dbfs, 0.42);
    filled(mesh, bar, level.rms_dbfs, 1.0);
    if level.held_dbfs > FLOOR {
        let y = height(bar, level.held_dbfs);
        let line = egui::Rect::from_x_y_ranges(bar.x_range(), y - 0.9..=y + 0.9);
        let colour = colour(level.held_dbfs, 1.0);
        quad(mesh, line, colour, colour);
    }
    let lamp = egui::Rect::from_x_y_ranges(bar.x_range(), bar.top() - 8.0..=bar.top() - 3.0);
    let colour = if level.clipped {
        egui::Color32::from_rgb(255, 70, 58)
    } else {
        egui::Color32::from_rgba_unmultiplied(255, 90, 70, 26)
    };
    quad(mesh, lamp, colour, colour);
}

/// The part of a bar up to a level, in the colours of the scale.
fn filled(mesh: &mut egui::Mesh, bar: egui::Rect, dbfs: f32, strength: f32) {
    for two in COLOURS.windows(2) {
        let (low, high) = (two[0].0, two[1].0.min(dbfs));
        if high <= low {
            break;
        }
        let part = egui::Rect::from_x_y_ranges(bar.x_range(), height(bar, high)..=height(bar, low));
        quad(mesh, part, colour(low, strength), colour(high, strength));
    }
}

pub(super) fn colour(dbfs: f32, strength: f32) -> egui::Color32 {
    let above = COLOURS
        .iter()
        .position(|(db, _)| *db >= dbfs)
        .unwrap_or(COLOURS.len() - 1);
    let ((low, from), (high, to)) = (COLOURS[above.saturating_sub(1)], COLOURS[above]);
    let share = if high > low {
        ((dbfs - low) / (high - low)).clamp(0.0, 1.0)
    } else {
        1.0
    };
    let mix = |i: usize| {
        let value = f32::from(from[i]) + share * (f32::from(to[i]) - f32::from(from[i]));
        (value * strength) as u8
    };
    egui::Color32::from_rgb(mix(0), mix(1), mix(2))
}
