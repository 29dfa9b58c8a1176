//! The strip of instruments at the right of the scene: which plates there are, and how high.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_dsp::instruments::Instrument;
use soundfall_systems::instruments::{InstrumentChoice, InstrumentReadings};

use super::{coherence, loudness, meters, scope};
use crate::annotate::{CLEAR, LabelPainter, QUIET, ShownView, ShownViewItem, font, painter};

/// Between plates, and inside them at the edges.
const GAP: f32 = 10.0;
const INSET: f32 = 10.0;
/// Height of a plate's heading.
const HEADING: f32 = 19.0;

/// What a plate needs, in points: at least, and at its best.
struct Need {
    one: Instrument,
    least: f32,
    best: f32,
}

/// What instruments remember from frame to frame.
#[derive(Default)]
pub(crate) struct Memory {
    scope: scope::Gain,
    coherence: coherence::Picture,
}

pub(crate) fn draw_strip(
    mut context: LabelPainter,
    views: Query<(Entity, ShownView, &InstrumentChoice, &InstrumentReadings)>,
    mut memories: Local<HashMap<Entity, Memory>>,
) {
    memories.retain(|view, _| views.contains(*view));
    let Some(painter) = painter(&mut context) else {
        return;
    };
    for (entity, view, choice, readings) in &views {
        if !view.area.strip.is_empty() && view.area.points > 0.0 {
            let memory = memories.entry(entity).or_default();
            strip(&painter, &view, choice, readings, memory);
        }
    }
}

fn strip(
    painter: &egui::Painter,
    view: &ShownViewItem,
    choice: &InstrumentChoice,
    readings: &InstrumentReadings,
    memory: &mut Memory,
) {
    let area = egui::Rect::from_min_max(
        view.point(view.area.strip.min),
        view.point(view.area.strip.max),
    );
    let area = area.shrink2(egui::vec2(0.0, 14.0));
    let area = egui::Rect::from_min_max(area.min, area.max - egui::vec2(14.0, 0.0));
    if let Some(words) = &readings.refusal {
        let colour = egui::Color32::from_rgb(255, 214, 153);
        let galley = painter.layout(
            words.clone(),
            font(12.5),
            colour,
            area.width() - 2.0 * INSET,
        );
        let size = galley.size() + egui::vec2(2.0 * INSET, 2.0 * INSET);
        plate(painter, egui::Rect::from_min_size(area.min, size));
        painter.galley(area.min + egui::vec2(INSET, INSET), galley, colour);
        return;
    }
    let Some((plan, report)) = readings.newest() else {
        return;
    };
    let needs = needs(choice, plan.channels.len());
    let mut top = area.top();
    let heights = heights(&needs, area.height());
    let left_out: Vec<&str> = needs[heights.len()..]
        .iter()
        .map(|need| need.one.name())
        .collect();
    for (one, height) in heights {
        let rect = egui::Rect::from_min_size(
            egui::pos2(area.left(), top),
            egui::vec2(area.width(), height),
        );
        top = rect.bottom() + GAP;
        plate(painter, rect);
        let inner = rect.shrink(INSET);
        let body = egui::Rect::from_min_max(inner.min + egui::vec2(0.0, HEADING), inner.max);
        let heading = |title: &str, aside: &str| {
            let at = inner.left_top() - egui::vec2(0.0, 3.0);
            painter.text(at, egui::Align2::LEFT_TOP, title, font(13.0), CLEAR);
            let at = inner.right_top() - egui::vec2(0.0, 2.0);
            painter.text(at, egui::Align2::RIGHT_TOP, aside, font(11.5), QUIET);
        };
        match one {
            Instrument::Meters => {
                heading("Level", "dBFS");
                meters::draw(painter, body, report, &plan.channels);
            }
            Instrument::Loudness => {
                heading("Loudness", &loudness::aside(report, &plan.settings));
                loudness::draw(painter, body, report);
            }
            Instrument::Stereo => {
                let aside = scope::aside(choice, plan);
                heading("Stereo", &aside);
                let rate = f64::from(plan.settings.sample_rate);
                scope::draw(painter, body, report, rate, &mut memory.scope);
            }
            Instrument::Coherence => {
                heading("Coherence", &coherence::aside(plan, report));
                coherence::draw(
                    painter,
                    body,
                    plan,
                    report,
                    view.settings.colormap,
                    &mut memory.coherence,
                );
            }
            _ => {}
        }
    }
    if !left_out.is_empty() {
        let words = format!("no room for {}", left_out.join(", "));
        let at = egui::pos2(area.left() + INSET, top - GAP + 3.0);
        painter.text(at, egui::Align2::LEFT_TOP, words, font(10.5), QUIET);
    }
}

/// What of it stands in the strip.
fn needs(choice: &InstrumentChoice, channels: usize) -> Vec<Need> {
    let rows = (channels as f32 * 9.0).clamp(18.0, 130.0);
    let all = [
        (Instrument::Meters, 104.0, 230.0),
        (Instrument::Loudness, 100.0, 138.0),
        (Instrument::Stereo, 128.0, 288.0),
        (Instrument::Coherence, 74.0, 60.0 + rows),
    ];
    all.into_iter()
        .filter(|(one, ..)| choice.shown.has(*one))
        .map(|(one, least, best)| Need { one, least, best })
        .collect()
}

/// The height of each: the best where there is room, less where there is not; the last ones are
/// left out where not even the least fits.
fn heights(needs: &[Need], room: f32) -> Vec<(Instrument, f32)> {
    let sum = |count: usize, of: &dyn Fn(&Need) -> f32| {
        needs[..count]
            .iter()
            .map(|need| of(need) + GAP)
            .sum::<f32>()
            - GAP
    };
    let count = (1..=needs.len())
        .rev()
        .find(|count| sum(*count, &|need| need.least) <= room)
        .unwrap_or(0);
    let (least, best) = (
        sum(count, &|need| need.least),
        sum(count, &|need| need.best.max(need.least)),
    );
    let share = if best > least {
        ((room - least) / (best - least)).clamp(0.0, 1.0)
    } else {
        1.0
    };
    needs[..count]
        .iter()
        .map(|need| {
            let more = (need.best - need.least).max(0.0) * share;
            (need.one, need.least + more)
        })
        .collect()
}

fn plate(painter: &egui::Painter, rect: egui::Rect) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use soundfall_dsp::instruments::InstrumentSet;

    #[test]
    fn plates_share_the_room_there_is() {
        let choice = InstrumentChoice {
            shown: InstrumentSet::ALL,
            ..InstrumentChoice::default()
        };
        for channels in [1, 2, 8, 64] {
            let needs = needs(&choice, channels);
            for room in [0.0, 100.0, 300.0, 440.0, 600.0, 900.0] {
                let heights = heights(&needs, room);
                let used: f32 = heights.iter().map(|(_, height)| height + GAP).sum();
                assert!(
                    used - GAP <= room + 0.1 || heights.is_empty(),
                    "{channels} {room}"
                );
            }
            assert_eq!(heights(&needs, 440.0).len(), 4, "720p has as much");
        }
    }
}
