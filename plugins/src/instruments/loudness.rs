//! Loudness after EBU R128: momentary, short-term and integrated as bars, range and true peak.

use bevy_egui::egui;
use soundfall_dsp::instruments::Instrument;

use super::labels::signed;
use super::plate::{Measured, Memory, Plate, quad};
use crate::annotate::{CLEAR, QUIET, font};

/// Ends of the scale, LUFS: EBU's +18 scale and a little more.
const LOW: f32 = -59.0;
const HIGH: f32 = -3.0;
/// The level that broadcast programmes are brought to.
const TARGET: f32 = -23.0;
/// A true peak above this may clip in whatever comes after (EBU R128).
const MAX_DBTP: f32 = -1.0;

pub(super) const PLATE: Plate = Plate {
    of: Instrument::Loudness,
    title: "Loudness",
    least: 100.0,
    best: |_| 138.0,
    aside,
    memory: || Box::new(()),
    draw,
};

/// The unit, and what was not heard.
fn aside(measured: &Measured) -> String {
    let rate = measured.plan.settings.sample_rate;
    let lost = measured.report.lost_frames as f64 / f64::from(rate.max(1));
    if lost > 0.0 {
        format!("LUFS \u{00b7} {lost:.2} s not heard")
    } else {
        "LUFS".to_owned()
    }
}

fn draw(painter: &egui::Painter, body: egui::Rect, measured: &Measured, _: &mut Memory) {
    let Some(loudness) = &measured.report.loudness else {
        if let Some(why) = measured.plan.settings.no_loudness() {
            let galley = painter.layout(why.to_string(), font(12.0), QUIET, body.width());
            painter.galley(body.min, galley, QUIET);
        }
        return;
    };
    let foot = 17.0;
    let row = ((body.height() - foot - 6.0) / 3.0).clamp(14.0, 26.0);
    let field = egui::Rect::from_min_max(
        egui::pos2(body.left() + 16.0, body.top() + 2.0),
        egui::pos2(body.right() - 48.0, body.top() + 2.0 + 3.0 * row),
    );
    let place =
        |lufs: f32| field.left() + ((lufs - LOW) / (HIGH - LOW)).clamp(0.0, 1.0) * field.width();
    let mut mesh = egui::Mesh::default();
    let rows = [
        ("M", loudness.momentary_lufs, 0.8),
        ("S", loudness.short_term_lufs, 0.9),
        ("I", loudness.integrated_lufs, 1.0),
    ];
    for (index, (name, value, strength)) in rows.into_iter().enumerate() {
        let middle = field.top() + row * (index as f32 + 0.5);
        let high = (row * 0.26).clamp(3.5, 6.0);
        let bar =
            |to: f32| egui::Rect::from_x_y_ranges(field.left()..=to, middle - high..=middle + high);
        let trough = egui::Color32::from_rgba_unmultiplied(150, 175, 215, 16);
        quad(&mut mesh, bar(field.right()), trough, trough);
        if let Some(value) = value {
            let colour = colour(value, strength);
            quad(
                &mut mesh,
                bar(place(value)),
                colour.gamma_multiply(0.8),
                colour,
            );
        }
        let at = egui::pos2(body.left(), middle);
        painter.text(at, egui::Align2::LEFT_CENTER, name, font(12.0), QUIET);
        let words = value.map_or("\u{2013}".to_owned(), |x| signed(&format!("{x:.1}")));
        let size = if name == "I" { 15.0 } else { 13.0 };
        let at = egui::pos2(body.right(), middle);
        painter.text(at, egui::Align2::RIGHT_CENTER, words, font(size), CLEAR);
    }
    painter.add(mesh);
    let mark = egui::Stroke::new(1.2, egui::Color32::from_rgb(214, 226, 246));
    painter.vline(place(TARGET), field.top()..=field.bottom(), mark);
    let foot_y = (field.bottom() + 3.0).min(body.bottom() - foot + 3.0);
    let at = egui::pos2(place(TARGET), foot_y - 1.0);
    painter.text(
        at,
        egui::Align2::CENTER_TOP,
        "\u{2212}23",
        font(10.0),
        QUIET,
    );
    let range = loudness
        .range_lu
        .map_or("\u{2013}".to_owned(), |x| format!("{x:.1}"));
    let y = body.bottom() + 2.0;
    painter.text(
        egui::pos2(body.left(), y),
        egui::Align2::LEFT_BOTTOM,
        format!("LRA {range} LU"),
        font(12.0),
        QUIET,
    );
    let peak = loudness.true_peak_dbtp;
    let (words, colour) = if peak < -99.0 {
        ("\u{2212}\u{221e}".to_owned(), QUIET)
    } else if peak > MAX_DBTP {
        (
            signed(&format!("{peak:.1}")),
            egui::Color32::from_rgb(255, 122, 96),
        )
    } else {
        (signed(&format!("{peak:.1}")), QUIET)
    };
    painter.text(
        egui::pos2(body.right(), y),
        egui::Align2::RIGHT_BOTTOM,
        format!("TP {words} dBTP"),
        font(12.0),
        colour,
    );
}

/// Cool below the target, warm above.
fn colour(lufs: f32, strength: f32) -> egui::Color32 {
    super::meters::colour(lufs - TARGET - 18.0, strength)
}
