//! The strip of instruments at the right of the scene: which plates there are, and how high.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_dsp::instruments::Instrument;
use soundfall_systems::instruments::{InstrumentChoice, InstrumentReadings};

use super::plate::{Measured, Memory, Plate, ground};
use super::{coherence, loudness, meters, scope};
use crate::annotate::{CLEAR, LabelPainter, QUIET, ShownView, ShownViewItem, font, painter};

/// Between plates, and inside them at the edges.
const GAP: f32 = 10.0;
const INSET: f32 = 10.0;
/// Height of a plate's heading.
const HEADING: f32 = 19.0;

/// The instruments of the strip, from top to bottom.
const PLATES: &[Plate] = &[
    meters::PLATE,
    loudness::PLATE,
    scope::PLATE,
    coherence::PLATE,
];

/// Whether anything stands in the strip.
pub(crate) fn wants_strip(choice: &InstrumentChoice) -> bool {
    PLATES.iter().any(|plate| choice.shown.has(plate.of))
}

/// What the instruments of a view remember.
type Memories = HashMap<Instrument, Memory>;

pub(crate) fn draw_strip(
    mut context: LabelPainter,
    views: Query<(Entity, ShownView, &InstrumentChoice, &InstrumentReadings)>,
    mut memories: Local<HashMap<Entity, Memories>>,
) {
    memories.retain(|view, _| views.contains(*view));
    let Some(painter) = painter(&mut context) else {
        return;
    };
    for (entity, view, choice, readings) in &views {
        if !view.area.strip.is_empty() && view.area.points > 0.0 {
            let memories = memories.entry(entity).or_default();
            strip(&painter, &view, choice, readings, memories);
        }
    }
}

fn strip(
    painter: &egui::Painter,
    view: &ShownViewItem,
    choice: &InstrumentChoice,
    readings: &InstrumentReadings,
    memories: &mut Memories,
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
        ground(painter, egui::Rect::from_min_size(area.min, size));
        painter.galley(area.min + egui::vec2(INSET, INSET), galley, colour);
        return;
    }
    let Some((plan, report)) = readings.newest() else {
        return;
    };
    let channels = plan.channels.len();
    let shown: Vec<&Plate> = PLATES
        .iter()
        .filter(|plate| choice.shown.has(plate.of))
        .collect();
    let heights = heights(&shown, channels, area.height());
    let left_out: Vec<&str> = shown[heights.len()..]
        .iter()
        .map(|plate| plate.of.name())
        .collect();
    let measured = Measured {
        choice,
        plan,
        report,
        colormap: view.settings.colormap,
    };
    let mut top = area.top();
    for (plate, height) in shown.into_iter().zip(heights) {
        let rect = egui::Rect::from_min_size(
            egui::pos2(area.left(), top),
            egui::vec2(area.width(), height),
        );
        top = rect.bottom() + GAP;
        ground(painter, rect);
        let inner = rect.shrink(INSET);
        let body = egui::Rect::from_min_max(inner.min + egui::vec2(0.0, HEADING), inner.max);
        let at = inner.left_top() - egui::vec2(0.0, 3.0);
        painter.text(at, egui::Align2::LEFT_TOP, plate.title, font(13.0), CLEAR);
        let at = inner.right_top() - egui::vec2(0.0, 2.0);
        let aside = (plate.aside)(&measured);
        painter.text(at, egui::Align2::RIGHT_TOP, aside, font(11.5), QUIET);
        let memory = memories.entry(plate.of).or_insert_with(plate.memory);
        (plate.draw)(painter, body, &measured, memory);
    }
    if !left_out.is_empty() {
        let words = format!("no room for {}", left_out.join(", "));
        let at = egui::pos2(area.left() + INSET, top - GAP + 3.0);
        painter.text(at, egui::Align2::LEFT_TOP, words, font(10.5), QUIET);
    }
}

/// The height of each in points: the best where there is room, less where there is not; the last ones
/// are left out where not even the least fits.
fn heights(plates: &[&Plate], channels: usize, room: f32) -> Vec<f32> {
    let best = |plate: &Plate| (plate.best)(channels).max(plate.least);
    let sum = |count: usize, of: &dyn Fn(&Plate) -> f32| {
        let heights = plates[..count].iter().map(|plate| of(plate) + GAP);
        heights.sum::<f32>() - GAP
    };
    let count = (1..=plates.len())
        .rev()
        .find(|count| sum(*count, &|plate| plate.least) <= room)
        .unwrap_or(0);
    let (least, most) = (sum(count, &|plate| plate.least), sum(count, &best));
    let share = if most > least {
        ((room - least) / (most - least)).clamp(0.0, 1.0)
    } else {
        1.0
    };
    plates[..count]
        .iter()
        .map(|plate| plate.least + (best(plate) - plate.least) * share)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_share_the_room_there_is() {
        let all: Vec<&Plate> = PLATES.iter().collect();
        for channels in [1, 2, 8, 64] {
            for room in [0.0, 100.0, 300.0, 440.0, 600.0, 900.0] {
                let heights = heights(&all, channels, room);
                let used: f32 = heights.iter().map(|height| height + GAP).sum();
                assert!(
                    used - GAP <= room + 0.1 || heights.is_empty(),
                    "{channels} {room}"
                );
            }
            assert_eq!(heights(&all, channels, 440.0).len(), 4, "720p has as much");
        }
    }
}
