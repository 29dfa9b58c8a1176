//! Labels of the lanes: channel numbers at the left, the time axis at the foot.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::annotate::time_ticks;

use super::{CLEAR, LabelPainter, QUIET, ShownView, ShownViewItem, painter, text};

pub(super) fn label_lanes(mut context: LabelPainter, views: Query<ShownView>) {
    let Some(painter) = painter(&mut context) else {
        return;
    };
    for view in &views {
        if view.area.points > 0.0 && !view.lanes.channels().is_empty() {
            label(&painter, &view);
        }
    }
}

fn label(painter: &egui::Painter, view: &ShownViewItem) {
    let channels = view.lanes.channels();
    let (min, max) = (
        view.point(view.area.lanes.min),
        view.point(view.area.lanes.max),
    );
    let lane_height = (max.y - min.y) / channels.len() as f32;
    // Every lane has a number where there is room, otherwise every second, fourth …
    let mut step = 1;
    while lane_height * (step as f32) < 13.0 {
        step *= 2;
    }
    for (lane, channel) in channels.iter().enumerate().step_by(step) {
        let middle = min.y + lane_height * (lane as f32 + 0.5);
        text(
            painter,
            egui::pos2(min.x - 10.0, middle),
            egui::Align2::RIGHT_CENTER,
            &format!("{}", channel + 1),
            12.0,
            QUIET,
        );
    }
    if lane_height > 64.0 {
        for lane in 0..channels.len() {
            let middle = min.y + lane_height * (lane as f32 + 0.5);
            for (at, words) in [(0.5 / 1.05, "+1"), (-0.5 / 1.05, "\u{2212}1")] {
                text(
                    painter,
                    egui::pos2(min.x - 10.0, middle - at * lane_height * 0.9),
                    egui::Align2::RIGHT_CENTER,
                    words,
                    10.5,
                    QUIET,
                );
            }
        }
    }
    let most = ((max.x - min.x) / 90.0) as usize;
    for tick in time_ticks(
        view.settings.span_secs,
        view.state.edge_secs,
        most.clamp(2, 12),
    ) {
        let x = max.x - tick.at as f32 * (max.x - min.x);
        painter.line_segment(
            [egui::pos2(x, max.y), egui::pos2(x, max.y + 4.0)],
            egui::Stroke::new(1.0, QUIET),
        );
        // Labels at the ends stay over the lane.
        let align = match tick.at {
            at if at < 0.03 => egui::Align2::RIGHT_TOP,
            at if at > 0.97 => egui::Align2::LEFT_TOP,
            _ => egui::Align2::CENTER_TOP,
        };
        let colour = if tick.major { CLEAR } else { QUIET };
        text(
            painter,
            egui::pos2(x, max.y + 5.0),
            align,
            &tick.label,
            12.0,
            colour,
        );
    }
}
