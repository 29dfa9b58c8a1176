//! What is playing, and what is wrong: a title, and one clear line where it matters.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::{
    analysis::{AnalysisOf, AnalysisProgress, PlanRefusal, Quality},
    stream::{Stream, StreamStatus},
    view::{Follow, View},
};

use super::{CLEAR, LabelPainter, QUIET, ShownView, ShownViewItem, painter, text};

/// What is not as it should be.
const WARM: egui::Color32 = egui::Color32::from_rgb(255, 214, 153);

/// Seconds a message about a loss stays.
const LOSS_SECS: f64 = 6.0;

/// The last loss of every analysis that was shown: its first frame, and when it was seen.
type Losses = HashMap<Entity, (u64, f64)>;

pub(crate) fn show_messages(
    mut context: LabelPainter,
    views: Query<ShownView>,
    all: Query<(), With<View>>,
    analyses: Query<(&AnalysisOf, &AnalysisProgress, &Quality, &PlanRefusal)>,
    streams: Query<(Option<&Stream>, &StreamStatus)>,
    time: Res<Time>,
    mut losses: Local<Losses>,
) {
    let Some(painter) = painter(&mut context) else {
        return;
    };
    if all.is_empty() {
        let middle = painter.clip_rect().center();
        text(
            &painter,
            middle,
            egui::Align2::CENTER_CENTER,
            "No source",
            20.0,
            QUIET,
        );
    }
    losses.retain(|analysis, _| analyses.contains(*analysis));
    for view in &views {
        if view.area.points <= 0.0 {
            continue;
        }
        let analysis = analyses.get(view.of.0);
        let stream = analysis.and_then(|(of, ..)| streams.get(of.0));
        let (Ok((_, progress, quality, refusal)), Ok((Some(stream), status))) = (analysis, stream)
        else {
            let middle = view.scene().center();
            text(
                &painter,
                middle,
                egui::Align2::CENTER_CENTER,
                "No source",
                20.0,
                QUIET,
            );
            continue;
        };
        let now = time.elapsed_secs_f64();
        if let Some((start, _)) = progress.last_lap
            && losses
                .get(&view.of.0)
                .is_none_or(|(seen, _)| *seen != start)
        {
            losses.insert(view.of.0, (start, now));
        }
        let lost_at = losses.get(&view.of.0).map(|(_, since)| now - since);
        let loss = progress
            .last_lap
            .filter(|_| lost_at.is_some_and(|passed| passed < LOSS_SECS));
        say(&painter, &view, stream, status, quality, refusal, loss);
    }
}

fn say(
    painter: &egui::Painter,
    view: &ShownViewItem,
    stream: &Stream,
    status: &StreamStatus,
    quality: &Quality,
    refusal: &PlanRefusal,
    loss: Option<(u64, u64)>,
) {
    let scene = view.scene();
    let middle = scene.center();
    let corner = scene.min;
    let format = stream.history.format();
    text(
        painter,
        corner + egui::vec2(20.0, 16.0),
        egui::Align2::LEFT_TOP,
        &stream.name,
        18.0,
        CLEAR,
    );
    let rate = f64::from(format.sample_rate) / 1000.0;
    let ended = if status.ended && !status.held {
        " \u{00b7} ended"
    } else {
        ""
    };
    // The analysis in use: the hop of a short window is shorter than what was asked for.
    let analysis = view.state.plan.as_ref().map_or(String::new(), |plan| {
        let stft = plan.stft();
        format!(
            " \u{00b7} {} {} / {}",
            stft.window, stft.window_size, stft.hop_frames
        )
    });
    let moment = |frame: f64| frame / f64::from(format.sample_rate);
    let edge = match view.window.follow {
        Follow::Live { offset_secs } if offset_secs <= 0.0 => String::new(),
        Follow::Live { offset_secs } => format!(" \u{00b7} {offset_secs:.1} s behind"),
        Follow::Frozen { frame } => format!(" \u{00b7} frozen at {:.2} s", moment(frame)),
        Follow::Playing { frame, speed } => {
            format!(" \u{00b7} {:.2} s, \u{00d7}{speed}", moment(frame))
        }
    };
    let facts = format!(
        "{} ch \u{00b7} {rate} kHz{analysis}{ended}{edge}",
        format.channels
    );
    let line = text(
        painter,
        corner + egui::vec2(20.0, 40.0),
        egui::Align2::LEFT_TOP,
        &facts,
        12.5,
        QUIET,
    );
    if quality.reduced() {
        let words = format!("reduced to keep up: {}", quality.name());
        let at = line.right_top() + egui::vec2(12.0, 0.0);
        text(painter, at, egui::Align2::LEFT_TOP, &words, 12.5, WARM);
    }
    if !view.state.visible && refusal.0.is_none() {
        text(
            painter,
            middle,
            egui::Align2::CENTER_CENTER,
            "Waiting for sound \u{2026}",
            20.0,
            QUIET,
        );
    }

    let mut y = corner.y + 18.0;
    if let Some((start, frames)) = loss {
        let rate = f64::from(format.sample_rate);
        let words = format!(
            "Data loss detected (buffer overrun): {:.2} s at {:.2} s",
            frames as f64 / rate,
            start as f64 / rate
        );
        y = warn(painter, middle.x, y, &words);
    }
    for words in status
        .trouble
        .iter()
        .chain(&status.refused)
        .chain(&refusal.0)
    {
        y = warn(painter, middle.x, y, words);
    }
}

/// One line on a plate; returns where the next one goes.
fn warn(painter: &egui::Painter, x: f32, y: f32, words: &str) -> f32 {
    let layout = painter.layout_no_wrap(words.to_owned(), super::font(15.0), WARM);
    let size = layout.size() + egui::vec2(24.0, 12.0);
    let plate = egui::Rect::from_min_size(egui::pos2(x - size.x / 2.0, y), size);
    painter.rect_filled(
        plate,
        8.0,
        egui::Color32::from_rgba_unmultiplied(58, 34, 8, 235),
    );
    painter.galley(plate.min + egui::vec2(12.0, 6.0), layout, WARM);
    plate.bottom() + 8.0
}
