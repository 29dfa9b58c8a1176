//! What is playing, and what is wrong: a title, and one clear line where it matters.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_systems::{
    analysis::{AnalysisOf, AnalysisProgress, PlanRefusal, Quality},
    annotate::clock,
    diagnostics::RunStats,
    stream::{Stream, StreamStatus},
    view::{Follow, View},
};

use super::{CLEAR, LabelPainter, QUIET, ShownView, ShownViewItem, painter, text};

/// What is not as it should be.
const WARM: egui::Color32 = egui::Color32::from_rgb(255, 214, 153);

/// Seconds that a message stays about something that is over.
const EVENT_SECS: f64 = 6.0;

/// A value that counts events, and when it was last seen to change. Starts as if nothing had been.
#[derive(Default)]
struct Event<T> {
    seen: T,
    since_secs: f64,
}

impl<T: Default + PartialEq> Event<T> {
    /// True for a while after the value changed.
    fn is_news(&mut self, value: T, now_secs: f64) -> bool {
        if self.seen != value {
            *self = Self {
                seen: value,
                since_secs: now_secs,
            };
        }
        self.seen != T::default() && now_secs - self.since_secs < EVENT_SECS
    }
}

/// What happened last to an analysis: its last lap, its failed jobs.
#[derive(Default)]
pub(crate) struct Events {
    lap: Event<Option<(u64, u64)>>,
    panics: Event<u64>,
    graphics: Event<u64>,
    refusals: Event<u64>,
}

pub(crate) fn show_messages(
    mut context: LabelPainter,
    views: Query<ShownView>,
    all: Query<(), With<View>>,
    analyses: Query<(&AnalysisOf, &AnalysisProgress, &Quality, &PlanRefusal)>,
    streams: Query<(Option<&Stream>, &StreamStatus)>,
    stats: Res<RunStats>,
    time: Res<Time>,
    mut events: Local<HashMap<Entity, Events>>,
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
    events.retain(|analysis, _| analyses.contains(*analysis));
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
        let events = events.entry(view.of.0).or_default();
        let rate = stream.history.format().sample_rate;
        let happened = happened(progress, &stats, status, rate, events, now);
        say(&painter, &view, stream, status, quality, refusal, &happened);
    }
}

/// What happened to an analysis and its picture a moment ago, a line each.
fn happened(
    progress: &AnalysisProgress,
    stats: &RunStats,
    status: &StreamStatus,
    rate: u32,
    events: &mut Events,
    now_secs: f64,
) -> Vec<String> {
    let mut lines = Vec::new();
    if events.lap.is_news(progress.last_lap, now_secs)
        && let Some((start, frames)) = progress.last_lap
    {
        let secs = |frames: u64| frames as f64 / f64::from(rate);
        lines.push(format!(
            "Data loss detected (buffer overrun): {:.2} s at {:.2} s",
            secs(frames),
            secs(start)
        ));
    }
    if events.panics.is_news(progress.panics, now_secs) {
        lines.push(format!(
            "Error in the analysis; its columns are missing ({}): {}",
            progress.panics,
            progress.last_panic.as_deref().unwrap_or("no message")
        ));
    }
    if events.graphics.is_news(stats.graphics_losses, now_secs) {
        lines.push("The graphics device was lost; the picture was made again".to_owned());
    }
    // Gone with a source that arrived; what is shown in its place is not wrong.
    if events.refusals.is_news(status.refusals, now_secs) {
        lines.extend(status.refused.clone());
    }
    lines
}

fn say(
    painter: &egui::Painter,
    view: &ShownViewItem,
    stream: &Stream,
    status: &StreamStatus,
    quality: &Quality,
    refusal: &PlanRefusal,
    happened: &[String],
) {
    let scene = view.scene();
    let middle = scene.center();
    let corner = scene.min;
    let format = stream.history.format();
    let name = text(
        painter,
        corner + egui::vec2(20.0, 16.0),
        egui::Align2::LEFT_TOP,
        &stream.name,
        18.0,
        CLEAR,
    );
    let rate = match f64::from(format.sample_rate) {
        hertz if hertz < 1e6 => format!("{} kHz", hertz / 1e3),
        hertz => format!("{} MHz", hertz / 1e6),
    };
    // What was never written by anybody has no end that is news.
    let is_news = stream.history.writer_state().is_some();
    let ended = if status.ended && !status.held && is_news {
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
        // Of a recording, the part of it that is seen.
        Follow::Frozen { frame } if !is_news => {
            let (end, span, length) = (
                moment(frame),
                view.settings.span_secs,
                format.capacity_secs(),
            );
            let step = 10_f64.powf((span / 100.0).log10().floor());
            let [start, end, length] =
                [(end - span).max(0.0), end, length].map(|secs| clock(secs, step, length));
            format!(" \u{00b7} {start} \u{2013} {end} of {length}")
        }
        Follow::Frozen { frame } => format!(" \u{00b7} frozen at {:.2} s", moment(frame)),
        Follow::Playing { frame, speed } => {
            format!(" \u{00b7} {:.2} s, \u{00d7}{speed}", moment(frame))
        }
    };
    let facts = format!(
        "{} ch \u{00b7} {rate}{analysis}{ended}{edge}",
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
    let mut title = name.union(line);
    if quality.reduced() {
        let words = format!("reduced to keep up: {}", quality.name());
        let at = line.right_top() + egui::vec2(12.0, 0.0);
        title = title.union(text(
            painter,
            at,
            egui::Align2::LEFT_TOP,
            &words,
            12.5,
            WARM,
        ));
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

    let mut top = egui::pos2(middle.x, corner.y + 18.0);
    let words = happened.iter().chain(&status.trouble);
    for words in words.chain(&refusal.0) {
        let width = (scene.width() - 40.0).max(80.0);
        let plate = warn(painter, top, width, title, words);
        top.y = plate.bottom() + 8.0;
    }
}

/// Words on a plate, centred below a point and beside or below the title.
fn warn(
    painter: &egui::Painter,
    top: egui::Pos2,
    width: f32,
    title: egui::Rect,
    words: &str,
) -> egui::Rect {
    let inset = egui::vec2(12.0, 6.0);
    let words = words.to_owned();
    let layout = painter.layout(words, super::font(15.0), WARM, width - 2.0 * inset.x);
    let size = layout.size() + 2.0 * inset;
    let mut plate = egui::Rect::from_min_size(top - egui::vec2(size.x / 2.0, 0.0), size);
    if plate.intersects(title.expand(4.0)) {
        plate = plate.translate(egui::vec2(0.0, title.bottom() + 8.0 - plate.top()));
    }
    painter.rect_filled(
        plate,
        8.0,
        egui::Color32::from_rgba_unmultiplied(58, 34, 8, 235),
    );
    painter.galley(plate.min + inset, layout, WARM);
    plate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_for_a_while() {
        let mut events = Events::default();
        let mut progress = AnalysisProgress::default();
        let mut stats = RunStats::default();
        let status = StreamStatus::default();
        let mut told = |progress: &AnalysisProgress, now| {
            stats.graphics_losses = u64::from(now > 20.0);
            happened(progress, &stats, &status, 100, &mut events, now)
        };
        assert!(told(&progress, 1.0).is_empty());
        progress.lapped(250, 50);
        let lap = "Data loss detected (buffer overrun): 0.50 s at 2.50 s";
        assert_eq!(told(&progress, 2.0), [lap]);
        progress.panics = 3;
        progress.last_panic = Some("out of range".into());
        let lines = told(&progress, 4.0);
        assert_eq!((lines.len(), lines[0].as_str()), (2, lap));
        assert!(lines[1].contains("(3): out of range"), "{}", lines[1]);
        assert_eq!(told(&progress, 9.0).len(), 1, "the lap is old");
        assert!(told(&progress, 11.0).is_empty());
        progress.panics = 4;
        assert_eq!(told(&progress, 12.0).len(), 1);
        let lines = told(&progress, 21.0);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("graphics device"), "{lines:?}");
    }

    #[test]
    fn a_refused_source_is_told_for_a_while_and_again() {
        let mut events = Events::default();
        let mut status = StreamStatus::default();
        let mut told = |status: &StreamStatus, now| {
            let progress = AnalysisProgress::default();
            happened(
                &progress,
                &RunStats::default(),
                status,
                100,
                &mut events,
                now,
            )
        };
        status.refused = Some("not allowed".into());
        status.refusals = 1;
        assert_eq!(told(&status, 1.0), ["not allowed"]);
        assert!(told(&status, 8.0).is_empty(), "it is over");
        status.refusals = 2;
        assert_eq!(told(&status, 9.0), ["not allowed"]);
        status.refused = None;
        assert!(told(&status, 10.0).is_empty(), "another source arrived");
    }
}
