//! The goniometer of a pair with correlation and balance. The newest twentieth of a second glows,
//! what is older fades.

use bevy_egui::egui;
use soundfall_dsp::instruments::Instrument;

use super::labels::signed;
use super::plate::{Measured, Memory, Plate, quad};
use crate::annotate::{CLEAR, QUIET, font};

/// The most that quiet sound is enlarged.
const MAX_GAIN: f32 = 30.0;
/// Time constant at which the enlargement grows again, in seconds of sound.
const RELAX_SECS: f64 = 1.5;
/// Widest balance shown, dB.
const WIDEST_DB: f32 = 12.0;

pub(super) const PLATE: Plate = Plate {
    of: Instrument::Stereo,
    title: "Stereo",
    least: 128.0,
    best: |_| 288.0,
    aside,
    memory: || Box::<Gain>::default(),
    draw,
};

/// How much the picture is enlarged.
#[derive(Default)]
struct Gain {
    radius: f32,
    end_frame: u64,
}

/// Which pair it is.
fn aside(measured: &Measured) -> String {
    let (choice, plan) = (measured.choice, measured.plan);
    let number = |slot: usize| plan.channels.get(slot).map_or(0, |channel| channel + 1);
    match (plan.settings.pair, choice.pair) {
        (Some((left, right)), _) => {
            format!("channels {} \u{00b7} {}", number(left), number(right))
        }
        (None, Some((left, right))) if plan.channels.len() > 1 => {
            format!("{} \u{00b7} {} are not shown", left + 1, right + 1)
        }
        _ => "needs two channels".to_owned(),
    }
}

fn draw(painter: &egui::Painter, body: egui::Rect, measured: &Measured, memory: &mut Memory) {
    let (report, settings) = (measured.report, &measured.plan.settings);
    let rate = f64::from(settings.sample_rate);
    // Bars beside the picture where it would be too small above them.
    let foot = 46.0;
    let above = (body.height() - foot).min(body.width() - 30.0);
    let beside = body.height().min(body.width() * 0.5);
    let (side, beside) = if beside > above {
        (beside, true)
    } else {
        (above.max(40.0), false)
    };
    let x = if beside {
        body.left() + side / 2.0
    } else {
        body.center().x
    };
    let y = if beside {
        body.center().y
    } else {
        body.top() + side / 2.0
    };
    let middle = egui::pos2(x, y);
    let radius = side / 2.0;
    cross(painter, middle, radius);
    let Some(pair) = &report.pair else { return };
    let Some(gain) = memory.downcast_mut::<Gain>() else {
        return;
    };
    if gain.end_frame != report.end_frame {
        let secs = report.end_frame.saturating_sub(gain.end_frame) as f64 / rate;
        let kept = (-secs / RELAX_SECS).exp() as f32;
        let widest = pair
            .points
            .iter()
            .map(|[x, y]| x.hypot(*y))
            .fold(0.0, f32::max);
        gain.radius = (gain.radius * kept + widest * (1.0 - kept)).max(widest);
        gain.end_frame = report.end_frame;
    }
    // Full scale on both channels reaches the square root of 2.
    let scale = (0.92 / gain.radius.max(1e-6)).min(MAX_GAIN) * radius;
    let mut mesh = egui::Mesh::default();
    let count = pair.points.len().max(1) as f32;
    for (index, [x, y]) in pair.points.iter().enumerate() {
        let age = 1.0 - (index as f32 + 1.0) / count;
        let fresh = (1.0 - age).powf(1.6);
        let at = middle + egui::vec2(x * scale, -y * scale);
        let glow = egui::Color32::from_rgba_unmultiplied(70, 220, 200, (10.0 + 26.0 * fresh) as u8);
        let core =
            egui::Color32::from_rgba_unmultiplied(196, 255, 240, (36.0 + 200.0 * fresh) as u8);
        dot(&mut mesh, at, 2.6, glow);
        dot(&mut mesh, at, 0.9, core);
    }
    painter.add(mesh);
    let left = if beside {
        body.left() + side + 14.0
    } else {
        body.left()
    };
    let bar =
        |top: f32| egui::Rect::from_x_y_ranges(left + 18.0..=body.right() - 18.0, top..=top + 5.0);
    let (upper, lower) = if beside {
        (y - side * 0.26, y + side * 0.24)
    } else {
        (body.top() + side + 10.0, body.bottom() - 6.0)
    };
    correlation_bar(painter, bar(upper), pair.correlation);
    balance_bar(painter, bar(lower), pair.balance_db);
}

fn cross(painter: &egui::Painter, middle: egui::Pos2, radius: f32) {
    let faint = egui::Stroke::new(1.0, QUIET.gamma_multiply(0.22));
    let corner = |x: f32, y: f32| middle + egui::vec2(x * radius, y * radius);
    let corners = [
        corner(0.0, -1.0),
        corner(1.0, 0.0),
        corner(0.0, 1.0),
        corner(-1.0, 0.0),
    ];
    painter.add(egui::Shape::closed_line(corners.to_vec(), faint));
    for (a, b) in [(0, 2), (1, 3)] {
        painter.line_segment([corners[a], corners[b]], faint);
    }
    let fainter = egui::Stroke::new(1.0, QUIET.gamma_multiply(0.13));
    painter.line_segment([corner(-0.5, -0.5), corner(0.5, 0.5)], fainter);
    painter.line_segment([corner(0.5, -0.5), corner(-0.5, 0.5)], fainter);
    for (x, name) in [(-0.62, "L"), (0.62, "R")] {
        let at = corner(x, -0.62);
        painter.text(at, egui::Align2::CENTER_CENTER, name, font(11.5), QUIET);
    }
}

fn dot(mesh: &mut egui::Mesh, at: egui::Pos2, size: f32, colour: egui::Color32) {
    quad(
        mesh,
        egui::Rect::from_center_size(at, egui::vec2(2.0 * size, 2.0 * size)),
        colour,
        colour,
    );
}

fn trough(painter: &egui::Painter, bar: egui::Rect, names: [&str; 2]) {
    let colour = egui::Color32::from_rgba_unmultiplied(150, 175, 215, 22);
    painter.rect_filled(bar, 2.0, colour);
    painter.vline(
        bar.center().x,
        bar.top() - 2.0..=bar.bottom() + 2.0,
        egui::Stroke::new(1.0, QUIET.gamma_multiply(0.5)),
    );
    let at = egui::pos2(bar.left() - 5.0, bar.center().y);
    painter.text(at, egui::Align2::RIGHT_CENTER, names[0], font(11.0), QUIET);
    let at = egui::pos2(bar.right() + 4.0, bar.center().y);
    painter.text(at, egui::Align2::LEFT_CENTER, names[1], font(11.0), QUIET);
}

fn needle(painter: &egui::Painter, bar: egui::Rect, share: f32, colour: egui::Color32) {
    let x = bar.center().x + share.clamp(-1.0, 1.0) * bar.width() / 2.0;
    let from =
        egui::Rect::from_x_y_ranges(bar.center().x.min(x)..=bar.center().x.max(x), bar.y_range());
    painter.rect_filled(from, 0.0, colour.gamma_multiply(0.45));
    let needle = egui::Rect::from_center_size(egui::pos2(x, bar.center().y), egui::vec2(4.0, 11.0));
    painter.rect_filled(needle, 2.0, colour);
}

fn correlation_bar(painter: &egui::Painter, bar: egui::Rect, correlation: Option<f32>) {
    trough(painter, bar, ["\u{2212}1", "+1"]);
    let Some(r) = correlation else {
        return;
    };
    // What rounds to nothing has no sign.
    let r = (r * 100.0).round() / 100.0 + 0.0;
    let colour = if r < 0.0 {
        egui::Color32::from_rgb(255, 104, 84)
    } else {
        egui::Color32::from_rgb(96, 220, 178)
    };
    needle(painter, bar, r, colour);
    let at = egui::pos2(bar.center().x, bar.bottom() + 4.0);
    let words = signed(&format!("correlation {r:+.2}"));
    painter.text(at, egui::Align2::CENTER_TOP, words, font(11.0), CLEAR);
}

fn balance_bar(painter: &egui::Painter, bar: egui::Rect, balance_db: Option<f32>) {
    trough(painter, bar, ["L", "R"]);
    if let Some(db) = balance_db {
        let colour = egui::Color32::from_rgb(140, 184, 250);
        needle(painter, bar, db / WIDEST_DB, colour);
    }
}
