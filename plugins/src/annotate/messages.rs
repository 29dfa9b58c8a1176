//! What is playing, and what is wrong: a title, and one clear line where it matters.

use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::{
    stream::{StreamStatus, Source},
    analysis::{PlanRefusal, Quality, AnalysisProgress},
    waterfall::{FieldState, HeightField},
};

use super::{CLEAR, QUIET, WordContext, painter, text};
use soundfall_systems::layout::Layout;

/// What is not as it should be.
const WARM: egui::Color32 = egui::Color32::from_rgb(255, 214, 153);

/// Seconds a message about a loss stays.
const LOSS_SECS: f64 = 6.0;

pub(crate) fn show_messages(
    mut context: WordContext,
    layout: Res<Layout>,
    source: Option<Res<Source>>,
    status: Res<StreamStatus>,
    field: Res<HeightField>,
    progress: Res<AnalysisProgress>,
    quality: Res<Quality>,
    refusal: Res<PlanRefusal>,
    state: Res<FieldState>,
    time: Res<Time>,
    mut loss: Local<Option<(u64, f64)>>,
) {
    let (Some(painter), true) = (painter(&mut context), layout.points > 0.0) else {
        return;
    };
    let middle = egui::pos2(
        layout.scene.width() as f32 / layout.points / 2.0,
        layout.scene.height() as f32 / layout.points / 2.0,
    );
    let Some(source) = source else {
        text(
            &painter,
            middle,
            egui::Align2::CENTER_CENTER,
            "No source",
            20.0,
            QUIET,
        );
        return;
    };
    let format = source.ring.format();
    text(
        &painter,
        egui::pos2(20.0, 16.0),
        egui::Align2::LEFT_TOP,
        &source.name,
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
    let analysis = field.shown_plan().map_or(String::new(), |plan| {
        let stft = plan.stft();
        format!(
            " \u{00b7} {} {} / {}",
            stft.window, stft.window_size, stft.hop_frames
        )
    });
    let facts = format!(
        "{} ch \u{00b7} {rate} kHz{analysis}{ended}",
        format.channels
    );
    let line = text(
        &painter,
        egui::pos2(20.0, 40.0),
        egui::Align2::LEFT_TOP,
        &facts,
        12.5,
        QUIET,
    );
    if quality.reduced() {
        let words = format!("reduced to keep up: {}", quality.name());
        let at = line.right_top() + egui::vec2(12.0, 0.0);
        text(&painter, at, egui::Align2::LEFT_TOP, &words, 12.5, WARM);
    }
    if !state.visible && refusal.0.is_none() {
        text(
            &painter,
            middle,
            egui::Align2::CENTER_CENTER,
            "Waiting for sound \u{2026}",
            20.0,
            QUIET,
        );
    }

    let now = time.elapsed_secs_f64();
    if let Some((start, _)) = progress.last_lap
        && loss.is_none_or(|(seen, _)| seen != start)
    {
        *loss = Some((start, now));
    }
    let mut y = 18.0;
    if let (Some((_, since)), Some((start, frames))) = (*loss, progress.last_lap)
        && now - since < LOSS_SECS
    {
        let rate = f64::from(format.sample_rate);
        let words = format!(
            "Data loss detected (buffer overrun): {:.2} s at {:.2} s",
            frames as f64 / rate,
            start as f64 / rate
        );
        y = warn(&painter, middle.x, y, &words);
    }
    for words in status.trouble.iter().chain(&status.refused).chain(&refusal.0) {
        y = warn(&painter, middle.x, y, words);
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
