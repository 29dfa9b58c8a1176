//! Names of tones over the front edge: frequency, note, cents, level. A label follows its track
//! calmly, and never covers another one.

use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy_egui::egui;
use soundfall_dsp::instruments::{InstrumentReport, TrackReport};
use soundfall_dsp::note::Note;
use soundfall_systems::instruments::{InstrumentChoice, InstrumentReadings};

use crate::{
    annotate::{CLEAR, LabelPainter, ShownView, ShownViewItem, font, painter},
    projection::{Projection, front},
};

/// A tone has to go on for so long before it is named.
const MIN_SECS: f64 = 0.2;
/// A tone that is named stays so until another one is this much louder.
const LOYALTY_DB: f32 = 6.0;
/// Seconds of sound between two changes of a label's words.
const WORDS_SECS: f64 = 0.2;
/// Time constant of a label's movement, in seconds of sound.
const CALM_SECS: f64 = 0.12;
/// Labels of the whole picture, at most.
const MOST: usize = 48;
/// Heights a label can have over its tone, in points.
const RUNGS: [f32; 6] = [14.0, 32.0, 50.0, 68.0, 86.0, 104.0];

/// A tone with a name.
#[derive(Clone)]
struct Named {
    slot: usize,
    id: u64,
    hz: f64,
    dbfs: f32,
    /// Frequency and level in words, and when they were found.
    said: (f64, f32),
    said_frame: u64,
    rung: usize,
}

/// The tones with a name, and the report they are of.
#[derive(Default)]
pub(super) struct Names {
    named: Vec<Named>,
    end_frame: u64,
}

/// How much a label says.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Whole,
    Note,
    Letter,
}

pub(super) fn draw_labels(
    mut context: LabelPainter,
    views: Query<(Entity, ShownView, &InstrumentChoice, &InstrumentReadings)>,
    mut names: Local<HashMap<Entity, Names>>,
    cameras: Query<(&Camera, &GlobalTransform)>,
) {
    names.retain(|view, _| views.contains(*view));
    let Some(painter) = painter(&mut context) else {
        return;
    };
    for (entity, view, choice, readings) in &views {
        let names = names.entry(entity).or_default();
        let newest = readings.newest();
        if newest.is_none() || view.state.plan.is_none() {
            names.named.clear();
        }
        if let Some(project) = view.projection(&cameras)
            && view.window.is_live()
        {
            label(&painter, &view, choice, readings, names, &project);
        }
    }
}

fn label(
    painter: &egui::Painter,
    view: &ShownViewItem,
    choice: &InstrumentChoice,
    readings: &InstrumentReadings,
    names: &mut Names,
    project: &Projection,
) {
    let (Some((plan, report)), Some(axis)) = (readings.newest(), &view.state.axis) else {
        return;
    };
    let same_channels = view
        .state
        .drawn
        .iter()
        .map(|one| one.channel)
        .eq(plan.channels.iter().copied());
    if !same_channels || !view.state.visible {
        return;
    }
    let settings = view.settings;
    let scene = view.scene();
    let painter = painter.with_clip_rect(scene);
    // All labels say as much, so that surfaces can be compared: what the middle one has room for.
    let mut rooms: Vec<f32> = view
        .surfaces
        .places
        .iter()
        .map(|place| project.front_width(place))
        .filter(|width| *width > 0.0)
        .collect();
    rooms.sort_unstable_by(f32::total_cmp);
    let room = rooms.get(rooms.len() / 2).copied().unwrap_or(0.0);
    let Some(form) = form(room) else { return };
    let most = most_labels(form, room);
    names.follow(report, f64::from(plan.settings.sample_rate), |_, tone| {
        let inside = (axis.min_hz()..=axis.max_hz()).contains(&tone.hz);
        if inside && tone.dbfs > settings.db_min {
            most
        } else {
            0
        }
    });
    let mut taken: Vec<egui::Rect> = Vec::new();
    for named in &mut names.named {
        let Some(place) = view.surfaces.places.get(named.slot) else {
            continue;
        };
        let x = axis.position(named.hz) as f32;
        let height = (named.dbfs - settings.db_min) / (settings.db_max - settings.db_min).max(1.0);
        let Some(tip) = project.at(front(place, x, height.clamp(0.0, 1.0))) else {
            continue;
        };
        let words = words(named.said, choice.a4_hz, form);
        let size = if form == Form::Whole { 12.5 } else { 12.0 };
        let galley = painter.layout_no_wrap(words, font(size), CLEAR);
        let plate = galley.size() + egui::vec2(10.0, 3.0);
        // Where it was is tried first.
        let rungs = std::iter::once(named.rung).chain(0..RUNGS.len());
        let found = rungs.into_iter().find_map(|rung| {
            let y = tip.y - RUNGS[rung] - plate.y;
            let left = (tip.x - plate.x / 2.0).clamp(
                scene.left() + 4.0,
                (scene.right() - plate.x - 4.0).max(scene.left() + 4.0),
            );
            let rect = egui::Rect::from_min_size(egui::pos2(left, y), plate);
            let free = y > scene.top() + 4.0
                && taken
                    .iter()
                    .all(|other| !other.expand(2.0).intersects(rect));
            free.then_some((rung, rect))
        });
        mark(&painter, tip);
        let Some((rung, rect)) = found else { continue };
        named.rung = rung;
        taken.push(rect);
        let stem = egui::Stroke::new(1.0, CLEAR.gamma_multiply(0.45));
        painter.line_segment(
            [tip - egui::vec2(0.0, 4.0), egui::pos2(tip.x, rect.bottom())],
            stem,
        );
        painter.rect_filled(
            rect,
            4.0,
            egui::Color32::from_rgba_unmultiplied(8, 12, 22, 200),
        );
        painter.galley(rect.min + egui::vec2(5.0, 1.5), galley, CLEAR);
    }
}

impl Names {
    /// Takes a report in: who keeps a name, who gets one. `room` says how many there may be of a
    /// slot, and none for a tone that cannot be seen.
    fn follow(
        &mut self,
        report: &InstrumentReport,
        rate: f64,
        room: impl Fn(usize, &TrackReport) -> usize,
    ) {
        if self.end_frame == report.end_frame {
            return;
        }
        let secs = (report.end_frame.saturating_sub(self.end_frame)) as f64 / rate;
        let step = 1.0 - (-secs / CALM_SECS).exp();
        if report.end_frame < self.end_frame {
            self.named.clear();
        }
        self.end_frame = report.end_frame;
        let mut next = Vec::new();
        for (slot, channel) in report.channels.iter().enumerate() {
            let old = |id| {
                let same = |named: &&Named| named.slot == slot && named.id == id;
                self.named.iter().find(same)
            };
            let mut tones: Vec<(f32, &TrackReport)> = channel
                .tracks
                .iter()
                .filter(|tone| {
                    let age = report.end_frame.saturating_sub(tone.since_frame) as f64 / rate;
                    age >= MIN_SECS || old(tone.id).is_some()
                })
                .map(|tone| {
                    let loyalty = if old(tone.id).is_some() {
                        LOYALTY_DB
                    } else {
                        0.0
                    };
                    (tone.dbfs + loyalty, tone)
                })
                .collect();
            tones.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut count = 0;
            for (_, tone) in tones {
                if count >= room(slot, tone) || next.len() >= MOST {
                    continue;
                }
                count += 1;
                next.push(match old(tone.id) {
                    Some(named) => named.moved(tone, step, report.end_frame, rate),
                    None => Named {
                        slot,
                        id: tone.id,
                        hz: tone.hz,
                        dbfs: tone.dbfs,
                        said: (tone.hz, tone.dbfs),
                        said_frame: report.end_frame,
                        rung: 0,
                    },
                });
            }
        }
        // The oldest choose their places first, so that a newcomer moves nobody.
        next.sort_by_key(|named| (named.slot, named.id));
        self.named = next;
    }
}

impl Named {
    fn moved(&self, tone: &TrackReport, step: f64, end_frame: u64, rate: f64) -> Self {
        let hz = self.hz + step * (tone.hz - self.hz);
        let dbfs = self.dbfs + step as f32 * (tone.dbfs - self.dbfs);
        let due = end_frame.saturating_sub(self.said_frame) as f64 >= WORDS_SECS * rate;
        Self {
            hz,
            dbfs,
            said: if due { (hz, dbfs) } else { self.said },
            said_frame: if due { end_frame } else { self.said_frame },
            ..*self
        }
    }
}

/// How much a label of a surface this wide (points) can say.
fn form(width: f32) -> Option<Form> {
    match width {
        w if w >= 420.0 => Some(Form::Whole),
        w if w >= 110.0 => Some(Form::Note),
        w if w >= 48.0 => Some(Form::Letter),
        _ => None,
    }
}

fn most_labels(form: Form, width: f32) -> usize {
    match form {
        Form::Whole => (width / 115.0) as usize,
        Form::Note => ((width / 64.0) as usize).min(6),
        Form::Letter => 1,
    }
}

fn words((hz, dbfs): (f64, f32), a4_hz: f64, form: Form) -> String {
    let note = Note::nearest(hz, a4_hz);
    // The font has no sharp.
    let letter = note.map_or(String::new(), |n| {
        format!("{}{}", n.name().replace('\u{266f}', "#"), n.octave())
    });
    let cents = note.map_or(0.0, |note| note.cents.round());
    let tuned = if cents == 0.0 {
        letter.clone()
    } else {
        signed(&format!("{letter} {cents:+.0}\u{00a2}"))
    };
    match form {
        Form::Whole => signed(&format!(
            "{hz:.1} Hz \u{00b7} {tuned} \u{00b7} {dbfs:.1} dB"
        )),
        Form::Note => tuned,
        Form::Letter => letter,
    }
}

/// A real minus in place of a hyphen.
pub(super) fn signed(words: &str) -> String {
    words.replace('-', "\u{2212}")
}

/// A small light on the tone itself.
fn mark(painter: &egui::Painter, tip: egui::Pos2) {
    painter.circle_filled(
        tip,
        4.5,
        egui::Color32::from_rgba_unmultiplied(255, 255, 255, 40),
    );
    painter.circle_filled(tip, 2.0, egui::Color32::WHITE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use soundfall_dsp::instruments::ChannelReport;

    fn report(end_frame: u64, tones: &[(u64, f64, f32)]) -> InstrumentReport {
        let tracks = tones
            .iter()
            .map(|&(id, hz, dbfs)| TrackReport {
                id,
                hz,
                dbfs,
                since_frame: 0,
            })
            .collect();
        InstrumentReport {
            end_frame,
            channels: vec![ChannelReport {
                tracks,
                ..ChannelReport::default()
            }],
            ..InstrumentReport::default()
        }
    }

    #[test]
    fn words_name_the_tone() {
        let tone = (440.3, -12.34);
        assert_eq!(
            words(tone, 440.0, Form::Whole),
            "440.3 Hz \u{00b7} A4 +1\u{00a2} \u{00b7} \u{2212}12.3 dB"
        );
        assert_eq!(words(tone, 442.0, Form::Note), "A4 \u{2212}7\u{00a2}");
        assert_eq!(words(tone, 440.0, Form::Letter), "A4");
    }

    #[test]
    fn a_name_is_kept_until_another_tone_is_clearly_louder() {
        let mut names = Names::default();
        let ids = |names: &Names| names.named.iter().map(|n| n.id).collect::<Vec<_>>();
        names.follow(&report(4_800, &[(1, 440.0, -20.0)]), 48_000.0, |_, _| 1);
        assert!(ids(&names).is_empty(), "too young");
        names.follow(&report(48_000, &[(1, 440.0, -20.0)]), 48_000.0, |_, _| 1);
        assert_eq!(ids(&names), [1]);
        let rival = |level| [(1, 440.0, -20.0), (2, 900.0, level)];
        names.follow(&report(48_800, &rival(-16.0)), 48_000.0, |_, _| 1);
        assert_eq!(ids(&names), [1]);
        names.follow(&report(49_600, &rival(-13.0)), 48_000.0, |_, _| 1);
        assert_eq!(ids(&names), [2]);
    }

    #[test]
    fn words_change_seldom_and_places_calmly() {
        let mut names = Names::default();
        names.follow(&report(48_000, &[(1, 440.0, -20.0)]), 48_000.0, |_, _| 1);
        names.follow(&report(48_800, &[(1, 444.0, -20.0)]), 48_000.0, |_, _| 1);
        let named = &names.named[0];
        assert_eq!(named.said.0, 440.0);
        assert!(named.hz > 440.2 && named.hz < 441.0, "{}", named.hz);
    }
}
